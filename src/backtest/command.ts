/** `driftless backtest`: reads, runs, reports. */
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { alwaysPolicy } from '../domain/carry/policies.ts';
import { DriftlessError, ValidationError } from '../lib/errors.ts';
import { type BacktestArguments, HELP, parseArguments, UsageError } from './arguments.ts';
import { csvFiles } from './csv-files.ts';
import type { HtmlRun } from './html-report.ts';
import { BacktestJobs, type FinishedRun, type ReadSettings } from './jobs.ts';
import { type RunWithRows, reportJson } from './json-report.ts';
import { Progress } from './progress.ts';
import { realityChecks } from './reality-check.ts';
import { runBacktest } from './run.ts';
import type { RunReport } from './run-report.ts';
import { fingerprintOf, SweepRecord } from './sweep-record.ts';
import { terminalReport } from './terminal-report.ts';

/** What the world gives: everything that a test gives otherwise. */
export interface BacktestPorts {
  readonly say: (text: string) => void;
  /** Progress and errors. */
  readonly tell: (text: string) => void;
  readonly nowMs: () => number;
  readonly settings: ReadSettings;
  /** A new folder that is gone when this process is. */
  readonly temporaryFolder: () => string;
  readonly cores: number;
  /** Another process with the same words. */
  readonly startRunner: (words: readonly string[]) => Runner;
}

/** One run at a time. */
export interface Runner {
  /** @param rows a folder for the run's rows; null: they are not kept */
  run(job: number, rows: string | null): Promise<RunReport>;
  stop(): void;
}

const FAILED = 1;
const USAGE = 2;
/** A process takes about as long to start as this many runs. */
const RUNS_PER_PROCESS = 8;
/** A page shows each of so many runs by itself; of more, their table and heat maps. */
const MAX_SHOWN_RUNS = 40;

/** The exit code. */
export async function backtestCommand(words: readonly string[], ports: BacktestPorts): Promise<number> {
  try {
    const given = parseArguments(words);
    if (given === 'help') ports.say(HELP);
    else await new Backtest(given, words, ports).run();
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

/** The side of a runner: runs of these words by number, in a process of its own. */
export async function backtestRunner(
  words: readonly string[],
  settings: ReadSettings,
): Promise<(job: number, rows: string | null) => RunReport> {
  const given = parseArguments(words);
  if (given === 'help') throw new RangeError('nothing to run');
  const jobs = await BacktestJobs.of(given, settings);
  return (job, rows) => jobs.run(job, rows, () => {}).report;
}

class Backtest {
  readonly #given: BacktestArguments;
  readonly #words: readonly string[];
  readonly #ports: BacktestPorts;

  constructor(given: BacktestArguments, words: readonly string[], ports: BacktestPorts) {
    this.#given = given;
    this.#words = words;
    this.#ports = ports;
  }

  async run(): Promise<void> {
    const { json, csv, html, sweep } = this.#given;
    const jobs = await BacktestJobs.of(this.#given, this.#ports.settings);
    const record = sweep === null ? null : SweepRecord.open(sweep, fingerprintOf(this.#given), jobs.count);
    const keepsRows = record === null && (json !== null || csv !== null);
    const rows = keepsRows ? this.#ports.temporaryFolder() : null;
    const pages = html === null || record !== null || jobs.count > MAX_SHOWN_RUNS ? null : new HtmlRuns(jobs);
    const reports = await this.#reports(jobs, record, rows, pages);
    const runs = reports.map((report, job) => ({ report, rows: rows === null ? null : join(rows, String(job)) }));
    await this.#write(runs, pages?.runs ?? null);
  }

  async #reports(
    jobs: BacktestJobs,
    record: SweepRecord | null,
    rows: string | null,
    pages: HtmlRuns | null,
  ): Promise<readonly RunReport[]> {
    const reports = new Map(record?.done);
    const left = Array.from({ length: jobs.count }, (_, job) => job).filter((job) => !reports.has(job));
    const progress = new Progress(this.#ports, jobs.count, reports.size);
    if (reports.size > 0) this.#ports.tell(`${reports.size} of ${jobs.count} runs were done before.\n`);
    const folderOf = (job: number): string | null => (rows === null ? null : madeFolder(join(rows, String(job))));
    const finished = (job: number, report: RunReport): void => {
      reports.set(job, report);
      record?.add(job, report);
      progress.finished(`last ${jobs.name(job)}`);
    };
    const processes = pages === null ? this.#processes(left.length) : 1;
    if (processes > 1) {
      await this.#inParallel(processes, left, folderOf, finished);
    } else {
      for (const job of left) {
        const done = jobs.run(job, folderOf(job), (detail) => progress.step(`now ${jobs.name(job)}, ${detail}`));
        await pages?.add(done);
        finished(job, done.report);
      }
    }
    progress.end();
    return [...reports].sort(([a], [b]) => a - b).map(([, report]) => report);
  }

  #processes(runs: number): number {
    return Math.min(this.#given.jobs ?? this.#ports.cores, Math.ceil(runs / RUNS_PER_PROCESS));
  }

  /** Each process takes the next run when it has finished one, so that slow runs keep no other waiting. */
  async #inParallel(
    processes: number,
    left: readonly number[],
    folderOf: (job: number) => string | null,
    finished: (job: number, report: RunReport) => void,
  ): Promise<void> {
    const waiting = left.values();
    const runners = Array.from({ length: processes }, () => this.#ports.startRunner(this.#words));
    try {
      await Promise.all(
        runners.map(async (runner) => {
          for (const job of waiting) finished(job, await runner.run(job, folderOf(job)));
        }),
      );
    } finally {
      for (const runner of runners) runner.stop();
    }
  }

  async #write(runs: readonly RunWithRows[], pages: readonly HtmlRun[] | null): Promise<void> {
    const { json, csv, html } = this.#given;
    const reports = runs.map(({ report }) => report);
    const beside = { reality_check: realityChecks(reports) };
    if (json !== null && json !== '-') writePieces(json, reportJson(runs, beside));
    if (csv !== null) {
      for (const { name, pieces } of csvFiles(runs)) writePieces(join(csv, name), pieces);
    }
    if (html !== null) writePieces(html, [await pageOf(reports, pages)]);
    if (json === '-') for (const piece of reportJson(runs, beside)) this.#ports.say(piece);
    else this.#ports.say(terminalReport(reports));
  }
}

async function pageOf(reports: readonly RunReport[], pages: readonly HtmlRun[] | null): Promise<string> {
  if (pages === null) return (await import('./sweep-page.ts')).sweepPage(reports);
  return (await import('./html-report.ts')).htmlReport(pages);
}

/**
 * What the page shows beyond a run: the same under other circumstances. What depends on the market alone is computed
 * once for all its policies. The code is read when a page is wanted.
 */
class HtmlRuns {
  readonly runs: HtmlRun[] = [];
  readonly #jobs: BacktestJobs;
  readonly #ofMarket = new Map<number, Pick<HtmlRun, 'heat' | 'always'>>();

  constructor(jobs: BacktestJobs) {
    this.#jobs = jobs;
  }

  async add({ plan, run, report }: FinishedRun): Promise<void> {
    const { heatOf, sensitivityOf } = await import('./sensitivity.ts');
    let shared = this.#ofMarket.get(report.place);
    if (shared === undefined) {
      const { options } = this.#jobs;
      shared = { heat: heatOf(run.market, options), always: runBacktest(run.market, alwaysPolicy(), options) };
      this.#ofMarket.set(report.place, shared);
    }
    this.runs.push({ run, report, sensitivity: sensitivityOf(plan, run), ...shared });
  }
}

function madeFolder(path: string): string {
  mkdirSync(path);
  return path;
}

/** @throws ValidationError REPORT_NOT_WRITTEN */
function writePieces(path: string, pieces: Iterable<string>): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    const file = openSync(path, 'w');
    try {
      for (const piece of pieces) writeSync(file, piece);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ValidationError('REPORT_NOT_WRITTEN', `${path} cannot be written: ${reason}`, { file: path });
  }
}
