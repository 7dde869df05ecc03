import { describe, expect, it } from '@jest/globals';
import { ComputeBudgetProgram, Keypair, SystemProgram, sendAndConfirmTransaction, Transaction } from '@solana/web3.js';
import { startLocalnet } from '../index.ts';
import { toBase58 } from '../wire/base58.ts';
import { balance, call, connect, FEE, isBlockhashValid, payment, SOL, stillChain, wallet } from './support/localnet.ts';
import { onTestFinished } from './support/on-test-finished.ts';

describe('a transaction on the local chain', () => {
  it('is sent and confirmed by web3.js as it is, over its socket', async () => {
    const net = await startLocalnet({ slotMs: 20 });
    onTestFinished(() => net.stop());
    const connection = connect(net, { commitment: 'confirmed' });
    const [from, to] = [Keypair.generate(), Keypair.generate()];
    const life = await connection.getLatestBlockhash();
    const airdrop = await connection.requestAirdrop(from.publicKey, Number(5n * SOL));
    await connection.confirmTransaction({ signature: airdrop, ...life });
    const transfer = SystemProgram.transfer({
      fromPubkey: from.publicKey,
      toPubkey: to.publicKey,
      lamports: Number(SOL),
    });
    await sendAndConfirmTransaction(connection, new Transaction().add(transfer), [from]);
    expect(BigInt(await connection.getBalance(to.publicKey))).toBe(SOL);
    expect(BigInt(await connection.getBalance(from.publicKey))).toBe(4n * SOL - FEE);
  });

  it('moves the money once, however often the same bytes come', async () => {
    const net = await stillChain();
    const connection = connect(net);
    const from = await wallet(net);
    const { to, wire } = payment(net, from);
    for (let i = 0; i < 3; i++) {
      await connection.sendRawTransaction(wire, { skipPreflight: true });
      await net.advance(2);
    }
    expect(balance(net, to)).toBe(SOL);
    await expect(connection.sendRawTransaction(wire)).rejects.toThrow('already been processed');
  });

  it('pays its priority fee, and the fee alone when it fails', async () => {
    const net = await stillChain();
    const connection = connect(net);
    const from = await wallet(net);
    const too = SystemProgram.transfer({
      fromPubkey: from.publicKey,
      toPubkey: Keypair.generate().publicKey,
      lamports: Number(100n * SOL),
    });
    const failing = new Transaction({ recentBlockhash: net.chain.head.blockhash, feePayer: from.publicKey }).add(
      ComputeBudgetProgram.setComputeUnitLimit({ units: 10_000 }),
      ComputeBudgetProgram.setComputeUnitPrice({ microLamports: 150_050 }),
      too,
    );
    failing.sign(from);
    await connection.sendRawTransaction(failing.serialize(), { skipPreflight: true });
    await net.advance(3);
    const priority = 1_501n;
    expect(balance(net, from.publicKey)).toBe(10n * SOL - FEE - priority);
    const [status] = (await connection.getSignatureStatuses([toBase58(failing.signature as Uint8Array)])).value;
    expect(status?.err).toEqual({ InstructionError: [2, { Custom: 1 }] });
    const fees = await connection.getRecentPrioritizationFees({ lockedWritableAccounts: [from.publicKey] });
    expect(fees.map(({ prioritizationFee }) => prioritizationFee)).toContain(150_050);
  });

  it('is refused by the preflight with the logs, and pays nothing', async () => {
    const net = await stillChain();
    const connection = connect(net);
    const from = await wallet(net);
    const refused = connection.sendTransaction(payment(net, from, 100n * SOL).transaction);
    await expect(refused).rejects.toMatchObject({ logs: expect.arrayContaining([expect.stringContaining('0x1')]) });
    await net.advance(3);
    expect(balance(net, from.publicKey)).toBe(10n * SOL);
  });

  it('may stand in the block after lastValidBlockHeight and in none later, as on a validator', async () => {
    const net = await stillChain();
    const connection = connect(net);
    const from = await wallet(net);
    const { blockhash, lastValidBlockHeight } = await connection.getLatestBlockhash();
    const [last, late] = [payment(net, from), payment(net, from)];
    expect(lastValidBlockHeight).toBe(net.chain.head.height + 150);
    await net.advance(150);
    expect(await isBlockhashValid(net, blockhash)).toBe(true);
    await connection.sendRawTransaction(last.wire);
    await net.advance(1);
    expect(net.chain.head.height).toBe(lastValidBlockHeight + 1);
    expect(balance(net, last.to)).toBe(SOL);
    expect(await isBlockhashValid(net, blockhash)).toBe(false);
    await expect(connection.sendRawTransaction(late.wire)).rejects.toThrow('Blockhash not found');
    await connection.sendRawTransaction(late.wire, { skipPreflight: true });
    await net.advance(20);
    expect(balance(net, late.to)).toBe(0n);
  });

  it('waits for its payer to be funded, unless it may not be tried again', async () => {
    const net = await stillChain();
    const connection = connect(net);
    const [poor, hasty] = [Keypair.generate(), Keypair.generate()];
    const [patient, once] = [payment(net, poor), payment(net, hasty)];
    await connection.sendRawTransaction(patient.wire, { skipPreflight: true });
    await connection.sendRawTransaction(once.wire, { skipPreflight: true, maxRetries: 0 });
    await net.advance(1);
    for (const one of [poor, hasty]) net.airdrop(one.publicKey.toBase58(), 2n * SOL);
    await net.advance(10);
    expect([balance(net, patient.to), balance(net, once.to)]).toEqual([SOL, 0n]);
  });

  it('is refused when a byte of it was changed, whatever encoding carries it', async () => {
    const net = await stillChain();
    const from = await wallet(net);
    const { wire, to } = payment(net, from);
    const forged = Uint8Array.from(wire);
    forged[10] = (forged[10] as number) ^ 1;
    const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
    const code = async (...params: unknown[]) =>
      ((await (await call(net.rpcUrl, 'sendTransaction', ...params)).json()) as { error?: { code: number } }).error
        ?.code;
    expect(await code(base64(forged), { encoding: 'base64' })).toBe(-32003);
    expect(await code(base64(forged), { encoding: 'base64', skipPreflight: true })).toBeUndefined();
    expect(await code(base64(wire))).toBe(-32602);
    expect(await code('not base64!', { encoding: 'base64' })).toBe(-32602);
    expect(await code(base64(Buffer.alloc(1300)), { encoding: 'base64' })).toBe(-32602);
    await net.advance(3);
    expect(balance(net, to)).toBe(0n);
  });

  it('shows in a simulation what it would do, and does nothing', async () => {
    const net = await stillChain();
    const connection = connect(net);
    const from = await wallet(net);
    const dead = payment(net, from, SOL, undefined, Keypair.generate().publicKey.toBase58());
    const plain = await connection.simulateTransaction(dead.transaction);
    expect(plain.value.err).toBe('BlockhashNotFound');
    const { value } = await connection.simulateTransaction(dead.transaction, {
      replaceRecentBlockhash: true,
      accounts: { encoding: 'base64', addresses: [dead.to.toBase58()] },
    });
    expect(value.err).toBeNull();
    expect(value.unitsConsumed).toBe(150);
    expect(value.accounts?.[0]?.lamports).toBe(Number(SOL));
    await net.advance(2);
    expect(balance(net, dead.to)).toBe(0n);
  });
});
