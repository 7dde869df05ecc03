/** The same policy under other circumstances: other costs, other sizes, other parameters, other times, and foresight. */
import { type CarryPolicy, meanPolicy } from '../domain/carry/policies.ts';
import type { PolicyPlan } from '../domain/carry/policy-text.ts';
import { periodsPerYear } from '../domain/hedge/funding.ts';
import { LAMPORTS_PER_SOL, lamports, MS_PER_HOUR, microUsd } from '../domain/money/units.ts';
import { slippagePpm as slippageBySize } from '../domain/order/slippage.ts';
import type { BacktestMarket } from './market.ts';
import type { BacktestOptions } from './options.ts';
import { type BacktestRun, runBacktest } from './run.ts';
import { yearlyPct } from './summary.ts';

const FEES_BPS = [0, 2.5, 5, 10] as const;
const SLIPPAGES_BPS = [0, 5, 10, 20, 30] as const;
const SIZES_SOL = [1, 10, 50, 100, 250, 500, 1_000, 5_000] as const;
const HEAT_HOURS = [24, 72, 168, 336, 504, 720] as const;
const HEAT_ENTER = [-5, 0, 3, 5, 10, 15] as const;
const PLACEBOS = 40;
const PPM_PER_BPS = 100;

/** Per cent a year, funding less costs, for each pair of a row's and a column's value. */
export interface Grid {
  readonly rows: readonly number[];
  readonly columns: readonly number[];
  readonly cells: readonly (readonly number[])[];
}

export interface Sensitivity {
  /** Taker fee down, slippage across, in basis points; null for what is no rule. */
  readonly costs: Grid | null;
  /** Net at the size's own slippage, basis left out. */
  readonly sizes: readonly { readonly sol: number; readonly corePct: number }[];
  /** The same positions, moved in time: the middle, and 5 and 95 of 100; null without a position. */
  readonly placebo: { readonly low: number; readonly middle: number; readonly high: number } | null;
  /** What knowing every rate would have left after costs. */
  readonly foresightPct: number;
}

/** `mean` by window (hours) and entry (per cent a year). */
export const heatOf = (market: BacktestMarket, options: BacktestOptions): Grid =>
  gridOf(HEAT_HOURS, HEAT_ENTER, (hours, enter) =>
    corePct(market, meanPolicy('mean', hours, { enterAprPct: enter, exitAprPct: Math.min(0, enter) }), options),
  );

export function sensitivityOf(plan: PolicyPlan, run: BacktestRun): Sensitivity {
  const { market, options } = run;
  const rule = plan.kind === 'rule' ? plan : null;
  return {
    costs:
      rule === null
        ? null
        : gridOf(FEES_BPS, SLIPPAGES_BPS, (fee, slippage) =>
            corePct(market, rule.make(), withCosts(options, fee, slippage)),
          ),
    sizes:
      rule === null
        ? []
        : SIZES_SOL.map((sol) => ({ sol, corePct: corePct(market, rule.make(), withSize(options, sol)) })),
    placebo: placeboOf(run),
    foresightPct: foresight(run),
  };
}

const gridOf = (
  rows: readonly number[],
  columns: readonly number[],
  cell: (row: number, column: number) => number,
): Grid => ({ rows, columns, cells: rows.map((row) => columns.map((column) => cell(row, column))) });

function corePct(market: BacktestMarket, policy: CarryPolicy, options: BacktestOptions): number {
  const run = runBacktest(market, policy, options);
  return sum(run.core) * yearlyPct(run);
}

const sum = (values: Float64Array): number => values.reduce((total, each) => total + each, 0);

const withCosts = (options: BacktestOptions, feeBps: number, slippageBps: number): BacktestOptions => ({
  ...options,
  parameters: {
    ...options.parameters,
    takerFee: BigInt(Math.round(feeBps * PPM_PER_BPS)),
    slippagePpm: BigInt(Math.round(slippageBps * PPM_PER_BPS)),
  },
});

function withSize(options: BacktestOptions, sol: number): BacktestOptions {
  const { sol: before, usdc } = options.holdings;
  const size = BigInt(sol) * LAMPORTS_PER_SOL;
  const { slippagePpm: _, ...parameters } = options.parameters;
  const holdings = { ...options.holdings, sol: lamports(size), usdc: microUsd((usdc * size) / before) };
  return { ...options, holdings, parameters };
}

/** What an hour of short pays, as a fraction of the oracle, for each hour of the run. */
function rates({ market, returns }: BacktestRun): Float64Array {
  const { fundingRate, oraclePriceTwap } = market.funding.values;
  const first = market.funding.rows - returns.length;
  return Float64Array.from(returns, (_, hour) => {
    const row = first + hour;
    return (fundingRate[row] as number) / 1e3 / (oraclePriceTwap[row] as number);
  });
}

/** Fee and slippage of trading the starting SOL one way, as a fraction of the notional. */
function oneWay({ options }: BacktestRun): number {
  const { takerFee, slippagePpm } = options.parameters;
  return Number(takerFee + (slippagePpm ?? slippageBySize(options.holdings.sol))) / 1e6;
}

function placeboOf(run: BacktestRun): Sensitivity['placebo'] {
  const { position, options } = run;
  const hours = run.returns.length;
  if (run.heldPeriods === 0 || hours < PLACEBOS * 2) return null;
  const paid = rates(run);
  const sol = Number(options.holdings.sol) / 1e9;
  const cost = oneWay(run);
  const results: number[] = [];
  for (let shift = 1; shift <= PLACEBOS; shift += 1) {
    const by = Math.floor((shift * hours) / (PLACEBOS + 1));
    let total = 0;
    let before = 0;
    for (let hour = 0; hour < hours; hour += 1) {
      const held = -(position[(hour + by) % hours] as number) / sol;
      total += held * (paid[hour] as number) - Math.abs(held - before) * cost;
      before = held;
    }
    results.push((total - Math.abs(before) * cost) * yearlyPct(run));
  }
  results.sort((a, b) => a - b);
  const at = (part: number): number => results[Math.floor(part * (PLACEBOS - 1))] as number;
  return { low: at(0.05), middle: at(0.5), high: at(0.95) };
}

/** The best that two states, flat and short, could have made of these hours: funding less the costs of changing. */
function foresight(run: BacktestRun): number {
  const cost = oneWay(run);
  let flat = 0;
  let short = Number.NEGATIVE_INFINITY;
  for (const rate of rates(run)) {
    const held = Math.max(short, flat - cost) + rate;
    flat = Math.max(flat, held - cost);
    short = held;
  }
  return flat * yearlyPct(run);
}

/** How long the present pace needs to earn a round trip; and the rate at which it just does within the horizon. */
export function breakEven(run: BacktestRun): { readonly aprPct: number; readonly roundTripPct: number } {
  const roundTrip = 2 * oneWay(run);
  const periods = (run.options.limits.holdingHorizonHours * MS_PER_HOUR) / run.market.periodMs;
  return { aprPct: (roundTrip / periods) * periodsPerYear(run.market.periodMs) * 100, roundTripPct: roundTrip * 100 };
}
