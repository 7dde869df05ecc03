import { describe, expect, it } from '@jest/globals';
import { balance, connect, FEE, isBlockhashValid, payment, SOL, stillChain, wallet } from './support/localnet.ts';

describe('a fork', () => {
  it('takes a confirmed transaction back with all that it did, and the same bytes land again', async () => {
    const net = await stillChain();
    const connection = connect(net, { commitment: 'confirmed' });
    const from = await wallet(net);
    await net.advance(3);
    const { signature, wire, to } = payment(net, from);
    await net.advance(2);
    await connection.sendRawTransaction(wire);
    await net.advance(3);
    expect((await connection.getSignatureStatus(signature)).value?.confirmationStatus).toBe('confirmed');
    const height = net.chain.head.height;

    const { dropped } = net.fork({ signature });
    expect(dropped).toEqual([signature]);
    expect(balance(net, to)).toBe(0n);
    expect(balance(net, from.publicKey)).toBe(10n * SOL);
    expect((await connection.getSignatureStatus(signature, { searchTransactionHistory: true })).value).toBeNull();
    expect(net.chain.head.height).toBeLessThan(height);
    await net.advance(40);
    expect(balance(net, to)).toBe(0n);

    await connection.sendRawTransaction(wire);
    await net.advance(1);
    expect(balance(net, to)).toBe(SOL);
    expect(balance(net, from.publicKey)).toBe(9n * SOL - FEE);
    expect(net.record(signature).map(({ counts }) => counts)).toEqual([false, true]);
  });

  it('delivers the dropped bytes again by itself when told so', async () => {
    const net = await stillChain();
    const from = await wallet(net);
    await net.advance(1);
    const { wire, to, signature } = payment(net, from);
    await net.advance(1);
    await connect(net).sendRawTransaction(wire);
    await net.advance(4);
    net.fork({ signature, fate: 'again' });
    expect(balance(net, to)).toBe(SOL);
    expect(net.record(signature)).toHaveLength(2);
  });

  it('lets the bytes never land again when told so, whoever sends them', async () => {
    const net = await stillChain();
    const connection = connect(net);
    const from = await wallet(net);
    await net.advance(1);
    const { wire, to, signature } = payment(net, from);
    await net.advance(1);
    await connection.sendRawTransaction(wire);
    await net.advance(2);
    net.fork({ signature, fate: 'never' });
    for (let i = 0; i < 20; i++) {
      await connection.sendRawTransaction(wire, { skipPreflight: true });
      await net.advance(10);
    }
    expect(balance(net, to)).toBe(0n);
    expect(balance(net, from.publicKey)).toBe(10n * SOL);
  });

  it('keeps blockhashes of its own: what was signed with one of the other fork is dead at once', async () => {
    const net = await stillChain();
    const connection = connect(net);
    const from = await wallet(net);
    await net.advance(3);
    const { blockhash } = await connection.getLatestBlockhash();
    const { wire, to } = payment(net, from);
    net.fork({ depth: 2 });
    expect(await isBlockhashValid(net, blockhash)).toBe(false);
    await expect(connection.sendRawTransaction(wire)).rejects.toThrow('Blockhash not found');
    await connection.sendRawTransaction(wire, { skipPreflight: true });
    await net.advance(160);
    expect(balance(net, to)).toBe(0n);
  });

  it('never undoes a finalized block', async () => {
    const net = await stillChain();
    const from = await wallet(net);
    const { wire, signature } = payment(net, from);
    await connect(net).sendRawTransaction(wire);
    await net.advance(40);
    expect(() => net.fork({ signature })).toThrow('or finalized');
    expect(net.record(signature).map(({ counts }) => counts)).toEqual([true]);
  });

  it('undoes a forced account and a deep chain of payments in order', async () => {
    const net = await stillChain();
    const connection = connect(net);
    const [a, b] = [await wallet(net), await wallet(net)];
    net.setAccount({ address: b.publicKey.toBase58(), lamports: 7n * SOL });
    await net.advance(1);
    const before = [a, b].map(({ publicKey }) => balance(net, publicKey));
    const slot = net.chain.head.slot;
    for (let i = 0; i < 10; i++) {
      const [from, to] = i % 2 === 0 ? [a, b] : [b, a];
      await connection.sendRawTransaction(payment(net, from, SOL + BigInt(i), to.publicKey).wire);
      await net.advance(1);
    }
    expect([a, b].map(({ publicKey }) => balance(net, publicKey))).not.toEqual(before);
    net.fork({ slot });
    expect([a, b].map(({ publicKey }) => balance(net, publicKey))).toEqual(before);
  });
});
