/** Splits one payment of the chain into rows per funding period with the same sum, to the unit. */
import { price } from '../../../domain/money/units.ts';
import type { FundingRecord } from '../../../journal/records.ts';
import type { FundingEvent } from '../perps-event.ts';
import { type BooksState, MAX_PERIODS } from './state.ts';

/** Rate: quote per base at 1e9, over a price at 1e6: the fraction at 1e9. */
const PRICE_ONE = 1_000_000n;

interface Stretch {
  /** Cumulative rate at its end. */
  readonly until: bigint;
  readonly tsMs: number;
  readonly oracleTwap: bigint;
}

/** Whose payments, and how long the market's periods last. */
interface FundedMarket {
  readonly engineId: string;
  readonly market: string;
  readonly fundingPeriodMs: number;
}

interface FundingRows {
  readonly rows: readonly FundingRecord[];
  readonly paidPeriods: readonly number[];
}

export function fundingRows(
  event: FundingEvent,
  { periods, paidPeriods, prices }: Pick<BooksState, 'periods' | 'paidPeriods' | 'prices'>,
  { engineId, market, fundingPeriodMs }: FundedMarket,
): FundingRows {
  const long = event.baseAmount > 0n;
  const until = long ? event.cumulativeRateLong : event.cumulativeRateShort;
  const stretches = stretchesOf(event, periods, until, price(prices.perp));
  const paid = [...paidPeriods];
  const rows: FundingRecord[] = [];
  const whole = until - event.lastCumulativeRate;
  let from = event.lastCumulativeRate;
  let paidSoFar = 0n;
  for (const [index, stretch] of stretches.entries()) {
    const due =
      index === stretches.length - 1
        ? event.payment
        : share(event.payment, stretch.until - event.lastCumulativeRate, whole);
    let periodTsMs =
      fundingPeriodMs === 0 ? stretch.tsMs : Math.floor(stretch.tsMs / fundingPeriodMs) * fundingPeriodMs;
    // The rates changed within a period (this is how a bankruptcy is shared): it gets a row of its own, so nothing is lost.
    while (paid.includes(periodTsMs)) periodTsMs += 1;
    paid.push(periodTsMs);
    rows.push({
      engineId,
      market,
      periodTsMs,
      rate: (stretch.oracleTwap === 0n ? 0n : ((stretch.until - from) * PRICE_ONE) / stretch.oracleTwap).toString(),
      position: event.baseAmount.toString(),
      amount: (due - paidSoFar).toString(),
      tsMs: event.tsMs,
    });
    from = stretch.until;
    paidSoFar = due;
  }
  return { rows, paidPeriods: paid.slice(-MAX_PERIODS) };
}

/** The part of `payment` that is due at `rate` of `whole`. */
const share = (payment: bigint, rate: bigint, whole: bigint): bigint => (whole === 0n ? 0n : (payment * rate) / whole);

/** The periods that a payment covers and whose ends were seen; at least one, and the last ends with the payment. */
function stretchesOf(
  event: FundingEvent,
  periods: BooksState['periods'],
  until: bigint,
  oracle: bigint,
): readonly Stretch[] {
  const cumulativeOf = (period: BooksState['periods'][number]): bigint =>
    event.baseAmount > 0n ? period.cumulativeLong : period.cumulativeShort;
  const end: Stretch = { until, tsMs: event.tsMs, oracleTwap: oracle };
  const past = periods.filter(({ tsMs }) => tsMs <= event.tsMs);
  const start = past.findLastIndex((period) => cumulativeOf(period) === event.lastCumulativeRate);
  const seen = (start < 0 ? past.slice(-1) : past.slice(start + 1)).map((period) => ({
    until: cumulativeOf(period),
    tsMs: period.tsMs,
    oracleTwap: period.oracleTwap as bigint,
  }));
  const last = seen.findLastIndex((stretch) => stretch.until === until);
  // Without a known beginning the whole payment is one row, which ends with the period seen to end there, if any.
  if (start < 0) return [last < 0 ? end : (seen[last] as Stretch)];
  return last < 0 ? [...seen, end] : seen.slice(0, last + 1);
}
