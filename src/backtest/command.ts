/** `driftless backtest`: reads, runs, reports. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { alwaysPolicy } from '../domain/carry/policies.ts';
import { defaultCandidates, type PolicyPlan, type RulePlan } from '../domain/carry/policy-text.ts';
import type { Policy } from '../domain/hedge/policy.ts';
import { formatSol, formatUsd } from '../domain/money/amounts.ts';
import { lamports, MS_PER_HOUR, microUsd } from '../domain/money/units.ts';
import { DriftlessError, ValidationError } from '../lib/errors.ts';
import { readFundingFile, readLendFile } from '../market-data/history-file.ts';
import type { LendHistory } from '../market-data/replay.ts';
import { type BacktestArguments, HELP, parseArguments, UsageError } from './arguments.ts';
import { csvFiles } from './csv-files.ts';
import type { HtmlRun } from './html-report.ts';
import { type ReportedRun, RowTexts, reportJson } from './json-report.ts';
import { type BacktestMarket, type MarketHistory, marketBetween } from './market.ts';
import { type BacktestOptions, DEFAULT_OPTIONS } from './options.ts';
import { type Decider, runBacktest, startRow } from './run.ts';
import { summarize } from './summary.ts';
import { terminalReport } from './terminal-report.ts';
import { readTrades } from './trades-file.ts';
import { type WalkForward, walkForward } from './walk-forward.ts';

/** What the world gives: everything that a test gives otherwise. */
export interface BacktestPorts {
  readonly say: (text: string) => void;
  /** Progress and errors. */
  readonly tell: (text: string) => void;
  readonly nowMs: () => number;
  /** Settings by name, as a start reads them. @throws DriftlessError naming what is wrong */
  readonly settings: (given: ReadonlyMap<string, string>) => Promise<BacktestSettings>;
}

export interface BacktestSettings {
  readonly limits: Policy;
  readonly periodMs: number;
}

const PROGRESS_EVERY_MS = 2_000;
const PPM_PER_BPS = 100n;
const FAILED = 1;
const USAGE = 2;

/** The exit code. */
export async function backtestCommand(words: readonly string[], ports: BacktestPorts): Promise<number> {
  try {
    const given = parseArguments(words);
    if (given === 'help') ports.say(HELP);
    else await backtest(given, ports);
    return 0;
  } catch (error) {
    if (error instanceof UsageError) {
      ports.tell(`${error.message}\n`);
      return USAGE;
    }
    if (!(error instanceof DriftlessError)) throw error;
    ports.tell(`${error.message}\n${JSON.stringify({ error: error.report() })}\n`);
    return FAILED;
  }
}

async function backtest(given: BacktestArguments, ports: BacktestPorts): Promise<void> {
  const settings = await settingsOf(given, ports);
  const options = optionsOf(given, settings.limits);
  const markets = await readMarkets(given, settings.periodMs);
  const progress = new Progress(ports, markets.length * given.policies.length);
  const runs: ReportedRun[] = [];
  const html: HtmlRun[] = [];
  for (const [index, market] of markets.entries()) {
    let toHtml: ToHtml | null = null;
    for (const plan of given.policies) {
      progress.next(`${plan.text} on ${market.name}`);
      const reported = runOne({ given, plan, market, lendPath: lendPathOf(given, index), options, progress });
      runs.push(reported);
      if (given.html === null) continue;
      toHtml ??= await htmlOf(market, options);
      html.push(toHtml(plan, reported));
    }
  }
  progress.end();
  await write(given, runs, html, ports);
}

async function settingsOf(given: BacktestArguments, ports: BacktestPorts): Promise<BacktestSettings> {
  if (given.settings.size === 0) return { limits: DEFAULT_OPTIONS.limits, periodMs: MS_PER_HOUR };
  try {
    return await ports.settings(given.settings);
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

interface OneRun {
  readonly given: BacktestArguments;
  readonly plan: PolicyPlan;
  readonly market: BacktestMarket;
  readonly lendPath: string | null;
  readonly options: BacktestOptions;
  readonly progress: Progress;
}

function runOne({ given, plan, market, lendPath, options, progress }: OneRun): ReportedRun {
  const rows = given.json === null && given.csv === null ? null : new RowTexts();
  const forward =
    plan.kind === 'walk_forward' ? forwardOf(plan.text, candidatesOf(plan, given), market, options, progress) : null;
  const run = runBacktest(market, forward?.policy ?? deciderOf(plan), options, rows);
  const summary = summarize(run);
  return {
    run,
    summary,
    parameters: parametersOf(plan, market, lendPath, options, given),
    rows,
    walkForward: forward?.months(summary) ?? null,
  };
}

const forwardOf = (
  text: string,
  candidates: readonly RulePlan[],
  market: BacktestMarket,
  options: BacktestOptions,
  progress: Progress,
): WalkForward =>
  walkForward(text, candidates, market, options, (done, of) => progress.step(`candidate ${done + 1} of ${of}`));

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
    notes: market.notes,
    gaps: market.gaps,
  };
}

/** Long work says where it is, at most every two seconds. */
class Progress {
  readonly #ports: BacktestPorts;
  readonly #of: number;
  #done = -1;
  #what = '';
  #toldMs: number;
  #told = false;

  constructor(ports: BacktestPorts, of: number) {
    this.#ports = ports;
    this.#of = of;
    this.#toldMs = ports.nowMs();
  }

  next(what: string): void {
    this.#done += 1;
    this.#what = what;
    this.#tell('');
  }

  step(detail: string): void {
    this.#tell(`, ${detail}`);
  }

  end(): void {
    if (this.#told) this.#ports.tell(`${this.#of} of ${this.#of} runs done\n`);
  }

  #tell(detail: string): void {
    const nowMs = this.#ports.nowMs();
    if (nowMs - this.#toldMs < PROGRESS_EVERY_MS) return;
    this.#toldMs = nowMs;
    this.#told = true;
    this.#ports.tell(`${this.#done} of ${this.#of} runs done; now ${this.#what}${detail}\n`);
  }
}

type ToHtml = (plan: PolicyPlan, reported: ReportedRun) => HtmlRun;

/**
 * What the page shows beyond a run: the same under other circumstances. What depends on the market alone is computed
 * once for all its policies. The code is read when a page is wanted.
 */
async function htmlOf(market: BacktestMarket, options: BacktestOptions): Promise<ToHtml> {
  const { heatOf, sensitivityOf } = await import('./sensitivity.ts');
  const always = runBacktest(market, alwaysPolicy(), options);
  const heat = heatOf(market, options);
  return (plan, reported) => ({ reported, sensitivity: sensitivityOf(plan, reported.run), heat, always });
}

async function write(
  given: BacktestArguments,
  runs: readonly ReportedRun[],
  html: readonly HtmlRun[],
  ports: BacktestPorts,
): Promise<void> {
  if (given.json !== null && given.json !== '-') writeText(given.json, reportJson(runs));
  if (given.csv !== null) {
    for (const { name, text } of csvFiles(runs)) writeText(join(given.csv, name), text);
  }
  if (given.html !== null) writeText(given.html, (await import('./html-report.ts')).htmlReport(html));
  ports.say(given.json === '-' ? reportJson(runs) : terminalReport(runs));
}

function writeText(path: string, text: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ValidationError('REPORT_NOT_WRITTEN', `${path} cannot be written: ${reason}`, { file: path });
  }
}
