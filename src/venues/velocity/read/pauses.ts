/**
 * What Velocity refuses now, according to five places: State's flags for everyone, the markets' own flags and status, the
 * account's status, its equity floor, and the flags of the wallet's statistics. Table: docs/architecture/velocity-venue.md.
 */
import type { VenuePauses } from '../../../domain/account/snapshot.ts';
import { abs, max } from '../../../domain/money/units.ts';
import type { ExchangeState, PerpMarketState, SpotMarketState, UserStatsState } from '../program/accounts.ts';
import type { UserState } from '../program/user.ts';

/** `State.exchangeStatus`. */
const EXCHANGE = { deposit: 1, withdraw: 2, amm: 4, fill: 8, liquidation: 16, funding: 32, settle: 64 } as const;
/** With every flag set the program takes no order and no cancellation either. */
const FROZEN = 255;
const PERP = { funding: 1, ammFill: 2, fill: 4, settle: 8, settleWithPosition: 16, liquidation: 32 } as const;
const SPOT = { deposit: 4, withdraw: 8 } as const;
const USER = { bankrupt: 2, reduceOnly: 4 } as const;
/** `UserStats.pausedOperations`: filling at the AMM in the transaction that places, always or where it adds risk. */
const STATS = { take: 2, riskyTake: 4 } as const;

interface VelocityPauseSubject {
  readonly state: ExchangeState;
  readonly market: PerpMarketState;
  readonly base: SpotMarketState;
  readonly quote: SpotMarketState;
  readonly user: UserState | null;
  readonly userStats: UserStatsState | null;
  /** At initial weights and strict prices, micro-USD: what the equity floor is compared with. Null: unknown. */
  readonly collateral: bigint | null;
  /** The chain's clock. */
  readonly nowMs: number;
}

const has = (flags: number, flag: number): boolean => (flags & flag) !== 0;

function inWords(words: readonly (string | null)[]): string | null {
  const present = words.filter((word) => word !== null);
  const last = present.at(-1);
  if (last === undefined) return null;
  return present.length < 2 ? last : `${present.slice(0, -1).join(', ')} and ${last}`;
}

const AMM_WORDS = 'its AMM (orders fill only against other traders)';

const EXCHANGE_WORDS: readonly (readonly [number, string])[] = [
  [EXCHANGE.deposit, 'deposits'],
  [EXCHANGE.withdraw, 'withdrawals'],
  [EXCHANGE.fill, 'order fills'],
  [EXCHANGE.amm, AMM_WORDS],
  [EXCHANGE.settle, 'settling PnL'],
  [EXCHANGE.funding, 'funding (nothing is paid for this time)'],
  [EXCHANGE.liquidation, 'liquidations'],
];

const isExpired = ({ expiryTs }: { readonly expiryTs: bigint }, nowMs: number): boolean =>
  expiryTs !== 0n && BigInt(Math.floor(nowMs / 1000)) >= expiryTs;

const STATUS_WORDS: Readonly<Record<string, string>> = {
  initialized: 'not open yet',
  settlement: 'being settled at its expiry price',
  delisted: 'delisted',
  unknown: 'in a state that is not known',
};

const SETTLED_AT_EXPIRY =
  'Settle PnL: that closes what stands in it at the expiry price, and takes no order. Then withdraw.';
const NOT_SETTLED_YET =
  'Its positions are closed at the expiry price as soon as Velocity sets one: then settle PnL, and withdraw.';
const ONLY_ADMINISTRATORS =
  "A position that still stands in it can be neither traded nor settled: only Velocity's administrators can end that.";

/** What becomes of a position in a market that has ended, and what to do. */
function endedInWords(market: PerpMarketState, nowMs: number): string | null {
  if (market.status === 'delisted') return ONLY_ADMINISTRATORS;
  if (market.status === 'settlement') return SETTLED_AT_EXPIRY;
  return isExpired(market, nowMs) ? NOT_SETTLED_YET : null;
}

/** Why the market takes no orders; null: it takes them. */
function closedInWords(market: PerpMarketState, nowMs: number): string | null {
  return STATUS_WORDS[market.status] ?? (isExpired(market, nowMs) ? 'expired' : null);
}

function exchangeSentence({ exchangeStatus }: ExchangeState): string | null {
  const paused = inWords(EXCHANGE_WORDS.map(([flag, word]) => (has(exchangeStatus, flag) ? word : null)));
  return paused === null ? null : `Velocity has paused ${paused}.`;
}

/** The program refuses to settle in these markets, whatever their flags say. */
const refusesSettling = ({ status }: PerpMarketState): boolean =>
  ['initialized', 'reduceOnly', 'delisted', 'unknown'].includes(status);

const pausesSettling = ({ pausedOperations: flags }: PerpMarketState): boolean =>
  has(flags, PERP.settle) || has(flags, PERP.settleWithPosition);

function perpSentences(market: PerpMarketState, nowMs: number): readonly (string | null)[] {
  const { name, pausedOperations: flags } = market;
  const paused = inWords([
    has(flags, PERP.fill) ? 'order fills' : null,
    has(flags, PERP.ammFill) ? AMM_WORDS : null,
    pausesSettling(market) ? 'settling PnL' : null,
    has(flags, PERP.funding) ? 'funding' : null,
    has(flags, PERP.liquidation) ? 'liquidations' : null,
  ]);
  const closed = closedInWords(market, nowMs);
  return [
    paused === null ? null : `In ${name} Velocity has paused ${paused}.`,
    market.status === 'reduceOnly'
      ? `${name} is reduce-only: positions can be reduced but not increased, and PnL cannot be settled until it opens again.`
      : null,
    closed === null ? null : `${name} accepts no orders: it is ${closed}.`,
    endedInWords(market, nowMs),
  ];
}

/** The larger side of a market once an account's position is closed. */
function openInterestWithout(market: PerpMarketState, position: bigint): bigint {
  const long = market.baseLong - (position > 0n ? position : 0n);
  const short = -market.baseShort - (position < 0n ? -position : 0n);
  return max(long, short);
}

interface Crowd {
  readonly increase: boolean;
  readonly reduce: boolean;
  readonly sentence: string | null;
}

const sol = (base: bigint): string => (Number(base) / 1e9).toFixed(2);

/** A fill must leave the open interest within the cap, also one that closes. */
function crowdOf(market: PerpMarketState, position: bigint): Crowd {
  const cap = market.maxOpenInterest;
  const now = max(market.baseLong, -market.baseShort);
  if (cap === 0n || now < cap) return { increase: false, reduce: false, sentence: null };
  const stuck = openInterestWithout(market, position) > cap;
  const consequence = stuck
    ? 'Velocity refuses every fill, also one that closes, until others close or the cap rises.'
    : 'Nothing can be added; closing the whole position passes.';
  return {
    increase: true,
    reduce: stuck,
    sentence: `The open interest of ${market.name} (${sol(now)}) has reached its cap (${sol(cap)}). ${consequence}`,
  };
}

function spotRefuses(market: SpotMarketState, operation: 'deposit' | 'withdraw', nowMs: number): boolean {
  const { status, pausedOperations } = market;
  if (has(pausedOperations, SPOT[operation]) || status === 'unknown' || status === 'initialized') return true;
  if (operation === 'withdraw') return status === 'delisted';
  return status !== 'active' || isExpired(market, nowMs);
}

function spotSentence(market: SpotMarketState, nowMs: number): string | null {
  const refused = (['deposit', 'withdraw'] as const).filter((operation) => spotRefuses(market, operation, nowMs));
  const words = refused.map((operation) => (operation === 'deposit' ? 'deposits' : 'withdrawals'));
  return words.length === 0 ? null : `Velocity accepts no ${words.join(' and no ')} of ${market.name}.`;
}

interface AccountPauses {
  /** Below its floor an account may only reduce and deposit. */
  readonly belowFloor: boolean;
  /** The floor's breaker, which stays until it is reset: reductions still fill. */
  readonly broken: boolean;
  readonly reduceOnly: boolean;
  readonly bankrupt: boolean;
  readonly sentences: readonly (string | null)[];
}

const usd = (micro: bigint): string => (Number(micro) / 1e6).toFixed(2);

function accountPauses({ user, userStats, collateral }: VelocityPauseSubject): AccountPauses {
  const floor = user?.equityFloor ?? 0n;
  const belowFloor = floor > 0n && (collateral === null || collateral < floor);
  const broken = (userStats?.equityBreaker ?? 0) !== 0;
  const reduceOnly = user !== null && has(user.status, USER.reduceOnly);
  const bankrupt = user !== null && has(user.status, USER.bankrupt);
  const untaken = has(userStats?.pausedOperations ?? 0, STATS.take | STATS.riskyTake);
  const standing = collateral === null ? 'is unknown' : `is ${usd(collateral)} USD`;
  return {
    belowFloor,
    broken,
    reduceOnly,
    bankrupt,
    sentences: [
      belowFloor
        ? `Velocity has set an equity floor of ${usd(floor)} USD for this account, and its collateral ${standing}: it can deposit and reduce, not withdraw or increase.`
        : null,
      broken
        ? "The equity-floor breaker of this wallet has tripped: it can deposit and reduce, not withdraw or increase, until Velocity's administrators reset it."
        : null,
      reduceOnly ? 'Velocity has marked this account as reduce-only.' : null,
      bankrupt ? 'Velocity has declared this account bankrupt: it must be resolved before anything moves.' : null,
      untaken
        ? 'Velocity lets this wallet fill nothing in the transaction that places it: orders wait for a keeper.'
        : null,
    ],
  };
}

const FROZEN_SENTENCE =
  'Velocity is frozen: its administrators have paused everything, so nobody can deposit, withdraw, trade, cancel or ' +
  'settle; Driftless watches what can be read.';

export function velocityPauses(subject: VelocityPauseSubject): VenuePauses {
  const { state, market, base, quote, user, nowMs } = subject;
  const frozen = state.exchangeStatus === FROZEN;
  const own = accountPauses(subject);
  const position = user?.perpPositions.find((each) => each.marketIndex === market.marketIndex)?.base ?? 0n;
  const crowd = crowdOf(market, position);
  const noOrders =
    has(state.exchangeStatus, EXCHANGE.fill) ||
    has(market.pausedOperations, PERP.fill) ||
    closedInWords(market, nowMs) !== null ||
    own.bankrupt;
  const refused = (operation: 'deposit' | 'withdraw'): string[] =>
    [base, quote].filter((each) => spotRefuses(each, operation, nowMs)).map(({ name }) => name);
  // If everything is frozen, the pauses of single markets add nothing.
  const sentences = frozen
    ? [FROZEN_SENTENCE]
    : [
        exchangeSentence(state),
        ...perpSentences(market, nowMs),
        crowd.sentence,
        spotSentence(base, nowMs),
        spotSentence(quote, nowMs),
        ...own.sentences,
      ].filter((each) => each !== null);
  return {
    deposit: frozen || has(state.exchangeStatus, EXCHANGE.deposit) || own.bankrupt,
    withdraw: frozen || has(state.exchangeStatus, EXCHANGE.withdraw) || own.belowFloor || own.broken || own.bankrupt,
    increase:
      noOrders || market.status === 'reduceOnly' || own.reduceOnly || own.belowFloor || own.broken || crowd.increase,
    reduce: noOrders || (abs(position) > 0n && crowd.reduce),
    settle:
      has(state.exchangeStatus, EXCHANGE.settle) ||
      has(state.exchangeStatus, EXCHANGE.funding) ||
      pausesSettling(market) ||
      refusesSettling(market),
    refusedAssets: { deposit: refused('deposit'), withdraw: refused('withdraw') },
    detail: sentences.length === 0 ? null : sentences.join(' '),
  };
}
