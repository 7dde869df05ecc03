/**
 * What Drift refuses now, according to four places: the State's flags for everyone, the markets' own flags and status, and the
 * account's. Table: docs/architecture/drift-venue.md. Source: `state/paused_operations.rs`, `instructions/constraints.rs`.
 */
import type { VenuePauses } from '../../domain/account/snapshot.ts';
import type { DriftExchange, DriftPerpMarket, DriftSpotMarket, DriftUser } from './account-layouts.ts';

/** `State.exchangeStatus`. */
const EXCHANGE = {
  deposit: 1,
  withdraw: 2,
  amm: 4,
  fill: 8,
  liquidation: 16,
  funding: 32,
  settle: 64,
  ammImmediate: 128,
} as const;
/** All flags that v2.84 knows; if all are set, it accepts no orders either. */
const ALL_EXCHANGE = 127;
/** `PerpMarket.pausedOperations`. */
const PERP = { funding: 1, ammFill: 2, fill: 4, settle: 8, settleWithPosition: 16, liquidation: 32 } as const;
/** `SpotMarket.pausedOperations`. */
const SPOT = { interest: 1, fill: 2, deposit: 4, withdraw: 8, liquidation: 16 } as const;
/** `User.status`. */
const USER_REDUCE_ONLY = 4;

/** No orders are accepted in these states; in the last two, positions are settled at the market's expiry price. */
const NO_ORDERS: ReadonlySet<string> = new Set(['initialized', 'settlement', 'delisted']);
const NO_DEPOSITS: ReadonlySet<string> = new Set(['initialized', 'reduceOnly', 'settlement', 'delisted']);
const NO_WITHDRAWALS: ReadonlySet<string> = new Set(['initialized', 'withdrawPaused', 'delisted']);

interface PauseSubject {
  readonly state: DriftExchange;
  readonly market: DriftPerpMarket;
  readonly base: DriftSpotMarket;
  readonly quote: DriftSpotMarket;
  readonly user: DriftUser | null;
}

const has = (flags: number, flag: number): boolean => (flags & flag) !== 0;

function inWords(words: readonly string[]): string {
  const last = words.at(-1) ?? '';
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} and ${last}`;
}

/** State's flags and what they stop. */
const EXCHANGE_WORDS: readonly (readonly [number, string])[] = [
  [EXCHANGE.deposit, 'deposits'],
  [EXCHANGE.withdraw, 'withdrawals'],
  [EXCHANGE.fill, 'order fills'],
  [EXCHANGE.amm, 'its AMM (orders fill only against other traders)'],
  [EXCHANGE.settle, 'settling PnL'],
  [EXCHANGE.funding, 'funding (nothing is paid for this time)'],
  [EXCHANGE.liquidation, 'liquidations'],
  [EXCHANGE.ammImmediate, 'immediate fills by its AMM'],
];

/**
 * One sentence for people if everything is paused; null if the venue accepts at least something.
 */
function frozenSentence(state: Pick<DriftExchange, 'exchangeStatus'>): string | null {
  if ((state.exchangeStatus & ALL_EXCHANGE) !== ALL_EXCHANGE) return null;
  return (
    `Drift is frozen: its administrators have paused everything (flags ${state.exchangeStatus}), so nobody can ` +
    'deposit, withdraw, trade or settle; Driftless watches what can be read.'
  );
}

function exchangeSentence(state: DriftExchange): string | null {
  const paused = EXCHANGE_WORDS.filter(([flag]) => has(state.exchangeStatus, flag)).map(([, word]) => word);
  return paused.length === 0 ? null : `Drift has paused ${inWords(paused)}.`;
}

function perpSentences(market: DriftPerpMarket): readonly string[] {
  const name = market.name;
  const status = market.status;
  const flags = market.pausedOperations;
  const paused = [
    has(flags, PERP.fill) ? 'order fills' : null,
    has(flags, PERP.ammFill) || status === 'ammPaused' ? 'its AMM (orders fill only against other traders)' : null,
    has(flags, PERP.settle) ? 'settling PnL' : null,
    has(flags, PERP.settleWithPosition) ? 'settling PnL while a position is open' : null,
    has(flags, PERP.funding) || status === 'fundingPaused' ? 'funding' : null,
    has(flags, PERP.liquidation) ? 'liquidations' : null,
  ].filter((each) => each !== null);
  return [
    ...(paused.length === 0 ? [] : [`In ${name} Drift has paused ${inWords(paused)}.`]),
    ...(status === 'reduceOnly' ? [`${name} is reduce-only: positions can be reduced but not increased.`] : []),
    ...(NO_ORDERS.has(status) ? [`${name} accepts no orders: it is ${STATUS_WORDS[status]}.`] : []),
    ...(status === 'settlement'
      ? ['Settle PnL: that closes what stands in it at the expiry price, and takes no order. Then withdraw.']
      : []),
    ...(status === 'delisted'
      ? [
          "A position that still stands in it can be neither traded nor settled: only Drift's administrators can end that.",
        ]
      : []),
  ];
}

const STATUS_WORDS: Readonly<Record<string, string>> = {
  initialized: 'not open yet',
  settlement: 'being settled at its expiry price',
  delisted: 'delisted',
};

function spotSentences(market: DriftSpotMarket): readonly string[] {
  const asset = market.name;
  const paused = [
    spotRefuses(market, 'deposit') ? 'deposits' : null,
    spotRefuses(market, 'withdraw') ? 'withdrawals' : null,
  ].filter((each) => each !== null);
  return paused.length === 0 ? [] : [`Drift accepts no ${paused.join(' and no ')} of ${asset}.`];
}

function spotRefuses(market: DriftSpotMarket, operation: 'deposit' | 'withdraw'): boolean {
  const closed = operation === 'deposit' ? NO_DEPOSITS : NO_WITHDRAWALS;
  return has(market.pausedOperations, SPOT[operation]) || closed.has(market.status);
}

export function pausesOf({ state, market, base, quote, user }: PauseSubject): VenuePauses {
  const exchange = state.exchangeStatus;
  const status = market.status;
  const noOrders =
    (exchange & ALL_EXCHANGE) === ALL_EXCHANGE ||
    has(exchange, EXCHANGE.fill) ||
    has(market.pausedOperations, PERP.fill) ||
    status === 'fillPaused' ||
    NO_ORDERS.has(status);
  const userReduceOnly = user !== null && has(user.status, USER_REDUCE_ONLY);
  const hasPosition =
    user?.perpPositions.some((position) => position.marketIndex === market.marketIndex && position.base !== 0n) ===
    true;
  const refusedAssets = (operation: 'deposit' | 'withdraw'): string[] =>
    [base, quote].filter((each) => spotRefuses(each, operation)).map((each) => each.name);
  // If everything is frozen, the pauses of single markets add nothing.
  const frozen = frozenSentence(state);
  const sentences = (
    frozen !== null
      ? [frozen]
      : [
          exchangeSentence(state),
          ...perpSentences(market),
          ...spotSentences(base),
          ...spotSentences(quote),
          userReduceOnly ? 'Drift has marked this account as reduce-only.' : null,
        ]
  ).filter((each) => each !== null);
  return {
    deposit: has(exchange, EXCHANGE.deposit),
    withdraw: has(exchange, EXCHANGE.withdraw),
    increase: noOrders || status === 'reduceOnly' || userReduceOnly,
    reduce: noOrders,
    settle:
      has(exchange, EXCHANGE.settle) ||
      has(market.pausedOperations, PERP.settle) ||
      (hasPosition && has(market.pausedOperations, PERP.settleWithPosition)),
    refusedAssets: { deposit: refusedAssets('deposit'), withdraw: refusedAssets('withdraw') },
    detail: sentences.length === 0 ? null : sentences.join(' '),
  };
}
