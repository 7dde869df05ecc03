/**
 * The value of the books' holdings, computed like `equityOf` of a read, and the only two ways in which it changes: prices
 * move, or holdings change and the difference goes to sources. So equity = baseline + sources always holds exactly.
 */
import type { EquitySource, EquitySources } from '../../../domain/account/snapshot.ts';
import { divFloor, FEMTO_PER_MICRO_USD } from '../../../domain/money/units.ts';
import type { EquityRecord } from '../../../journal/records.ts';
import { quoteWorth, type Worth } from '../read/equity.ts';
import type { BooksState, SpotTokens } from './state.ts';

export const tokensOf = ({ tokens, moved }: SpotTokens): bigint => tokens + moved;

type BooksHoldings = Pick<BooksState, 'wallet' | 'base' | 'quote' | 'perp' | 'other'>;

export const holdingsWorth = (
  { wallet, base, quote, perp, other }: BooksHoldings,
  prices: Pick<BooksState['prices'], 'base' | 'perp'>,
): Worth => ({
  inQuote: (tokensOf(quote) + wallet.quote + perp.quote) * FEMTO_PER_MICRO_USD + perp.base * prices.perp,
  inUsd: (tokensOf(base) + wallet.sol) * prices.base + other,
});

/** 1e-15 of the quote asset. The books begin with a price of it, and take no other than a positive one. */
export const worthOf = (state: BooksHoldings & Pick<BooksState, 'prices'>): bigint =>
  quoteWorth(holdingsWorth(state, state.prices), state.prices.quote) ?? 0n;

const withSource = (state: BooksState, source: EquitySource, amount: bigint): BooksState => ({
  ...state,
  sources: { ...state.sources, [source]: state.sources[source] + amount },
});

/** Only prices move. */
export function atPrices(state: BooksState, prices: Partial<BooksState['prices']>): BooksState {
  const next = { ...state, prices: { ...state.prices, ...prices } };
  return withSource(next, 'price', worthOf(next) - worthOf(state));
}

type HoldingsChange = Partial<Pick<BooksState, 'wallet' | 'base' | 'quote' | 'perp' | 'other'>>;

/** Holdings change: the parts go to their sources, the rest of the difference to `rest`. */
export function change(
  state: BooksState,
  holdings: HoldingsChange,
  rest: EquitySource,
  parts: Partial<Record<EquitySource, bigint>> = {},
): BooksState {
  let next: BooksState = { ...state, ...holdings };
  let left = worthOf(next) - worthOf(state);
  for (const [source, amount] of Object.entries(parts) as [EquitySource, bigint][]) {
    next = withSource(next, source, amount);
    left -= amount;
  }
  return withSource(next, rest, left);
}

const micro = (femto: bigint): bigint => divFloor(femto + FEMTO_PER_MICRO_USD / 2n, FEMTO_PER_MICRO_USD);

/** In 1e-6 of the quote asset. Funding is whole already. `price`, which is on no receipt, absorbs the rounding of the others. */
export function equityRecord(
  engineId: string,
  { baseline, sources, prices }: Pick<BooksState, 'baseline' | 'sources' | 'prices'>,
  times: { readonly tsMs: number; readonly marketTimeMs: number },
): EquityRecord {
  const rounded = Object.fromEntries(
    Object.entries(sources).map(([source, amount]) => [source, micro(amount)]),
  ) as unknown as EquitySources;
  const sumOf = (parts: EquitySources): bigint => Object.values(parts).reduce((sum, part) => sum + part, 0n);
  const equity = micro(baseline + sumOf(sources));
  const price = equity - micro(baseline) - (sumOf(rounded) - rounded.price);
  const texts = Object.fromEntries(
    Object.entries({ ...rounded, price }).map(([source, amount]) => [source, amount.toString()]),
  ) as Record<EquitySource, string>;
  const quotePrice = prices.quote.toString();
  return { engineId, ...times, equity: equity.toString(), baseline: micro(baseline).toString(), ...texts, quotePrice };
}
