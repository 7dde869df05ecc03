import { describe, expect, it } from '@jest/globals';
import {
  AddressLookupTableProgram,
  type Keypair,
  PublicKey,
  SystemProgram,
  TransactionInstruction,
  TransactionMessage,
  VersionedTransaction,
} from '@solana/web3.js';
import fc from 'fast-check';
import type { Localnet } from '../index.ts';
import { fromBase58, toBase58 } from '../wire/base58.ts';
import { parseTransaction } from '../wire/transaction.ts';
import { balance, connect, FEE, payment, SOL, stillChain, wallet } from './support/localnet.ts';

const MEMO = new PublicKey('MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr');

async function send(net: Localnet, payer: Keypair, instructions: TransactionInstruction[], tables: never[] = []) {
  const message = new TransactionMessage({
    payerKey: payer.publicKey,
    recentBlockhash: net.chain.head.blockhash,
    instructions,
  }).compileToV0Message(tables);
  const transaction = new VersionedTransaction(message);
  transaction.sign([payer]);
  return connect(net).sendTransaction(transaction);
}

describe('programs', () => {
  it('run lookup tables: made against the hashes of recent slots, then read by a transfer, then forked away', async () => {
    const net = await stillChain();
    const connection = connect(net);
    const from = await wallet(net);
    const { to } = payment(net, from);
    await net.advance(2);
    const [create, table] = AddressLookupTableProgram.createLookupTable({
      authority: from.publicKey,
      payer: from.publicKey,
      recentSlot: net.chain.head.slot - 1,
    });
    const extend = AddressLookupTableProgram.extendLookupTable({
      lookupTable: table,
      authority: from.publicKey,
      payer: from.publicKey,
      addresses: [to],
    });
    const made = await send(net, from, [create, extend]);
    await net.advance(2);
    const { value } = await connection.getAddressLookupTable(table);
    expect(value?.state.addresses.map(String)).toEqual([to.toBase58()]);
    const transfer = SystemProgram.transfer({ fromPubkey: from.publicKey, toPubkey: to, lamports: Number(SOL) });
    const paid = await send(net, from, [transfer], [value] as never[]);
    await net.advance(3);
    expect(balance(net, to)).toBe(SOL);
    const landed = await connection.getTransaction(paid, {
      maxSupportedTransactionVersion: 0,
      commitment: 'confirmed',
    });
    expect(landed?.meta?.loadedAddresses?.writable.map(String)).toEqual([to.toBase58()]);
    net.fork({ signature: made });
    expect((await connection.getAddressLookupTable(table)).value).toBeNull();
    expect([balance(net, to), balance(net, from.publicKey)]).toEqual([0n, 10n * SOL]);
  });

  it('of BPF fail on chain for real too, near their end', async () => {
    const net = await stillChain();
    const from = await wallet(net);
    const { to } = payment(net, from);
    net.addFault({ kind: 'fail-on-chain', times: 1 });
    const memo = new TransactionInstruction({ programId: MEMO, keys: [], data: Buffer.from('paid') });
    const transfer = SystemProgram.transfer({ fromPubkey: from.publicKey, toPubkey: to, lamports: Number(SOL) });
    const signature = await send(net, from, [transfer, memo]);
    await net.advance(3);
    expect([balance(net, to), balance(net, from.publicKey)]).toEqual([0n, 10n * SOL - FEE]);
    const { value } = await connect(net).getSignatureStatus(signature);
    expect(value?.err).toMatchObject({ InstructionError: [1, expect.anything()] });
    await send(net, from, [transfer, memo]);
    await net.advance(1);
    expect(balance(net, to)).toBe(SOL);
  });
});

describe('the wire', () => {
  it('base58 is web3.js’s, both ways', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
        const text = new PublicKey(bytes).toBase58();
        expect(toBase58(bytes)).toBe(text);
        expect(fromBase58(text)).toEqual(bytes);
      }),
      { numRuns: 200 },
    );
    expect(fromBase58('0')).toBeNull();
  });

  it('any bytes are a transaction or none, never a crash', async () => {
    const net = await stillChain();
    const { wire, signature } = payment(net, await wallet(net));
    expect(parseTransaction(wire)?.signatures[0]).toBe(signature);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat(wire.length - 1), (bytes, cut) => {
        parseTransaction(bytes);
        const patched = Uint8Array.from(wire);
        patched.set(bytes.subarray(0, wire.length - cut), cut);
        parseTransaction(patched);
        expect(parseTransaction(wire.subarray(0, cut))).toBeNull();
      }),
      { numRuns: 300 },
    );
  });
});
