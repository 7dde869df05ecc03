/** The runs of one command line, numbered: each market with each policy. Any process with the same words has the same runs. */
import { basename } from 'node:path';
import { defaultCandidates, type PolicyPlan, type RulePlan } from '../domain/carry/policy-text.ts';
import type { Policy } from '../domain/hedge/policy.ts';
import { formatSol, formatUsd } from '../domain/money/amounts.ts';
import { lamports, MS_PER_HOUR, microUsd } from '../domain/money/units.ts';
import { ValidationError } from '../lib/errors.ts';
import { readFundingFile, readLendFile } from '../market-data/history-file.ts';
import type { LendHistory } from '../market-data/replay.ts';
import { type BacktestArguments, UsageError } from './arguments.ts';
import { type BacktestMarket, type MarketHistory, marketBetween } from './market.ts';
import { type BacktestOptions, DEFAULT_OPTIONS } from './options.ts';
import { RowFiles } from './row-files.ts';
import { type BacktestRun, type Decider, runBacktest, startRow } from './run.ts';
import { type RunReport, reportOf } from './run-report.ts';
import { summarize } from './summary.ts';
import { readTrades } from './trades-file.ts';
import { type WalkForward, walkForward } from './walk-forward.ts';

export interface BacktestSettings {
  readonly limits: Policy;
  readonly periodMs: number;
}

/** Settings by name, as a start reads them. @throws DriftlessError naming what is wrong */
export type ReadSettings = (given: ReadonlyMap<string, string>) => Promise<BacktestSettings>;

export interface FinishedRun {
  readonly plan: PolicyPlan;
  readonly run: BacktestRun;
  readonly report: RunReport;
}

const PPM_PER_BPS = 100n;

export class BacktestJobs {
  readonly options: BacktestOptions;
  readonly #given: BacktestArguments;
  readonly #markets: readonly BacktestMarket[];

  private constructor(given: BacktestArguments, options: BacktestOptions, markets: readonly BacktestMarket[]) {
    this.#given = given;
    this.options = options;
    this.#markets = markets;
  }

  /** Reads settings and files. @throws UsageError; ValidationError for a file that cannot be used */
  static async of(given: BacktestArguments, readSettings: ReadSettings): Promise<BacktestJobs> {
    const settings = await settingsOf(given, readSettings);
    return new BacktestJobs(given, optionsOf(given, settings.limits), await readMarkets(given, settings.periodMs));
  }

  get count(): number {
    return this.#markets.length * this.#given.policies.length;
  }

  name(job: number): string {
    return `${this.#planOf(job).text} on ${this.#marketOf(job).name}`;
  }

  /**
   * @param rows a folder of its own for the run's rows; null: they are not kept
   * @param step is told where a long run is
   */
  run(job: number, rows: string | null, step: (detail: string) => void): FinishedRun {
    const given = this.#given;
    const plan = this.#planOf(job);
    const market = this.#marketOf(job);
    const place = Math.floor(job / given.policies.length);
    const recorder = rows === null ? null : new RowFiles(rows);
    const forward =
      plan.kind === 'walk_forward' ? forwardOf(plan.text, candidatesOf(plan, given), market, this.options, step) : null;
    const run = runBacktest(market, forward?.policy ?? deciderOf(plan), this.options, recorder);
    recorder?.end(run.trades);
    const summary = summarize(run);
    const parameters = parametersOf(plan, market, lendPathOf(given, place), this.options, given);
    return {
      plan,
      run,
      report: reportOf({ run, place, parameters, summary, walkForward: forward?.months(summary) ?? null }),
    };
  }

  #planOf(job: number): PolicyPlan {
    const { policies } = this.#given;
    return policies[job % policies.length] as PolicyPlan;
  }

  #marketOf(job: number): BacktestMarket {
    return this.#markets[Math.floor(job / this.#given.policies.length)] as BacktestMarket;
  }
}

async function settingsOf(given: BacktestArguments, read: ReadSettings): Promise<BacktestSettings> {
  if (given.settings.size === 0) return { limits: DEFAULT_OPTIONS.limits, periodMs: MS_PER_HOUR };
  try {
    return await read(given.settings);
  } catch (error) {
    throw error instanceof Error ? new UsageError([error.message]) : error;
  }
}

function optionsOf(given: BacktestArguments, limits: Policy): BacktestOptions {
  const { holdings, parameters, fractionPpm } = DEFAULT_OPTIONS;
  const { slippagePpm } = given;
  // A fill at the slippage that was asked for must not lie beyond its own price limit.
  const bps = slippagePpm === null ? 0 : Number((slippagePpm + PPM_PER_BPS - 1n) / PPM_PER_BPS);
  return {
    holdings: {
      sol: lamports(given.sol ?? holdings.sol),
      usdc: microUsd(given.usdc ?? holdings.usdc),
      walletSol: lamports(given.walletSol ?? holdings.walletSol),
    },
    parameters: {
      ...parameters,
      takerFee: given.takerFee ?? parameters.takerFee,
      ...(slippagePpm === null ? {} : { slippagePpm }),
    },
    limits: { ...limits, maxSlippageBps: Math.max(limits.maxSlippageBps, bps + (bps > 0 ? 1 : 0)) },
    fractionPpm: given.fractionPpm ?? fractionPpm,
    evaluateFromMs: given.evaluateFromMs,
    fillLagRows: given.fillLagRows,
    closeAtEnd: given.closeAtEnd,
  };
}

const lendPathOf = ({ lend }: BacktestArguments, market: number): string | null =>
  (lend.length > 1 ? lend[market] : lend[0]) ?? null;

async function readMarkets(given: BacktestArguments, periodMs: number): Promise<readonly BacktestMarket[]> {
  const lends = new Map<string, LendHistory>();
  const markets: BacktestMarket[] = [];
  for (const [index, path] of given.funding.entries()) {
    const lendPath = lendPathOf(given, index);
    if (lendPath !== null && !lends.has(lendPath)) lends.set(lendPath, await readLendFile(lendPath));
    const file = await readFundingFile(path, periodMs);
    const history: MarketHistory = {
      name: file.market ?? basename(path).replace(/\.\w+$/, ''),
      file: path,
      funding: file.funding,
      lend: lendPath === null ? null : (lends.get(lendPath) ?? null),
      periodMs: file.periodMs,
      notes: file.notes,
    };
    const market = marketBetween(history, given.fromMs, given.toMs);
    const start = market === null ? 0 : startRow(market, given);
    if (market === null || start >= market.funding.rows - 1) {
      throw new ValidationError(
        'MARKET_DATA_INVALID',
        `${path} has fewer than two rows in the time that is asked for.`,
        {
          file: path,
          remedy: 'Choose another --from, --to or --evaluate-from.',
        },
      );
    }
    markets.push(market);
  }
  return markets;
}

const forwardOf = (
  text: string,
  candidates: readonly RulePlan[],
  market: BacktestMarket,
  options: BacktestOptions,
  step: (detail: string) => void,
): WalkForward => walkForward(text, candidates, market, options, (done, of) => step(`candidate ${done + 1} of ${of}`));

/** Its own; else the rules that stand beside it on the line; else the default grid. */
function candidatesOf(
  plan: Extract<PolicyPlan, { readonly kind: 'walk_forward' }>,
  { policies }: BacktestArguments,
): readonly RulePlan[] {
  if (plan.candidates.length > 0) return plan.candidates;
  const beside = policies.filter((other): other is RulePlan => other.kind === 'rule');
  return beside.length > 0 ? beside : defaultCandidates();
}

function deciderOf(plan: PolicyPlan): Decider {
  if (plan.kind === 'trades') return { text: plan.text, orders: readTrades(plan.path) };
  if (plan.kind === 'rule') return plan.make();
  throw new RangeError('a walk-forward decides through its months');
}

function parametersOf(
  plan: PolicyPlan,
  market: BacktestMarket,
  lendPath: string | null,
  options: BacktestOptions,
  given: BacktestArguments,
): Readonly<Record<string, unknown>> {
  const { holdings, parameters, limits } = options;
  const iso = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());
  return {
    funding: market.file,
    lend: lendPath,
    policy: plan.text,
    sol: formatSol(holdings.sol),
    usdc: formatUsd(holdings.usdc),
    wallet_sol: formatSol(holdings.walletSol),
    fraction: options.fractionPpm / 1_000_000,
    from: iso(given.fromMs),
    to: iso(given.toMs),
    evaluate_from: iso(options.evaluateFromMs),
    taker_bps: Number(parameters.takerFee) / 100,
    slippage_bps: parameters.slippagePpm === undefined ? 'model' : Number(parameters.slippagePpm) / 100,
    fill_lag_rows: options.fillLagRows,
    close_at_end: options.closeAtEnd,
    funding_period_seconds: market.periodMs / 1_000,
    holding_horizon_hours: limits.holdingHorizonHours,
    settings: Object.fromEntries(given.settings),
    own_size: 'not priced',
    notes: market.notes,
    gaps: market.gaps,
  };
}
