/** The operations on a real program while workers die: each scene has an account to begin with and its own keeper behaviour. */

import type { KeeperRules } from '../../../localnet/perps/keeper-rules.ts';
import type { OperationRequest } from '../../../src/domain/order/operation-request.ts';
import { at } from './combinations.ts';
import type { KillPoint } from './mortal-worker.ts';

export interface PerpsScene {
  readonly name: string;
  readonly request: OperationRequest;
  /** What stands before; null: it has no account yet. Base units, of the short positive. */
  readonly has: { readonly sol: bigint; readonly quote: bigint; readonly short: bigint } | null;
  readonly keeper: Partial<KeeperRules>;
  /** Where the program can fill an order in the transaction that places it: it does. Absent: it waits for the keeper. */
  readonly takes?: true;
  /** On a chain whose AMM fills nothing: what is filled, makers fill. */
  readonly makersOnly?: true;
  /** Where a worker comes by in this scene and not in each. */
  readonly points: readonly KillPoint[];
}

const SOL = 1_000_000_000n;
const QUOTE = 1_000_000n;
const MARKET = 'SOL-PERP';
const SIZE = SOL / 2n;
/** The market trades in steps of 0.1 SOL: of an order in between, only the whole steps are placed. */
const PART_SIZE = SOL / 5n;
const FUNDED = { sol: SOL, quote: 200n * QUOTE, short: 0n };
const HEDGED = { ...FUNDED, short: SIZE };

const OPEN: OperationRequest = { kind: 'open', market: MARKET, size: (-SIZE).toString() };
const CLOSE: OperationRequest = { kind: 'close', market: MARKET };

/** Makers within the auction, the AMM for the rest. */
const IN_PARTS: Partial<KeeperRules> = {
  parts: [
    { afterSlots: 4, share: 0.3 },
    { afterSlots: 40, share: 0.3 },
  ],
  fillAfterSlots: 90,
};
/** The same with makers alone. */
const BY_MAKERS: Partial<KeeperRules> = {
  parts: [...(IN_PARTS.parts ?? []), { afterSlots: 90, share: 1 }],
  amm: false,
};
/** Nobody takes the rest off but we. */
const PART_ONLY: Partial<KeeperRules> = { parts: [{ afterSlots: 4, share: 0.4 }], amm: false, expires: false };
/** Some 2.5 s. */
const LATE: Partial<KeeperRules> = { fillAfterSlots: 80 };
const NEVER: Partial<KeeperRules> = { fills: false };
/** Nothing until our cancel is about to land, then ahead of it. */
const RACES: Partial<KeeperRules> = { racesCancels: true, amm: false, expires: false };

const WAITING: readonly KillPoint[] = [at('before', 'order'), at('after', 'order', { of: 'open' })];
const GONE = at('after', 'order', { of: 'gone' });
const BETWEEN_FILLS: readonly KillPoint[] = [
  at('after', 'order', { of: 'part' }),
  at('after', 'order', { of: 'part', nth: 3 }),
];
const CANCELS: readonly KillPoint[] = [
  at('before', 'simulate', { of: 'cancel_orders' }),
  at('after', 'sign', { of: 'cancel_orders' }),
  at('after', 'journal', { of: 'cancel_orders signed' }),
  at('before', 'submit', { of: 'cancel_orders' }),
  at('during', 'submit', { of: 'cancel_orders' }),
  at('after', 'submit', { of: 'cancel_orders' }),
  at('after', 'status', { of: 'cancel_orders confirmed' }),
];

interface Differences {
  /** Symbol of the quote asset. */
  readonly quote: string;
  /** Of the scenes in which a short is filled in parts. */
  readonly inParts: Pick<PerpsScene, 'keeper' | 'makersOnly'>;
  readonly inPartOnly: Pick<PerpsScene, 'keeper' | 'makersOnly'>;
}

const perpsScenes = ({ quote, inParts, inPartOnly }: Differences): readonly PerpsScene[] => [
  {
    name: 'first deposit of SOL',
    request: { kind: 'deposit', asset: 'SOL', amount: '310000000' },
    has: null,
    keeper: {},
    points: [],
  },
  {
    name: 'deposit of the quote asset',
    request: { kind: 'deposit', asset: quote, amount: '41000000' },
    has: FUNDED,
    keeper: {},
    points: [],
  },
  {
    name: 'withdrawal of SOL',
    request: { kind: 'withdraw', asset: 'SOL', amount: '170000000' },
    has: HEDGED,
    keeper: {},
    points: [],
  },
  {
    name: 'withdrawal of the quote asset',
    request: { kind: 'withdraw', asset: quote, amount: '23000000' },
    has: FUNDED,
    keeper: {},
    points: [],
  },
  {
    name: 'open',
    request: OPEN,
    has: FUNDED,
    keeper: {},
    points: [...WAITING, GONE],
  },
  {
    name: 'open, filled in parts',
    request: OPEN,
    has: FUNDED,
    ...inParts,
    points: [...WAITING, ...BETWEEN_FILLS, GONE],
  },
  {
    name: 'open, filled in part only',
    request: OPEN,
    has: FUNDED,
    ...inPartOnly,
    points: [...BETWEEN_FILLS, GONE, ...CANCELS],
  },
  {
    name: 'open, filled late',
    request: OPEN,
    has: FUNDED,
    keeper: LATE,
    points: [...WAITING, GONE],
  },
  {
    name: 'open, never filled',
    request: OPEN,
    has: FUNDED,
    keeper: NEVER,
    points: [...WAITING, ...CANCELS],
  },
  {
    name: 'open, filled ahead of its cancel',
    request: OPEN,
    has: FUNDED,
    keeper: RACES,
    points: CANCELS,
  },
  { name: 'close', request: CLOSE, has: HEDGED, keeper: {}, points: [...WAITING, GONE] },
  {
    name: 'close, filled in parts',
    request: CLOSE,
    has: HEDGED,
    keeper: IN_PARTS,
    points: [...BETWEEN_FILLS, GONE],
  },
  {
    name: 'rebalance that sells',
    request: { kind: 'rebalance', market: MARKET, size: (-SIZE).toString() },
    has: { ...FUNDED, short: PART_SIZE },
    keeper: {},
    points: [...WAITING, GONE],
  },
  {
    name: 'rebalance that buys back, filled in parts',
    request: { kind: 'rebalance', market: MARKET, size: (SIZE / 2n).toString() },
    has: { ...FUNDED, sol: SIZE / 2n, short: SIZE },
    keeper: IN_PARTS,
    points: [...BETWEEN_FILLS, GONE],
  },
  {
    name: 'settle',
    request: { kind: 'settle', market: MARKET },
    has: HEDGED,
    keeper: {},
    points: [],
  },
];

/** Nobody fills it, and nobody needs to. */
const TAKES = { takes: true, keeper: NEVER } as const;
const TAKEN: readonly KillPoint[] = [at('before', 'order'), GONE];

export const DRIFT_SCENES = perpsScenes({
  quote: 'USDC',
  inParts: { keeper: IN_PARTS },
  inPartOnly: { keeper: PART_ONLY },
});
/** A short begins at the AMM's bid there: with the first maker's part the AMM would take all the rest. */
export const VELOCITY_SCENES: readonly PerpsScene[] = [
  ...perpsScenes({
    quote: 'USDT',
    inParts: { keeper: BY_MAKERS, makersOnly: true },
    inPartOnly: { keeper: PART_ONLY, makersOnly: true },
  }),
  { name: 'open, filled where it lands', request: OPEN, has: FUNDED, ...TAKES, points: TAKEN },
  { name: 'close, filled where it lands', request: CLOSE, has: HEDGED, ...TAKES, points: TAKEN },
  {
    name: 'rebalance that buys back, filled where it lands',
    request: { kind: 'rebalance', market: MARKET, size: (SIZE / 2n).toString() },
    has: { ...FUNDED, sol: SIZE / 2n, short: SIZE },
    ...TAKES,
    points: TAKEN,
  },
];
