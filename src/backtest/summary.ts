/** A run's figures, as the reports name them; docs/architecture/backtest.md defines them. Per cent throughout; costs are negative. */
import { HOURS_PER_YEAR, MS_PER_HOUR } from '../domain/money/units.ts';
import { BLOCK_HOURS, bootstrapMean } from './bootstrap.ts';
import type { BacktestRun, ResultSource } from './run.ts';
import { monthOf, seconds } from './time-text.ts';

const MONTHS_PER_YEAR = 12;

export interface BacktestSummary {
  readonly from_ts: number;
  readonly to_ts: number;
  readonly hours: number;
  readonly net_apr_pct: number;
  readonly net_pct: number;
  readonly gross_funding_apr_pct: number;
  readonly cost_drag_apr_pct: number;
  readonly basis_apr_pct: number;
  readonly core_apr_pct: number;
  readonly interest_excess_apr_pct: number;
  readonly attribution_pct: Readonly<Record<ResultSource | 'price', number>>;
  readonly trades: number;
  readonly round_trips: number;
  readonly hits: number;
  readonly time_in_market_pct: number;
  readonly turnover: number;
  readonly turnover_per_year: number;
  readonly max_drawdown_pct: number;
  readonly worst_month_pct: number;
  readonly months_pct: Readonly<Record<string, number>>;
  readonly sharpe_monthly: number | null;
  readonly interval_90_apr_pct: readonly [number, number];
  readonly share_of_resamples_above_zero: number;
  /** The same for funding less costs: fills at a past average flatter by their basis. */
  readonly core_interval_90_apr_pct: readonly [number, number];
  /** How often each gate kept the policy from opening. */
  readonly blocked: Readonly<Record<string, number>>;
  /** The guard or a liquidation ended the policy; null: neither did. */
  readonly ended: { readonly ts: number; readonly why: string } | null;
}

/** What makes a sum of the run's returns per cent a year. */
export const yearlyPct = ({ hours }: BacktestRun): number => (hours === 0 ? 0 : (100 * HOURS_PER_YEAR) / hours);

/** A block of the bootstrap, in rows. */
export const blockOf = ({ market }: BacktestRun): number =>
  Math.max(1, Math.round((BLOCK_HOURS * MS_PER_HOUR) / market.periodMs));

export function summarize(run: BacktestRun): BacktestSummary {
  const { returns, hours, bySource, trades, options } = run;
  const yearly = yearlyPct(run);
  const costs = bySource.slippage + bySource.fees + bySource.gas;
  let net = 0;
  for (const each of returns) net += each;
  const months = monthsOf(run);
  const periodHours = run.market.periodMs / MS_PER_HOUR;
  const block = blockOf(run);
  const interval = bootstrapMean(returns, block);
  const coreInterval = bootstrapMean(run.core, block);
  const meanYearly = yearly * returns.length;
  const traded = trades.reduce((sum, trade) => sum + trade.size, 0n);
  const turnover = Number(traded) / Number(options.holdings.sol);
  return {
    from_ts: seconds(run.fromMs),
    to_ts: seconds(run.toMs),
    hours,
    net_apr_pct: net * yearly,
    net_pct: net * 100,
    gross_funding_apr_pct: bySource.funding * yearly,
    cost_drag_apr_pct: costs * yearly,
    basis_apr_pct: bySource.basis * yearly,
    core_apr_pct: (bySource.funding + costs) * yearly,
    interest_excess_apr_pct: bySource.interest * yearly,
    attribution_pct: {
      funding: bySource.funding * 100,
      slippage: bySource.slippage * 100,
      fees: bySource.fees * 100,
      gas: bySource.gas * 100,
      basis: bySource.basis * 100,
      interest: bySource.interest * 100,
      external: bySource.external * 100,
      price: run.price * 100,
    },
    trades: trades.length,
    round_trips: run.roundTrips,
    hits: run.hits,
    time_in_market_pct: hours === 0 ? 0 : (run.heldPeriods * periodHours * 100) / hours,
    turnover,
    turnover_per_year: hours === 0 ? 0 : (turnover * HOURS_PER_YEAR) / hours,
    max_drawdown_pct: maxDrawdown(returns) * 100,
    worst_month_pct: Math.min(...(months.size === 0 ? [0] : months.values())),
    months_pct: Object.fromEntries(months),
    sharpe_monthly: sharpe([...months.values()]),
    interval_90_apr_pct: [interval.low * meanYearly, interval.high * meanYearly],
    share_of_resamples_above_zero: interval.aboveZero,
    core_interval_90_apr_pct: [coreInterval.low * meanYearly, coreInterval.high * meanYearly],
    blocked: Object.fromEntries(run.blocked),
    ended: run.ended === null ? null : { ts: seconds(run.ended.tsMs), why: run.ended.why },
  };
}

/** Per cent of each calendar month (UTC), by the end of its hours. */
function monthsOf({ returns, tsMs }: BacktestRun): ReadonlyMap<string, number> {
  const months = new Map<string, number>();
  let month = '';
  let endMs = Number.NEGATIVE_INFINITY;
  let sum = 0;
  for (let index = 0; index < returns.length; index += 1) {
    const atMs = tsMs[index] as number;
    if (atMs >= endMs) {
      if (month !== '') months.set(month, sum * 100);
      month = monthOf(atMs);
      endMs = Date.UTC(Number(month.slice(0, 4)), Number(month.slice(5)), 1);
      sum = 0;
    }
    sum += returns[index] as number;
  }
  if (month !== '') months.set(month, sum * 100);
  return months;
}

/** The deepest fall of the summed returns below what they had reached, as a positive fraction. */
function maxDrawdown(returns: Float64Array): number {
  let sum = 0;
  let peak = 0;
  let deepest = 0;
  for (const each of returns) {
    sum += each;
    if (sum > peak) peak = sum;
    else if (peak - sum > deepest) deepest = peak - sum;
  }
  return deepest;
}

/** Of monthly results, a year's: null with fewer than two months or no variation. */
function sharpe(months: readonly number[]): number | null {
  if (months.length < 2) return null;
  const mean = months.reduce((sum, each) => sum + each, 0) / months.length;
  const squares = months.reduce((sum, each) => sum + (each - mean) ** 2, 0);
  const deviation = Math.sqrt(squares / (months.length - 1));
  return deviation === 0 ? null : (mean / deviation) * Math.sqrt(MONTHS_PER_YEAR);
}
