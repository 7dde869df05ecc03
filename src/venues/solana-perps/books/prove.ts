/**
 * Compares the books, counted from events, with the account as it stands. Only prices and interest may explain a
 * difference; anything else is reported with its figures.
 */
import type { EquitySource } from '../../../domain/account/snapshot.ts';
import { abs, divCeil, lamports, max } from '../../../domain/money/units.ts';
import type { AccountStanding } from './standing.ts';
import { type BooksState, MAX_PERIODS, type SpotTokens } from './state.ts';
import { atPrices, change, tokensOf } from './value.ts';

/** The account minus the books, in base units; all 0 when the books are right. */
export interface BooksDifference {
  readonly walletSol: bigint;
  readonly walletQuote: bigint;
  readonly baseTokens: bigint;
  readonly quoteTokens: bigint;
  readonly perpBase: bigint;
  readonly perpQuote: bigint;
}

export interface Proof {
  readonly difference: BooksDifference;
  readonly clean: boolean;
  /** The books with prices and interest applied; the difference is not booked yet. */
  readonly state: BooksState;
}

/** The rounding of a proof itself, which cuts tokens to whole units. */
const PROOF_UNITS = 2n;

export function prove(before: BooksState, standing: AccountStanding): Proof {
  let state = atPrices(before, standing.prices);
  const base = interestOf(state.base, standing.base);
  const quote = interestOf(state.quote, standing.quote);
  state = change(state, { base: grown(state.base, standing.base, base.interest) }, 'interest');
  state = change(state, { quote: grown(state.quote, standing.quote, quote.interest) }, 'interest');
  state = change(state, { other: standing.other }, 'external');
  const difference: BooksDifference = {
    walletSol: standing.wallet.sol - state.wallet.sol,
    walletQuote: standing.wallet.quote - state.wallet.quote,
    baseTokens: base.difference,
    quoteTokens: quote.difference,
    perpBase: standing.perp.base - state.perp.base,
    perpQuote: standing.perp.quote - state.perp.quote,
  };
  return { difference, clean: Object.values(difference).every((amount) => amount === 0n), state };
}

/** Accepts the account as it stands. The difference goes to `source`, or to the baseline if the history is lost. */
export function concluded(
  { state, difference }: Proof,
  standing: AccountStanding,
  source: EquitySource | 'baseline',
): BooksState {
  const held = { wallet: standing.wallet, base: standing.base, quote: standing.quote, perp: standing.perp };
  const into = source === 'baseline' ? 'unexplained' : source;
  const next = change(state, held, into);
  const amount = next.sources[into] - state.sources[into];
  const part = state.since.liquidated ? 'liquidated' : 'foreign';
  const ledger = { ...next.ledger, [part]: lamports(next.ledger[part] + difference.perpBase) };
  const taken: BooksState = {
    ...next,
    ledger,
    slot: standing.slot,
    premium: standing.premium,
    periods: withPeriod(next.periods, standing.period),
    since: { liquidated: false, unclear: [] },
  };
  return source === 'baseline'
    ? {
        ...taken,
        baseline: taken.baseline + amount,
        sources: { ...taken.sources, unexplained: state.sources.unexplained },
      }
    : taken;
}

/** The market's periods as last seen, ascending. */
export function withPeriod(periods: BooksState['periods'], period: AccountStanding['period']): BooksState['periods'] {
  if (period === null || periods.some(({ tsMs }) => tsMs === period.tsMs)) return periods;
  return [...periods, period].sort((a, b) => a.tsMs - b.tsMs).slice(-MAX_PERIODS);
}

const grown = (spot: SpotTokens, standing: SpotTokens, interest: bigint): SpotTokens => ({
  ...standing,
  tokens: tokensOf(spot) + interest,
});

/**
 * Interest is the growth of balances beyond deposits and settles, within what the market's own index allows; a larger
 * growth is a difference. Each change of a balance, and the proof itself, may round by a unit.
 */
function interestOf(
  spot: SpotTokens,
  standing: SpotTokens,
): { readonly interest: bigint; readonly difference: bigint } {
  const growth = standing.tokens - tokensOf(spot);
  const largest = max(abs(spot.tokens), abs(standing.tokens)) + spot.turnover;
  const bound =
    max(
      growthOf(largest, spot.depositIndex, standing.depositIndex),
      growthOf(largest, spot.borrowIndex, standing.borrowIndex),
    ) +
    BigInt(spot.moves) * PROOF_UNITS +
    PROOF_UNITS;
  if (abs(growth) <= bound) return { interest: growth, difference: 0n };
  return { interest: 0n, difference: growth };
}

const growthOf = (tokens: bigint, from: bigint, to: bigint): bigint =>
  from <= 0n || to <= from ? 0n : divCeil(tokens * (to - from), from);
