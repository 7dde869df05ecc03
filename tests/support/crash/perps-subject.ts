/** The matrix on a real program: accounts of their own on one market, read as the chain has them. */
import { Keypair } from '@solana/web3.js';
import type { Localnet, LocalnetOptions } from '../../../localnet/index.ts';
import type { KeeperRules } from '../../../localnet/perps/keeper-rules.ts';
import { waitUntil } from '../../../localnet/tests/support/until.ts';
import { isExitRequest } from '../../../src/domain/order/operation-request.ts';
import { OPERATIONS } from '../../../src/domain/order/operations.ts';
import type { OperationRecord } from '../../../src/journal/records.ts';
import { toBase58 } from '../../../src/lib/base58.ts';
import { engineIdOf, type LiveVenueName } from '../../../src/lib/ids.ts';
import { claims, type Evidence, judge, landedSignatures } from './judge.ts';
import type { CrashAccount, KillPoint } from './mortal-worker.ts';
import type { PerpsCombination } from './perps-combinations.ts';
import type { PerpsScene } from './perps-scenes.ts';
import type { CrashSubject } from './subject.ts';

export interface PerpsCrashAccount extends CrashAccount {
  readonly venue: LiveVenueName;
  readonly walletKey: string;
  readonly programId: string;
}

const MAKERS_ONLY = 'makers only';
const SOL = 1_000_000_000n;
const WALLET_LAMPORTS = 5n * SOL;
const WALLET_QUOTE = 1_000_000_000n;
const HOUR = { seconds: 3_600 };
/** Until all that the chain began with is final. */
const FIRST_SLOTS = 40;
/** A hundred accounts get ready at once, on a machine that is busy. */
const READY_WITHIN_MS = 180_000;
const LOOK_EVERY_MS = 150;
/** An order lives through a worker's death and another's start, the more of them the busier the machine may be. */
const ORDER_LIFE_MS = process.env.DRIFTLESS_TEST_LONG === '1' ? 20_000 : 6_000;
/** What scaled balances lose by rounding and gain by interest meanwhile, in base units: far below any amount here. */
const ROUNDING = 1_000n;

/** Somebody who gets ready past everything of ours. Each method answers a signature, for `done`. */
interface Preparer {
  initialize(name: string): string;
  deposit(asset: 'SOL' | 'quote', amount: bigint): string;
  /** At the market. */
  short(size: bigint): string;
  done(signature: string): Promise<void>;
}

/** What the matrix needs of one program's local chain. */
export interface PerpsOnChain<N extends Localnet> {
  readonly venue: LiveVenueName;
  start(options: LocalnetOptions): Promise<N>;
  /** From now on the AMM fills nothing. Absent: no scene of this program asks for that. */
  pauseAmm?(net: N): void;
  programId(net: N): string;
  giveQuote(net: N, owner: string, amount: bigint): void;
  preparer(net: N, secretKey: Uint8Array): Preparer;
  /** What this account needs beside all that it begins with. Absent: nothing. */
  arrange?(net: N, authority: string, scene: PerpsScene): void;
  /** From now on a keeper treats the orders of this account in this way. */
  keep(net: N, authority: string, rules: Partial<KeeperRules>): void;
  /** As the program's own account has it in the newest block, past everything of ours that reads. */
  figures(net: N, authority: string): Figures;
}

export const perpsSubject = <N extends Localnet>(
  on: PerpsOnChain<N>,
): CrashSubject<N, PerpsCrashAccount, PerpsCombination> => ({
  workerEntry: 'tests/support/perps-worker.ts',

  world: ({ scene }) => (scene.makersOnly === true ? MAKERS_ONLY : ''),

  async startChain(options, world) {
    const net = await on.start(options);
    if (world === MAKERS_ONLY) on.pauseAmm?.(net);
    await net.advance(FIRST_SLOTS);
    // A funding rate is known once a period has ended.
    for (let hour = 0; hour < 2; hour += 1) {
      net.jump(HOUR);
      await net.advance(3);
    }
    return net;
  },

  async account(net, { scene, points }) {
    const wallet = Keypair.generate();
    const address = wallet.publicKey.toBase58();
    const airdrop = net.airdrop(address, WALLET_LAMPORTS);
    on.giveQuote(net, address, WALLET_QUOTE);
    await until('the airdrop', () => net.record(airdrop).some(({ counts }) => counts));
    if (scene.has !== null) {
      const { sol, quote, short } = scene.has;
      const preparer = on.preparer(net, wallet.secretKey);
      await preparer.done(preparer.initialize('crash'));
      await preparer.done(preparer.deposit('SOL', sol));
      await preparer.done(preparer.deposit('quote', quote));
      if (short > 0n) {
        await preparer.done(preparer.short(short));
        const perp = (): bigint => on.figures(net, address).perp;
        await until(
          () => `a short of ${short}: the perp is ${perp()}`,
          () => perp() === -short,
        );
      }
    }
    on.arrange?.(net, address, scene);
    on.keep(net, address, heldBack(scene.keeper, points));
    const { slot } = net.chain;
    await until('all of it to be final', () => net.chain.heads().finalized.slot > slot);
    return {
      engineId: engineIdOf({ venue: on.venue, authority: address, subAccount: 0 }),
      venue: on.venue,
      wallet: address,
      walletKey: toBase58(wallet.secretKey),
      programId: on.programId(net),
    };
  },

  operation: ({ scene: { request } }) => ({
    request,
    localActivities: false,
    timing: { orderLifeMs: ORDER_LIFE_MS },
    policy: { permissions: 'trading', maxLeverage: 5, confirmAboveUsd: '1000000000000', cooldownMs: 0 },
  }),

  whenDied: (net, { wallet }, { scene }) => on.keep(net, wallet, scene.keeper),

  judge(net, { wallet }, { scene }) {
    const before = on.figures(net, wallet);
    return async (evidence) => {
      const after = on.figures(net, wallet);
      const { items } = await evidence.journal.alerts({ engineId: evidence.engineId, limit: 500 });
      const critical = items.filter(({ kind, severity }) => kind === 'alert' && severity === 'critical');
      const told = critical.map(({ code }) => code);
      const isNaked = after.perp < 0n && -after.perp > after.sol + ROUNDING;
      const naked = isNaked && told.length === 0 ? ['naked short, and no critical alert'] : [];
      return [
        ...(await judge(evidence, (record) => effectsOf(scene, evidence, record, { before, after, told }))),
        ...(before.perp < 0n && -before.perp > before.sol ? [] : naked),
      ];
    };
  },

  /** A worker that comes back after an order's time finds it refused, or gone unfilled. */
  mayEnd: ({ scene }, end) => isTrade(scene) && (end === 'failed' || end === 'expired'),
});

/**
 * Until the worker that is to die at an open order, or at a part of it, has died there: however fast or slow the machine is,
 * the keeper goes no farther before.
 */
function heldBack(rules: Partial<KeeperRules>, points: readonly KillPoint[]): Partial<KeeperRules> {
  const waitsFor = (of: string): boolean => points.some((point) => point.step === 'order' && point.of === of);
  if (waitsFor('open')) return { ...rules, fills: false };
  return waitsFor('part') ? { ...rules, parts: rules.parts?.slice(0, 1) ?? [], amm: false } : rules;
}

const until = (what: string | (() => string), holds: () => boolean): Promise<boolean> =>
  waitUntil(what, holds, { withinMs: READY_WITHIN_MS, everyMs: LOOK_EVERY_MS });

export interface Figures {
  /** Signed lamports. */
  readonly perp: bigint;
  readonly sol: bigint;
  readonly quote: bigint;
  readonly orders: number;
}

const isTrade = ({ request: { kind } }: PerpsScene): boolean => OPERATIONS[kind].trades;

interface Seen {
  readonly before: Figures;
  readonly after: Figures;
  /** Codes of critical alerts. */
  readonly told: readonly string[];
}

const abs = (value: bigint): bigint => (value < 0n ? -value : value);
const near = (value: bigint, wanted: bigint): boolean => abs(value - wanted) <= ROUNDING;

/** Position and balances: exactly one effect, or none, and the journal and the answer say which. */
function effectsOf(
  { request }: PerpsScene,
  evidence: Evidence,
  record: OperationRecord,
  { before, after, told }: Seen,
): readonly string[] {
  const { wrong, says } = claims();
  const landed = new Set(landedSignatures(evidence));
  const kindOf = new Map(record.attempts.map(({ signature, intent }) => [signature, intent.kind]));
  const count = (kind: string): number => [...landed].filter((signature) => kindOf.get(signature) === kind).length;
  const done = record.status === 'done';
  const moved = { sol: after.sol - before.sol, quote: after.quote - before.quote, perp: after.perp - before.perp };
  says(after.orders === 0, `${after.orders} orders are open after the end`);
  switch (request.kind) {
    case 'deposit':
    case 'withdraw': {
      const effects = count(request.kind);
      const amount = BigInt(request.amount) * BigInt(request.kind === 'deposit' ? effects : -effects);
      says(effects <= 1, `${effects} effects of one ${request.kind}`);
      says(done === (effects === 1), `the journal says ${record.status}, the chain ${effects} effects`);
      says(near(moved.sol, request.asset === 'SOL' ? amount : 0n), `SOL moved by ${moved.sol}`);
      says(near(moved.quote, request.asset !== 'SOL' ? amount : 0n), `the quote asset moved by ${moved.quote}`);
      says(moved.perp === 0n, `the perp moved by ${moved.perp}`);
      break;
    }
    case 'settle':
      says(count('settle') <= 1, `${count('settle')} effects of one settle`);
      says(done === (count('settle') === 1), `the journal says ${record.status}, the chain ${count('settle')} settles`);
      says(near(moved.sol, 0n), `SOL moved by ${moved.sol}`);
      says(moved.perp === 0n, `the perp moved by ${moved.perp}`);
      break;
    default: {
      const whole = isExitRequest(request) ? -before.perp : BigInt(request.size);
      const same = moved.perp === 0n || moved.perp > 0n === whole > 0n;
      says(same && abs(moved.perp) <= abs(whole), `the perp moved by ${moved.perp}, asked for ${whole}`);
      says(near(moved.sol, 0n), `SOL moved by ${moved.sol}`);
      if (!isExitRequest(request)) {
        says(count('order') <= 1, `${count('order')} placements of one order`);
        says(near(moved.quote, 0n), `the quote asset moved by ${moved.quote}`);
        says(done === (moved.perp !== 0n), `the journal says ${record.status}, the perp moved by ${moved.perp}`);
      } else {
        // A partial close is done and says so; an alert reports the rest.
        const flat = after.perp === 0n;
        says(
          done === (flat || moved.perp !== 0n),
          `the journal says ${record.status}, the perp moved by ${moved.perp}`,
        );
        says(flat || !done || told.includes('CLOSE_INCOMPLETE'), `${after.perp} are left, and nobody was told`);
      }
      const answered = evidence.answer.data.filled_size_base;
      const filled = answered === undefined && !done ? '0' : answered;
      says(filled === abs(moved.perp).toString(), `the answer says ${filled} filled, the perp moved by ${moved.perp}`);
    }
  }
  return wrong;
}
