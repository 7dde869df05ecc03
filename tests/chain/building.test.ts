import { createPublicKey, verify } from 'node:crypto';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  AddressLookupTableAccount,
  ComputeBudgetProgram,
  Keypair,
  PublicKey,
  SystemProgram,
  TransactionInstruction,
  VersionedTransaction,
} from '@solana/web3.js';
import fc from 'fast-check';
import { computeLimit, MAX_COMPUTE_UNITS } from '../../src/chain/compute-limit.ts';
import { type Draft, fits } from '../../src/chain/draft.ts';
import { loadSigner } from '../../src/chain/local-signer.ts';
import {
  affordablePrice,
  BASE_FEE_LAMPORTS,
  DEFAULT_FEES,
  priorityFee,
  priorityFeeLamports,
  spareLamports,
} from '../../src/chain/priority-fee.ts';
import type { Signer } from '../../src/chain/signer.ts';
import { SolanaChain, type SolanaChainOptions } from '../../src/chain/solana-chain.ts';
import { fromBase58, toBase58 } from '../../src/lib/base58.ts';
import { attemptAt } from '../support/scripted-chain.ts';
import { type Reply, result, type Script, type ScriptedRpc, scriptedRpc } from '../support/scripted-rpc.ts';
import { withContext } from '../support/with-context.ts';

const opened: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});

const pair = Keypair.generate();
const signer = loadSigner({ privateKey: toBase58(pair.secretKey), keypairPath: null })?.signer as Signer;
const to = Keypair.generate().publicKey;
const transfer = (lamports = 5): TransactionInstruction =>
  SystemProgram.transfer({ fromPubkey: pair.publicKey, toPubkey: to, lamports });
const draft = { payer: pair.publicKey, instructions: [transfer()] };

const simulated = (value: object): Reply => result({ context: { slot: 500 }, value });
const NODE: Script = {
  simulateTransaction: () => simulated({ err: null, logs: ['ok'], unitsConsumed: 10_000 }),
  getRecentPrioritizationFees: () => result([{ slot: 1, prioritizationFee: 40_000 }]),
  getLatestBlockhash: () =>
    result({ context: { slot: 500 }, value: { blockhash: to.toBase58(), lastValidBlockHeight: 640 } }),
};

async function chainOn(script: Script, options: Partial<SolanaChainOptions> = {}) {
  const server: ScriptedRpc = await scriptedRpc({ ...NODE, ...script });
  const chain = new SolanaChain({
    rpcUrls: [server.url],
    rpcWsUrl: null,
    signer,
    jito: null,
    clock: { nowMs: () => 1_234 },
    randomBytes: (count) => new Uint8Array(count),
    ...options,
  });
  opened.push(server, chain);
  return { chain, server };
}

const decoded = (wire: string) => VersionedTransaction.deserialize(Buffer.from(wire, 'base64'));
function instructionsOf(wire: string) {
  const { message } = decoded(wire);
  return message.compiledInstructions.map(({ programIdIndex, accountKeyIndexes, data }) => ({
    program: message.staticAccountKeys[programIdIndex]?.toBase58(),
    accounts: accountKeyIndexes.map((index) => message.staticAccountKeys[index]?.toBase58()),
    data: Buffer.from(data),
  }));
}

it('every call is observed, those to the block engine too', async () => {
  const engine = await scriptedRpc({ sendBundle: () => result('a-bundle-id') });
  const seen: string[] = [];
  const { chain } = await chainOn(
    {},
    {
      jito: { url: engine.url, region: null, tipLamports: 0 },
      observe: ({ node, method, outcome }) => void seen.push(`${node} ${method} ${outcome}`),
    },
  );
  opened.push(engine);
  await chain.submit(attemptAt(), 0);
  expect(seen).toContain(`${new URL(engine.url).host} sendBundle answer`);
});

describe('a signed attempt', () => {
  it('is a v0 transaction with limit, price and the instructions, and carries all that sending and proving need', async () => {
    const { chain } = await chainOn({});
    await chain.simulate(draft);
    const attempt = await chain.sign(draft);
    expect(attempt).toEqual({
      signature: expect.any(String),
      wire: expect.any(String),
      lastValidBlockHeight: 640,
      slot: 500,
      signedAtMs: 1_234,
    });
    const transaction = decoded(attempt.wire);
    expect(transaction.version).toBe(0);
    expect(transaction.message.recentBlockhash).toBe(to.toBase58());
    expect(toBase58(transaction.signatures[0] as Uint8Array)).toBe(attempt.signature);
    const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), pair.publicKey.toBuffer()]);
    const key = createPublicKey({ key: spki, format: 'der', type: 'spki' });
    expect(verify(null, transaction.message.serialize(), key, fromBase58(attempt.signature) as Uint8Array)).toBe(true);
    const [limit, price, move, ...more] = instructionsOf(attempt.wire);
    expect(limit?.program).toBe(ComputeBudgetProgram.programId.toBase58());
    expect(limit?.data.readUInt32LE(1)).toBe(12_000);
    expect(price?.data.readBigUInt64LE(1)).toBe(40_000n);
    expect(move?.data).toEqual(Buffer.from(transfer().data));
    expect(more).toEqual([]);
  });

  it('is another one each time, within one blockhash too', async () => {
    const { randomBytes } = await import('node:crypto');
    const { chain } = await chainOn({}, { randomBytes });
    const signatures = new Set<string>();
    for (let i = 0; i < 20; i += 1) signatures.add((await chain.sign(draft)).signature);
    expect(signatures.size).toBe(20);
  });

  it('takes its limit from a simulation made for it where this process made none', async () => {
    const { chain, server } = await chainOn({});
    await chain.sign(draft);
    await chain.sign(draft);
    expect(server.count('simulateTransaction')).toBe(1);
    await chain.sign({ ...draft, instructions: [transfer(6)] });
    expect(server.count('simulateTransaction')).toBe(2);
  });

  it('costs four questions from simulation to signature, for the simulation and the fees are asked once', async () => {
    const { chain, server } = await chainOn({});
    await chain.simulate(draft);
    await chain.sign(draft);
    expect(server.calls.map(({ method }) => method).sort()).toEqual([
      'getEpochInfo',
      'getLatestBlockhash',
      'getRecentPrioritizationFees',
      'simulateTransaction',
    ]);
  });

  it('is made without known fees at the least price: a reduction must go out', async () => {
    const { chain } = await chainOn({ getRecentPrioritizationFees: () => ({ status: 500 }) });
    const [, price] = instructionsOf((await chain.sign(draft)).wire);
    expect(price?.data.readBigUInt64LE(1)).toBe(BigInt(DEFAULT_FEES.minMicroLamports));
  });

  it('is refused without a key, with another key than the payer’s, and when the signer’s signature is not one', async () => {
    const { chain: readOnly } = await chainOn({}, { signer: null });
    await expect(readOnly.sign(draft)).rejects.toMatchObject({ code: 'KEY_MISSING', category: 'critical' });
    const { chain } = await chainOn({});
    const other = { ...draft, payer: to };
    await expect(chain.sign(other)).rejects.toMatchObject({ code: 'SIGNER_IS_NOT_PAYER' });
    for (const length of [64, 63]) {
      const lying: Signer = { publicKey: pair.publicKey, sign: async () => new Uint8Array(length) };
      const { chain: lied } = await chainOn({}, { signer: lying });
      await expect(lied.sign(draft)).rejects.toMatchObject({ code: 'SIGNATURE_INVALID', category: 'critical' });
    }
  });

  it('that would not fit a packet is refused as such, however large', async () => {
    const { chain } = await chainOn({});
    for (const bytes of [1_100, 3_000]) {
      const large = new TransactionInstruction({ programId: to, keys: [], data: Buffer.alloc(bytes) });
      const tooLarge = { ...draft, instructions: [large] };
      await expect(chain.simulate(tooLarge)).rejects.toMatchObject({
        code: 'TRANSACTION_TOO_LARGE',
        category: 'validation',
      });
    }
  });
});

describe('a simulation', () => {
  it('that fails is believed of a node that keeps up with the others, and of one that lags is no answer', async () => {
    const failing = () => simulated({ err: { InstructionError: [0, { Custom: 1 }] }, logs: [] });
    const at = (slot: number) => ({ getSlot: () => result(slot) });
    for (const [slot, believed] of [
      [550, true],
      [551, false],
    ] as const) {
      const other = await scriptedRpc({ ...NODE, ...at(slot) });
      opened.push(other);
      const script = { ...at(500), simulateTransaction: failing };
      const { chain, server } = await chainOn(script);
      const both = await chainOn(script, { rpcUrls: [server.url, other.url] });
      await withContext('alone', async () => expect(await chain.simulate(draft)).toMatchObject({ ok: false }));
      const answer = both.chain.simulate(draft);
      if (believed) expect(await answer).toMatchObject({ ok: false });
      else await expect(answer).rejects.toMatchObject({ category: 'transient', code: 'RPC_UNHEALTHY' });
    }
  });

  it('tells the whole cost: base fee, priority fee, tip', async () => {
    const { chain } = await chainOn({});
    // 12,000 units at 40,000 micro-lamports: 480 lamports.
    expect(await chain.simulate(draft)).toEqual({ ok: true, logs: ['ok'], costLamports: '5480' });
  });

  const failures: readonly (readonly [string, object, string])[] = [
    [
      'a program’s error',
      { err: { InstructionError: [2, { Custom: 6003 }] }, logs: ['Error 6003'] },
      'SIMULATION_FAILED',
    ],
    ['a payer without an account', { err: 'AccountNotFound', logs: null }, 'INSUFFICIENT_FUNDS'],
    ['too little for the fee', { err: 'InsufficientFundsForFee', logs: [] }, 'INSUFFICIENT_FUNDS'],
    [
      'too little for the transfer',
      { err: { InstructionError: [2, { Custom: 1 }] }, logs: ['Transfer: insufficient lamports 3, need 5'] },
      'INSUFFICIENT_FUNDS',
    ],
    [
      'too little for rent',
      { err: { InsufficientFundsForRent: { account_index: 1 } }, logs: [] },
      'INSUFFICIENT_FUNDS',
    ],
  ];
  for (const [what, value, code] of failures) {
    it(`that meets ${what} is ${code}, and nothing is signed on it`, async () => {
      const { chain } = await chainOn({ simulateTransaction: () => simulated(value) });
      expect(await chain.simulate(draft)).toMatchObject({ ok: false, error: { code } });
      await expect(chain.sign(draft)).rejects.toMatchObject({ code, category: 'validation' });
    });
  }

  it('that the node could not make is to be tried again', async () => {
    const { chain } = await chainOn({ simulateTransaction: () => simulated({ err: 'BlockhashNotFound', logs: [] }) });
    await expect(chain.simulate(draft)).rejects.toMatchObject({ category: 'transient' });
  });
});

describe('a tip', () => {
  it('is the last instruction inside the bytes, to an account that the block engine names', async () => {
    const named = Keypair.generate().publicKey.toBase58();
    const jito = await scriptedRpc({ getTipAccounts: () => result([named]) });
    opened.push(jito);
    const { chain } = await chainOn({}, { jito: { url: jito.url, region: null, tipLamports: 2_000 } });
    expect(await chain.simulate(draft)).toMatchObject({ ok: true, costLamports: '7480' });
    const last = instructionsOf((await chain.sign(draft)).wire).at(-1);
    expect(last?.program).toBe(SystemProgram.programId.toBase58());
    expect(last?.accounts).toEqual([pair.publicKey.toBase58(), named]);
    expect(last?.data.readBigUInt64LE(4)).toBe(2_000n);
    expect(jito.count('getTipAccounts')).toBe(1);
  });

  it('goes to a known account when the block engine does not say, and nowhere when it is 0', async () => {
    const jito = { url: 'http://127.0.0.1:9', region: null, tipLamports: null };
    const { chain } = await chainOn({}, { jito });
    const last = instructionsOf((await chain.sign(draft)).wire).at(-1);
    expect(last?.data.readBigUInt64LE(4)).toBe(10_000n);
    const { chain: without } = await chainOn({}, { jito: { ...jito, tipLamports: 0 } });
    expect(instructionsOf((await without.sign(draft)).wire)).toHaveLength(3);
  });
});

describe('limits and fees', () => {
  it('the compute limit is above what was used, within a transaction’s bound', () => {
    expect([computeLimit(0), computeLimit(450), computeLimit(100_000)]).toEqual([1_000, 1_450, 120_000]);
    expect([computeLimit(1_390_000), computeLimit(null)]).toEqual([MAX_COMPUTE_UNITS, MAX_COMPUTE_UNITS]);
  });

  it('the priority fee is the 75th percentile of the last slots, between its least price and its cap', () => {
    expect(priorityFee([], 100_000)).toBe(1_000);
    expect(priorityFee([0, 0, 0, 0], 100_000)).toBe(1_000);
    expect(priorityFee([4_000, 1_000, 3_000, 2_000], 100_000)).toBe(4_000);
    expect(priorityFee([900_000_000], 100_000)).toBe(10_000_000);
  });

  it('never costs more than the cap, whatever others pay', () => {
    const fees = fc.array(fc.nat({ max: 10 ** 12 }), { maxLength: 150 });
    fc.assert(
      fc.property(
        fees,
        fc.integer({ min: 1, max: MAX_COMPUTE_UNITS }),
        fc.nat({ max: 10 ** 9 }),
        (recent, units, cap) => {
          const price = priorityFee(recent, units, { ...DEFAULT_FEES, maxLamports: cap });
          expect(priorityFeeLamports(price, units)).toBeLessThanOrEqual(cap);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('asks for the fees of the accounts that are written, the payer first', async () => {
    const { chain, server } = await chainOn({});
    const readOnly = new TransactionInstruction({
      programId: to,
      keys: [{ pubkey: PublicKey.default, isSigner: false, isWritable: false }],
    });
    await chain.simulate({ ...draft, instructions: [transfer(), readOnly] });
    const asked = server.calls.find(({ method }) => method === 'getRecentPrioritizationFees');
    expect(asked?.params).toEqual([[pair.publicKey.toBase58(), to.toBase58()]]);
  });
});

describe('what a reduction pays', () => {
  it('is what it takes to land soon where the wallet has that', () => {
    expect(affordablePrice(10_000, 100_000, spareLamports(undefined))).toBe(10_000);
    expect(affordablePrice(10_000, 100_000, spareLamports(1_000_000_000n))).toBe(10_000);
  });

  it('never takes the wallet below what the chain asks it to keep, and is nothing where it has no more', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 3_000_000n }),
        fc.integer({ min: 0, max: 50_000_000 }),
        fc.integer({ min: 1, max: 1_400_000 }),
        (lamports, wanted, units) => {
          const price = affordablePrice(wanted, units, spareLamports(lamports));
          expect(price).toBeLessThanOrEqual(wanted);
          const left = Number(lamports) - BASE_FEE_LAMPORTS - priorityFeeLamports(price, units);
          if (price > 0) expect(left).toBeGreaterThanOrEqual(890_880);
        },
      ),
    );
    expect(affordablePrice(10_000, 100_000, spareLamports(895_000n))).toBe(0);
  });
});

describe('a draft that names many accounts', () => {
  const draftOf = (count: number): Draft => {
    const keys = Array.from({ length: count }, () => Keypair.generate().publicKey);
    const metas = keys.map((pubkey) => ({ pubkey, isSigner: false, isWritable: false }));
    const instruction = new TransactionInstruction({ programId: to, keys: metas, data: Buffer.alloc(90) });
    return { payer: Keypair.generate().publicKey, instructions: [instruction, instruction] };
  };
  const tableOf = ({ instructions }: Draft): AddressLookupTableAccount =>
    new AddressLookupTableAccount({
      key: Keypair.generate().publicKey,
      state: {
        deactivationSlot: 0xffff_ffff_ffff_ffffn,
        lastExtendedSlot: 0,
        lastExtendedSlotStartIndex: 0,
        addresses: instructions[0]?.keys.map(({ pubkey }) => pubkey) ?? [],
      },
    });

  it('fits a packet by a lookup table that has them, and not without', () => {
    const draft = draftOf(40);
    expect(fits(draftOf(10), true)).toBe(true);
    expect(fits(draft, false)).toBe(false);
    expect(fits({ ...draft, lookupTables: [tableOf(draftOf(40))] }, false)).toBe(false);
    expect(fits({ ...draft, lookupTables: [tableOf(draft)] }, true)).toBe(true);
  });

  it('leaves room for a tip where there may be one', () => {
    const counts = Array.from({ length: 40 }, (_, count) => count);
    const most = (withTip: boolean) => Math.max(...counts.filter((count) => fits(draftOf(count), withTip)));
    expect(most(true)).toBeLessThan(most(false));
  });
});
