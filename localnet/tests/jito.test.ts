import { describe, expect, it } from '@jest/globals';
import { PublicKey } from '@solana/web3.js';
import { ask, balance, payment, SOL, stillChain, wallet } from './support/localnet.ts';

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const ENCODING = { encoding: 'base64' };

async function auction(options: Parameters<typeof stillChain>[0] = {}) {
  const net = await stillChain(options);
  const from = await wallet(net);
  const [tipAccount = ''] = await ask<string[]>(net.jitoUrl, 'getTipAccounts');
  const tip = payment(net, from, 10_000_000n, new PublicKey(tipAccount));
  const send = (...wires: Uint8Array[]) => ask<string>(net.jitoUrl, 'sendBundle', wires.map(base64), ENCODING);
  const inflight = async (id: string) =>
    (await ask<{ value: { status: string }[] }>(net.jitoUrl, 'getInflightBundleStatuses', [id])).value[0]?.status;
  const before = balance(net, tip.to);
  const tipped = () => balance(net, tip.to) - before;
  return { net, from, tip, tipped, send, inflight };
}

describe('a bundle', () => {
  it('lands whole, once, and its statuses follow', async () => {
    const { net, from, tip, tipped, send, inflight } = await auction();
    const paid = payment(net, from);
    const id = await send(paid.wire, tip.wire);
    expect(await inflight(id)).toBe('Pending');
    expect(await send(paid.wire, tip.wire)).toBe(id);
    await net.advance(3);
    expect([balance(net, paid.to), tipped()]).toEqual([SOL, 10_000_000n]);
    expect(await inflight(id)).toBe('Landed');
    const { value } = await ask<{ value: object[] }>(net.jitoUrl, 'getBundleStatuses', [id]);
    expect(value[0]).toMatchObject({ bundle_id: id, confirmation_status: 'confirmed', err: { Ok: null } });
    expect(await inflight('0'.repeat(64))).toBe('Invalid');
  });

  it('does not land at all when one of it fails', async () => {
    const { net, from, tip, tipped, send, inflight } = await auction();
    const good = payment(net, from);
    const id = await send(tip.wire, good.wire, payment(net, from, 100n * SOL).wire);
    await net.advance(20);
    expect([tipped(), balance(net, good.to), balance(net, from.publicKey)]).toEqual([0n, 0n, 10n * SOL]);
    expect(await inflight(id)).toBe('Failed');
  });

  it('is refused without a tip', async () => {
    const { net, from, send } = await auction();
    await expect(send(payment(net, from).wire)).rejects.toThrow('tip account');
  });

  it('has an id and never lands when the auction is lost', async () => {
    const { net, from, tip, send, inflight } = await auction({ faults: [{ kind: 'drop', node: 'jito' }] });
    const paid = payment(net, from);
    const id = await send(paid.wire, tip.wire);
    await net.advance(160);
    expect(balance(net, paid.to)).toBe(0n);
    expect(await inflight(id)).toBe('Failed');
  });

  it('of one transaction with bundleOnly leaves no fee when it would fail; without, it is like any other', async () => {
    const { net, from, tip, tipped } = await auction();
    const poor = payment(net, from, 100n * SOL);
    const single = `${net.jitoUrl}/api/v1/transactions`;
    await expect(ask(`${single}?bundleOnly=true`, 'sendTransaction', base64(poor.wire), ENCODING)).rejects.toThrow(
      'tip',
    );
    await ask(`${single}?bundleOnly=true`, 'sendTransaction', base64(tip.wire), ENCODING);
    await net.advance(2);
    expect(tipped()).toBe(10_000_000n);
    const plain = payment(net, from);
    await ask(single, 'sendTransaction', base64(plain.wire), ENCODING);
    await net.advance(2);
    expect(balance(net, plain.to)).toBe(SOL);
  });
});
