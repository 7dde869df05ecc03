/**
 * Equity and the sources of its change, exact in 1e-15 USD (lamports times price). Each event books its own source.
 * `unexplained` is not booked but computed from the account, so a mistake shows there, and tests check it.
 */
import type { EquitySource, EquitySources } from '../../domain/account/snapshot.ts';
import { divFloor, FEMTO_PER_MICRO_USD, type FemtoUsd, type Price } from '../../domain/money/units.ts';
import type { EquityRecord } from '../../journal/records.ts';
import { equityAt, exposure } from './holdings.ts';
import { QUOTE_PRICE } from './parameters.ts';
import type { PaperState } from './state.ts';

type Booked = Exclude<EquitySource, 'unexplained'>;

export const book = (state: PaperState, source: Booked, amount: bigint): PaperState => ({
  ...state,
  sources: { ...state.sources, [source]: state.sources[source] + amount },
});

/** Books the oracle's move since the last count on what was held meanwhile. Every change begins with this. */
export function countPrice(state: PaperState, oracle: Price): PaperState {
  if (oracle === state.countedAt) return state;
  const moved = exposure(state) * (oracle - state.countedAt);
  return { ...book(state, 'price', moved), countedAt: oracle };
}

export interface Equity {
  readonly equity: FemtoUsd;
  readonly sources: EquitySources;
}

/** At the price up to which the state is counted. */
export function equityOf(state: PaperState): Equity {
  const equity = equityAt(state, state.countedAt);
  const booked = Object.values(state.sources).reduce((sum, amount) => sum + amount, 0n);
  return { equity, sources: { ...state.sources, unexplained: equity - state.baseline - booked } };
}

/**
 * The journal's row, in micro-USD. Rounding must not unbalance the sum: `price`, the only figure that is on no receipt,
 * absorbs the rounding of the others (below 5 micro-USD).
 */
export function equityRecord(engineId: string, state: PaperState, tsMs: number): EquityRecord {
  const { equity, sources } = equityOf(state);
  const micro = (value: bigint): bigint => divFloor(value + FEMTO_PER_MICRO_USD / 2n, FEMTO_PER_MICRO_USD);
  const { price: _, ...others } = sources;
  const rounded = Object.fromEntries(
    Object.entries(others).map(([source, amount]) => [source, micro(amount)]),
  ) as Record<Exclude<EquitySource, 'price'>, bigint>;
  const sum = Object.values(rounded).reduce((total, amount) => total + amount, 0n);
  const texts = Object.fromEntries(
    Object.entries({ ...rounded, price: micro(equity) - micro(state.baseline) - sum }).map(([source, amount]) => [
      source,
      amount.toString(),
    ]),
  ) as Record<EquitySource, string>;
  return {
    engineId,
    tsMs,
    marketTimeMs: state.market.timeMs,
    equity: micro(equity).toString(),
    baseline: micro(state.baseline).toString(),
    ...texts,
    quotePrice: QUOTE_PRICE.toString(),
  };
}
