/**
 * The backtest behind a consent to the carry policy: the backtest itself, with this engine's policy, holdings and costs, on the
 * funding that its venue knows up to now. docs/architecture/carry.md.
 */

import { bootstrapMean } from '../backtest/bootstrap.ts';
import { type BacktestMarket, marketBetween } from '../backtest/market.ts';
import { type BacktestOptions, DEFAULT_OPTIONS } from '../backtest/options.ts';
import { type RowRecorder, runBacktest } from '../backtest/run.ts';
import { blockOf, summarize, yearlyPct as yearlyPctOfRun } from '../backtest/summary.ts';
import { SOL_PERP } from '../domain/account/account.ts';
import type { Snapshot } from '../domain/account/snapshot.ts';
import type { CarryBacktest } from '../domain/carry/carry-backtest.ts';
import { blockHoursOf } from '../domain/carry/confidence.ts';
import { confidencePolicy } from '../domain/carry/policies.ts';
import { givenUpAprPct, openingSizeOf, yearlyPct } from '../domain/carry/verdict.ts';
import { countedSpot, FULL_HEDGE_PPM } from '../domain/hedge/delta.ts';
import { periodsPerYear, RATE_PRECISION, rateAfterTrade } from '../domain/hedge/funding.ts';
import { carryTerms, decodePolicy, type Policy, type PolicyJson } from '../domain/hedge/policy.ts';
import { perpMarketOf } from '../domain/margin/margin.ts';
import { type Lamports, lamports, MS_PER_HOUR, microUsd } from '../domain/money/units.ts';
import type { PastPeriod, Venue } from '../venues/venue.ts';

/** Fractions in whole 1e-14 and a price in 1e-6 make a rate in 1e-9. */
const FRACTION_TO_RATE = 1e11;

export async function backtestCarry(venue: Venue, policyJson: PolicyJson): Promise<CarryBacktest> {
  if (venue.fundingPast === undefined) return unknown('the venue keeps no past funding');
  const snapshot = await venue.read('confirmed');
  const past = await venue.fundingPast();
  return backtestOf(snapshot, past, decodePolicy(policyJson));
}

const unknown = (why: string): CarryBacktest => ({ kind: 'unknown', why });

export function backtestOf(snapshot: Snapshot, past: readonly PastPeriod[], policy: Policy): CarryBacktest {
  const terms = carryTerms(policy);
  const { periodMs } = snapshot.funding;
  const wanted = Math.round((2 * terms.windowHours * MS_PER_HOUR) / periodMs);
  if (past.length < wanted) {
    return unknown(`${past.length} periods of funding are at hand, and it needs ${wanted}`);
  }
  const market = perpMarketOf(snapshot.markets, SOL_PERP);
  const oracle = market?.oracle.price ?? null;
  const spot = countedSpot(snapshot, policy);
  if (market === null || oracle === null) return unknown('the price is not known');
  const size = openingSizeOf(snapshot, policy);
  if (spot === null || spot <= 0n || size === null || size === 0n) return unknown('there is no SOL to hedge');
  const ownSize = ownSizeFraction(snapshot, size);
  if (ownSize === 'unknown') return unknown('nobody knows what our own size does to the rate');
  const history = historyOf(past, periodMs, Number(oracle));
  const firstMs = past[0]?.tsMs ?? 0;
  const givenUp = givenUpAprPct(snapshot, terms);
  const perPeriod = givenUp / 100 / periodsPerYear(periodMs);
  const rule = {
    hours: terms.windowHours,
    blockHours: blockHoursOf(terms.windowHours),
    z: terms.z,
    exitAprPct: givenUp,
  };
  const options: BacktestOptions = {
    ...DEFAULT_OPTIONS,
    ...optionsOf(snapshot, policy, spot),
    fractionPpm: Number((size * BigInt(FULL_HEDGE_PPM)) / spot),
    // Before that the rule knows too little to decide.
    evaluateFromMs: firstMs + terms.windowHours * MS_PER_HOUR,
    ownSizeRate: Math.round((ownSize ?? 0) * Number(oracle) * 1e3),
  };
  const decider = confidencePolicy('confidence', rule, perPeriod + (ownSize ?? 0));
  const earned = new EarnedFunding(Number(options.holdings.sol) * Number(oracle));
  const run = runBacktest(history, decider, options, earned);
  const { net_apr_pct, hours, trades, time_in_market_pct } = summarize(run);
  const netAprPct = net_apr_pct - (givenUp * time_in_market_pct) / 100;
  const { low, high, mean } = earned.interval(blockOf(run));
  const aprPct = (perRow: number): number => perRow * run.returns.length * yearlyPctOfRun(run);
  return {
    kind: 'known',
    ...{ fromMs: run.fromMs, toMs: run.toMs, hours, trades, timeInMarketPct: time_in_market_pct },
    netAprPct,
    lowAprPct: netAprPct - aprPct(mean - low),
    highAprPct: netAprPct + aprPct(high - mean),
    ownSizeAprPct: ownSize === null ? null : yearlyPct(ownSize, periodMs),
  };
}

/** Of little data, blocks no longer than this part: fewer and longer ones would be the same hours in every resample. */
const LEAST_BLOCKS = 4;

/**
 * What each hour paid, and how sure its mean is. The costs stay as they were: a resample that draws the hour of an entry
 * thrice, or never, says nothing of what is uncertain.
 */
class EarnedFunding implements RowRecorder {
  readonly #hours: number[] = [];
  /** Lamports times 1e-6 USD: micro-USD at 1e9. */
  readonly #worth: number;

  constructor(worth: number) {
    this.#worth = worth;
  }

  funding(_tsMs: number, _rate: bigint, _position: bigint, amount: bigint): void {
    this.#hours.push((Number(amount) * 1e9) / this.#worth);
  }

  equity(): void {}

  interval(block: number): { readonly low: number; readonly high: number; readonly mean: number } {
    const hours = Float64Array.from(this.#hours);
    const most = Math.max(1, Math.floor(hours.length / LEAST_BLOCKS));
    const { low, high } = bootstrapMean(hours, Math.min(block, most));
    return { low, high, mean: hours.reduce((sum, each) => sum + each, 0) / Math.max(1, hours.length) };
  }
}

/** What this size costs of the rate now, a fraction per period. Null: size moves no rate here. */
function ownSizeFraction({ funding }: Snapshot, size: Lamports): number | null | 'unknown' {
  if (funding.afterTrade === undefined) return null;
  const without = rateAfterTrade(funding.afterTrade, lamports(0n));
  const after = rateAfterTrade(funding.afterTrade, lamports(-size));
  if (without === null || after === null) return 'unknown';
  return Math.max(0, Number(without - after) / Number(RATE_PRECISION));
}

/** At one price throughout: what a hedge earns does not depend on it. */
function historyOf(periods: readonly PastPeriod[], periodMs: number, oracle: number): BacktestMarket {
  const column = (value: (index: number) => number): Float64Array =>
    Float64Array.from(periods, (_, index) => value(index));
  const market = marketBetween(
    {
      name: SOL_PERP,
      file: 'data at hand',
      funding: {
        rows: periods.length,
        tsMs: column((index) => periods[index]?.tsMs ?? 0),
        line: column((index) => index + 2),
        values: {
          fundingRate: column((index) => Math.round(((periods[index]?.fraction ?? 0) * oracle) / FRACTION_TO_RATE)),
          oraclePriceTwap: column(() => oracle),
          markPriceTwap: column(() => oracle),
        },
      },
      lend: null,
      periodMs,
      notes: [],
    },
    null,
    null,
  );
  if (market === null) throw new RangeError('a history that has rows has a market');
  return market;
}

function optionsOf(
  snapshot: Snapshot,
  policy: Policy,
  spot: Lamports,
): Pick<BacktestOptions, 'holdings' | 'parameters' | 'limits'> {
  const market = perpMarketOf(snapshot.markets, SOL_PERP);
  const { parameters } = DEFAULT_OPTIONS;
  const slippagePpm = market?.slippagePpm;
  return {
    holdings: { sol: spot, usdc: microUsd(0n), walletSol: snapshot.wallet.sol },
    parameters: {
      ...parameters,
      takerFee: market?.takerFee ?? parameters.takerFee,
      stepSize: market?.stepSize ?? parameters.stepSize,
      minimumSize: market?.minimumSize ?? parameters.minimumSize,
      transactionCost: snapshot.transactionCostLamports,
      ...(slippagePpm === undefined ? {} : { slippagePpm }),
    },
    // All SOL that counts stands in the account here.
    limits: { ...policy, hedgeWalletSol: false },
  };
}
