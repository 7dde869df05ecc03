import { describe, expect, it } from '@jest/globals';
import { ask, connect, payment, stillChain, wallet } from './support/localnet.ts';

describe('blocks', () => {
  it('skip slots by the seed, so that height is not slot, and in every run the same ones', async () => {
    const slots = async (seed: string) => {
      const net = await stillChain({ seed, skipShare: 0.2 });
      await net.advance(200);
      const made = await connect(net).getBlocks(0, undefined, 'finalized');
      expect(net.chain.head.height).toBeLessThan(net.chain.head.slot - 20);
      expect(await connect(net).getBlockHeight()).toBe(net.chain.head.height);
      return made;
    };
    const [first, again, other] = [await slots('a'), await slots('a'), await slots('b')];
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
  });

  it('say why one is not there: skipped, or not yet', async () => {
    const net = await stillChain();
    net.skip(2);
    await net.advance(50);
    const slot = net.chain.head.slot;
    const skipped = slot - 49;
    expect(net.chain.ledger.blockAt(skipped, net.chain.head)).toBeNull();
    await expect(ask(net.rpcUrl, 'getBlock', skipped)).rejects.toThrow(`-32007 Slot ${skipped} was skipped`);
    await expect(ask(net.rpcUrl, 'getBlock', slot + 5)).rejects.toThrow('-32004');
    await expect(ask(net.rpcUrl, 'getBlock', 3, { commitment: 'processed' })).rejects.toThrow('-32602');
  });

  it('hold what landed, and chain by blockhash', async () => {
    const net = await stillChain();
    const connection = connect(net, { commitment: 'confirmed' });
    const from = await wallet(net);
    const { wire, signature, to } = payment(net, from);
    await connection.sendRawTransaction(wire, { preflightCommitment: 'processed' });
    await net.advance(4);
    const landed = await connection.getTransaction(signature, { maxSupportedTransactionVersion: 0 });
    const block = await connection.getBlock(landed?.slot ?? 0, { maxSupportedTransactionVersion: 0 });
    const parent = await connection.getBlock(block?.parentSlot ?? 0, { maxSupportedTransactionVersion: 0 });
    expect(block?.previousBlockhash).toBe(parent?.blockhash);
    expect(block?.transactions.map(({ transaction }) => transaction.signatures[0])).toContain(signature);
    expect(landed?.meta?.fee).toBe(5000);
    expect(landed?.transaction.message.staticAccountKeys.map(String)).toContain(to.toBase58());
    const [newest] = await connection.getSignaturesForAddress(to);
    expect(newest).toMatchObject({ signature, slot: landed?.slot, blockTime: block?.blockTime });
    expect(await connection.getSignaturesForAddress(to, { until: signature })).toEqual([]);
    await expect(ask(net.rpcUrl, 'getTransaction', signature, { commitment: 'confirmed' })).rejects.toThrow('-32015');
  });

  it('give every finalized block a signature that a node can be asked for', async () => {
    const net = await stillChain();
    await net.advance(50);
    const connection = connect(net);
    const slot = await connection.getSlot('finalized');
    const { signatures } = await connection.getBlockSignatures(slot, 'finalized');
    const { value } = await connection.getSignatureStatus(signatures[0] ?? '', { searchTransactionHistory: true });
    expect(value?.slot).toBe(slot);
  });

  it('tell the time: jumps move it, never back, and with the clock of slots it counts them', async () => {
    const net = await stillChain({ clock: 'slots', slotMs: 400 });
    const time = () => net.chain.head.time;
    const start = time();
    await net.advance(100);
    expect(time() - start).toBe(40);
    net.jump({ seconds: 3600 });
    await net.advance(1);
    expect(time() - start).toBeGreaterThanOrEqual(3640);
    const late = time();
    net.jump({ seconds: -7200 });
    await net.advance(1);
    expect(time()).toBe(late);
    net.jump({ slot: 5000 });
    expect(net.chain.head.slot).toBe(5000);
  });
});
