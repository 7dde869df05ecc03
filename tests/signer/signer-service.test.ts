/** What the signer signs and refuses, case by case. Table: docs/architecture/signer.md. */
import { createPublicKey, verify } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { AddressLookupTableAccount, Keypair, PublicKey, SystemProgram, TransactionMessage } from '@solana/web3.js';
import fc from 'fast-check';
import type { Draft } from '../../src/chain/draft.ts';
import type { SignerReply } from '../../src/chain/signer-protocol.ts';
import { EMPTY_LEDGER, type SigningLedger } from '../../src/signer/ledger.ts';
import { readLedger, writeLedger } from '../../src/signer/ledger-file.ts';
import type { SignerPolicy } from '../../src/signer/policy.ts';
import { SIGNER_REFUSALS, type SignerRefusalCode } from '../../src/signer/refusal.ts';
import { SignerService } from '../../src/signer/signer-service.ts';
import { userAddress } from '../../src/venues/velocity/program/addresses.ts';
import { readSource } from '../architecture/imports.ts';
import {
  cancel,
  draftWith,
  interest,
  move,
  moveSol,
  opening,
  order,
  ownSigner,
  policy,
  WALLET,
} from '../support/signer-drafts.ts';
import { type MessageTerms, messageOf, mutationsOf, TIP_TO } from '../support/signer-mutations.ts';

const folder = mkdtempSync(join(tmpdir(), 'driftless-signer-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const SOL = 1_000_000_000n;
const USDT = 1_000_000n;
const NOON = Date.parse('2026-11-29T12:00:00Z');
const DAY_MS = 86_400_000;

interface Stand {
  readonly policy?: SignerPolicy;
  readonly ledger?: SigningLedger;
  readonly nowMs?: () => number;
  readonly keep?: (ledger: SigningLedger) => unknown;
}

function standing({
  policy: rules = policy(),
  ledger = EMPTY_LEDGER,
  nowMs = () => NOON,
  keep = () => {},
}: Stand = {}) {
  const notes: string[] = [];
  const service = new SignerService({
    ...{ policy: rules, signer: ownSigner(), clock: { nowMs }, ledger, keep },
    note: (fields, message) => notes.push(JSON.stringify({ ...fields, message })),
  });
  let named = 0;
  const ask = async (message: Uint8Array, attempt = `a${named++}`): Promise<SignerReply> =>
    await service.answer({ type: 'sign', attempt, message: Buffer.from(message).toString('base64') });
  return {
    notes,
    ask,
    sign: (draft: Draft, terms?: MessageTerms, attempt?: string) => ask(messageOf(draft, terms), attempt),
  };
}

const signed = { type: 'signed' };
const refused = (code: SignerRefusalCode, words = /\w/) => ({
  type: 'refused',
  code,
  message: expect.stringMatching(words),
});

/** With the lookup table whose entries are given, where the program's market stands. */
function throughTable(draft: Draft, entries: readonly PublicKey[]): Uint8Array {
  const state = {
    ...{ deactivationSlot: 2n ** 64n - 1n, lastExtendedSlot: 0, lastExtendedSlotStartIndex: 0 },
    addresses: [...entries],
  };
  const table = new AddressLookupTableAccount({ key: new PublicKey(Buffer.alloc(32, 44)), state });
  return messageOf({ ...draft, lookupTables: [table] });
}
const TABLE = new PublicKey(Buffer.alloc(32, 44)).toBase58();
const stranger = Keypair.generate().publicKey;

const legacy = (): Uint8Array =>
  new TransactionMessage({
    ...{ payerKey: WALLET, recentBlockhash: stranger.toBase58() },
    instructions: [...cancel().instructions],
  })
    .compileToLegacyMessage()
    .serialize();

/** Case, what is asked for, the code; and what the sentence must say. */
const CASES: readonly (readonly [string, () => Uint8Array, SignerRefusalCode, RegExp])[] = [
  ['bytes that are no message', () => Buffer.from('hello'), 'MESSAGE_UNREADABLE', /version 0/],
  ['a message of the old kind', legacy, 'MESSAGE_UNREADABLE', /version 0/],
  [
    'bytes after the message',
    () => Buffer.concat([messageOf(cancel()), Buffer.of(0)]),
    'MESSAGE_UNREADABLE',
    /another way/,
  ],
  ['another wallet pays', () => messageOf({ ...cancel(), payer: stranger }), 'WALLET', /AUTHORITY/],
  ['a table that is not pinned', () => throughTable(cancel(), tableOf(cancel())), 'LOOKUP_TABLE', /lookup_tables/],
  [
    'more wrapped than deposited',
    () => messageOf(moveSol('deposit', SOL, 2n * SOL)),
    'ARGUMENT',
    /wrapped for a deposit of 1 SOL/,
  ],
  ['an account of another number', () => messageOf(opening(USDT, 1)), 'ACCOUNT', /as user/],
  ['another program', () => messageOf(draftWith(...cancel().instructions, memo())), 'PROGRAM', /Velocity/],
  [
    'an unknown instruction',
    () => messageOf(withData(cancel(), (data) => flipped(data, 0))),
    'INSTRUCTION',
    /cancelOrders/,
  ],
  [
    'bytes after the arguments',
    () => messageOf(withData(cancel(), (data) => Buffer.concat([data, Buffer.of(1)]))),
    'INSTRUCTION',
    /bytes/,
  ],
  [
    'a true that is written as 2',
    () => messageOf(withData(move('deposit', USDT), (data) => Buffer.concat([data.subarray(0, -1), Buffer.of(2)]))),
    'INSTRUCTION',
    /bytes/,
  ],
  ['another account of the venue', () => messageOf(cancel({ user: stranger.toBase58() })), 'ACCOUNT', /as user/],
  [
    'a withdrawal to another',
    () => messageOf(move('withdraw', USDT, { tokenAccount: stranger.toBase58() })),
    'DESTINATION',
    /derived from the wallet/,
  ],
  ['a transfer to another', () => messageOf(draftWith(transfer(stranger, 1))), 'DESTINATION', /tips/],
  [
    'a market that is not listed',
    () => messageOf(move('deposit', USDT, { marketIndex: 7 })),
    'ARGUMENT',
    /spot market 7/,
  ],
  [
    'a withdrawal that could borrow',
    () => messageOf(move('withdraw', USDT, { reduceOnly: false })),
    'ARGUMENT',
    /reduceOnly/,
  ],
  ['an order in another market', () => messageOf(order(SOL, { marketIndex: 1 })), 'ARGUMENT', /marketIndex/],
  ['an order that never ends', () => messageOf(order(SOL, { maxTs: null })), 'ARGUMENT', /ends/],
  ['an order without a limit', () => messageOf(order(SOL, { price: 0n })), 'ARGUMENT', /limit/],
  ['an order that pays a builder', () => messageOf(order(SOL, { builder: 1, builderFee: 9 })), 'ARGUMENT', /builder/],
  [
    'two operations at once',
    () => messageOf(draftWith(...move('deposit', USDT).instructions, ...order(SOL).instructions)),
    'SHAPE',
    /one at a time/,
  ],
  ['nothing but a fee', () => messageOf(draftWith()), 'SHAPE', /no operation/],
  ['a fee above the cap', () => messageOf(cancel(), { price: 10_000_000 }), 'FEE', /at most 0\.0011 SOL/],
  [
    'a tip above the cap',
    () => messageOf(cancel(), { tip: { to: TIP_TO, lamports: 100_001 } }),
    'TIP',
    /JITO_TIP_LAMPORTS/,
  ],
  ['a deposit above the cap', () => messageOf(move('deposit', 1_000n * USDT + 1n)), 'AMOUNT', /at most 1000 USDT/],
  ['an order above the cap', () => messageOf(order(10n * SOL + 1n)), 'AMOUNT', /at most 10 SOL/],
];

const tableOf = ({ instructions }: Draft): readonly PublicKey[] =>
  instructions.flatMap(({ keys }) => keys.filter(({ isSigner }) => !isSigner).map(({ pubkey }) => pubkey));
const transfer = (toPubkey: PublicKey, lamports: number) =>
  SystemProgram.transfer({ fromPubkey: WALLET, toPubkey, lamports });
const memo = () => ({ ...transfer(stranger, 1), programId: stranger, keys: [], data: Buffer.from('hi') });
const flipped = (data: Buffer, at: number): Buffer =>
  Buffer.from(data.map((byte, index) => (index === at ? byte ^ 1 : byte)));
const withData = (draft: Draft, change: (data: Buffer) => Buffer): Draft => ({
  ...draft,
  instructions: draft.instructions.map((one, index) =>
    index < draft.instructions.length - 1
      ? one
      : Object.assign(Object.create(Object.getPrototypeOf(one)), one, { data: change(one.data) }),
  ),
});

describe('the signer', () => {
  it.each(CASES)('refuses %s', async (_what, message, code, words) => {
    const { ask, notes } = standing();
    expect(await ask(message())).toMatchObject({ ...refused(code, words), passing: false });
    expect(notes.join()).toContain(code);
  });

  it('signs each kind within its caps, and the signature is the wallet’s', async () => {
    const { ask, sign } = standing();
    const message = messageOf(move('deposit', 1_000n * USDT));
    const reply = await ask(message);
    expect(reply).toMatchObject(signed);
    const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), WALLET.toBuffer()]);
    const key = createPublicKey({ key: spki, format: 'der', type: 'spki' });
    expect(verify(null, message, key, Buffer.from(reply.type === 'signed' ? reply.signature : '', 'base64'))).toBe(
      true,
    );
    for (const draft of [move('withdraw', 1_000n * USDT), order(10n * SOL), order(SOL, { reduceOnly: true }), cancel()])
      expect(await sign(draft, { tip: { to: TIP_TO, lamports: 100_000 } })).toMatchObject(signed);
  });

  it('reads a lookup table as it is pinned, whatever the client had in mind', async () => {
    const draft = cancel();
    const message = throughTable(draft, tableOf(draft));
    const entries = tableOf(draft).map((key) => key.toBase58());
    const pinned = (addresses: readonly string[]) =>
      standing({ policy: policy({ lookupTables: { [TABLE]: addresses } }) });
    expect(await pinned(entries).ask(message)).toMatchObject(signed);
    expect(await pinned(entries.map(() => stranger.toBase58())).ask(message)).toMatchObject(refused('ACCOUNT'));
    expect(await pinned([]).ask(message)).toMatchObject(refused('LOOKUP_TABLE', /pin it again/));
  });

  it.each([
    ['the deposit that opens the account', () => opening(USDT)],
    ['a deposit', () => move('deposit', USDT)],
    ['a deposit of SOL', () => moveSol('deposit', SOL)],
    ['a withdrawal', () => move('withdraw', USDT)],
    ['a withdrawal of SOL', () => moveSol('withdraw', SOL)],
    ['an order', () => order(SOL)],
    ['a reduction', () => order(SOL, { reduceOnly: true })],
    [
      'a reduction after a cancel',
      () => draftWith(...cancel().instructions, ...order(SOL, { reduceOnly: true }).instructions),
    ],
    ['an order of an account with debts', () => draftWith(interest(0), interest(1), ...order(SOL).instructions)],
    ['a cancel', () => cancel()],
  ])('signs %s, and no change of it', async (_what, made) => {
    const draft = made();
    expect(await standing().sign(draft)).toMatchObject(signed);
    await fc.assert(
      fc.asyncProperty(mutationsOf(draft, policy()), async (message) => {
        expect(await standing().ask(message)).toMatchObject({ type: 'refused' });
      }),
      { numRuns: 25 },
    );
  });

  it('signs for every sub-account of the policy, and for no other', async () => {
    const second = cancel({ user: userAddress(WALLET.toBase58(), 1) });
    expect(await standing({ policy: policy({ subAccounts: [0, 1] }) }).sign(second)).toMatchObject(signed);
    expect(await standing().sign(second)).toMatchObject(refused('ACCOUNT', /sub_accounts/));
  });

  it('signs nothing of a kind that has no cap, and reductions and cancels all the same', async () => {
    const shut = policy({
      order: null,
      assets: policy().assets.map((one) => ({ ...one, deposit: null, withdraw: null })),
    });
    const { sign } = standing({ policy: shut });
    for (const draft of [move('deposit', 1n), move('withdraw', 1n), order(1n)])
      expect(await sign(draft)).toMatchObject(refused('AMOUNT', /no cap/));
    for (const draft of [order(1_000_000n * SOL, { reduceOnly: true }), cancel()])
      expect(await sign(draft)).toMatchObject(signed);
  });

  it('counts a day’s amounts and fees over restarts, until midnight UTC, and a clock set back opens no second day', async () => {
    const path = join(folder, 'counted.json');
    let nowMs = NOON;
    const restarted = (change: Partial<SignerPolicy> = {}) =>
      standing({
        policy: policy(change),
        ledger: readLedger(path),
        keep: (next) => writeLedger(path, next),
        nowMs: () => nowMs,
      });
    for (let times = 0; times < 3; times += 1)
      expect(await restarted().sign(order(10n * SOL), {}, `day one ${times}`)).toMatchObject(signed);
    expect(await restarted().sign(order(1n))).toMatchObject(refused('DAILY_AMOUNT', /0 SOL of today’s 30 SOL/));
    nowMs -= DAY_MS;
    expect(await restarted().sign(order(1n))).toMatchObject(refused('DAILY_AMOUNT'));
    nowMs += 2 * DAY_MS;
    expect(await restarted().sign(order(1n), {}, 'day two')).toMatchObject(signed);
    const poor = { fee: { each: 1_100_000n, perDay: 10_000n } };
    expect(await restarted(poor).sign(order(1n), {}, 'more')).toMatchObject(
      refused('DAILY_FEES', /signed all the same/),
    );
    expect(await restarted(poor).sign(order(1n, { reduceOnly: true }), {}, 'less')).toMatchObject(signed);
    expect(await restarted(poor).sign(cancel(), {}, 'none')).toMatchObject(signed);
  });

  it('has one transaction for an attempt: the same bytes again are the same signature, and others are refused', async () => {
    const path = join(folder, 'attempts.json');
    const restarted = () => standing({ ledger: readLedger(path), keep: (next) => writeLedger(path, next) });
    const first = await restarted().sign(order(10n * SOL), {}, 'one');
    expect(first).toMatchObject(signed);
    const spent = readLedger(path);
    expect(await restarted().sign(order(10n * SOL), {}, 'one')).toEqual(first);
    // Nothing is counted twice.
    expect(readLedger(path)).toEqual(spent);
    expect(await restarted().sign(order(9n * SOL), {}, 'one')).toMatchObject({
      ...refused('ATTEMPT_TAKEN', /may land/),
      passing: true,
    });
    expect(await restarted().sign(order(9n * SOL), {}, 'two')).toMatchObject(signed);
  });

  it('signs nothing that it cannot count, and does not start on counters that it cannot read', async () => {
    const full = (): never => {
      throw new Error('ENOSPC: no space left on device');
    };
    const { sign } = standing({ keep: full });
    expect(await sign(cancel())).toMatchObject({ ...refused('STATE_UNWRITABLE', /ENOSPC/), passing: true });
    const path = join(folder, 'torn.json');
    for (const text of ['{"version":1,', '{}', '{"version":2,"day":"","spent":{},"attempts":{}}']) {
      writeFileSync(path, text);
      expect(() => readLedger(path)).toThrow(expect.objectContaining({ code: 'SIGNER_STATE' }));
    }
    expect(readLedger(join(folder, 'none.json'))).toEqual(EMPTY_LEDGER);
  });

  it('refuses an attempt without a name, and answers whose key it has', async () => {
    const { ask } = standing();
    for (const name of ['', 'x'.repeat(301)])
      expect(await ask(messageOf(cancel()), name)).toMatchObject(refused('REQUEST_MALFORMED'));
  });

  it('never signs more than a day’s cap, whatever is asked in whatever order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.bigInt({ min: 1n, max: 12n * SOL }), { maxLength: 12 }), async (sizes) => {
        const kept: SigningLedger[] = [];
        const { sign } = standing({ keep: (next) => kept.push(next) });
        let sum = 0n;
        for (const size of sizes) if ((await sign(order(size))).type === 'signed') sum += size;
        expect(sum).toBeLessThanOrEqual(30n * SOL);
        expect(kept.at(-1)?.spent.order ?? 0n).toBe(sum);
      }),
      { numRuns: 15 },
    );
  });

  it('has every code in the chapter’s table, and the table no other', () => {
    const table = readSource('docs/architecture/signer.md').split('## What it refuses')[1]?.split('\n## ')[0] ?? '';
    const named = [...table.matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, code]) => code);
    expect(named).toEqual([...SIGNER_REFUSALS]);
    const reached = new Set<string>(CASES.map(([, , code]) => code));
    const elsewhere = ['REQUEST_MALFORMED', 'DAILY_AMOUNT', 'DAILY_FEES', 'ATTEMPT_TAKEN', 'STATE_UNWRITABLE'];
    expect(SIGNER_REFUSALS.filter((code) => !reached.has(code) && !elsewhere.includes(code))).toEqual([]);
  });
});
