/**
 * The file of a sweep: a line for each run that is done, so that a sweep that was stopped goes on where it was. Two sweeps
 * that write one file at once harm nothing: a run comes out the same every time.
 */
import { createHash } from 'node:crypto';
import { appendFileSync, readFileSync, truncateSync } from 'node:fs';
import { ValidationError } from '../lib/errors.ts';
import type { BacktestArguments } from './arguments.ts';
import type { RunReport } from './run-report.ts';

const FORMAT = 'driftless-sweep/1';

interface SweepHead {
  readonly format: string;
  /** Of everything that the results depend on. */
  readonly fingerprint: string;
  readonly runs: number;
}

interface SweepLine {
  readonly job: number;
  readonly report: RunReport;
}

/** Of the files and options: with another the same run comes out differently. */
export function fingerprintOf(given: BacktestArguments): string {
  const hash = createHash('sha256');
  const { funding, lend, policies, settings, json: _j, csv: _c, html: _h, sweep: _s, jobs: _n, ...options } = given;
  const written = { ...options, policies: policies.map(({ text }) => text), settings: [...settings].sort() };
  hash.update(JSON.stringify(written, (_, value) => (typeof value === 'bigint' ? value.toString() : value)));
  const trades = policies.flatMap((plan) => (plan.kind === 'trades' ? [plan.path] : []));
  for (const path of [...funding, ...lend, ...trades]) hash.update(`\n${path.length}:`).update(readFileSync(path));
  return hash.digest('hex');
}

export class SweepRecord {
  readonly done: ReadonlyMap<number, RunReport>;
  readonly #path: string;

  private constructor(path: string, done: ReadonlyMap<number, RunReport>) {
    this.#path = path;
    this.done = done;
  }

  /** @throws ValidationError SWEEP_FILE when the file is another sweep's, is none, or cannot be written */
  static open(path: string, fingerprint: string, runs: number): SweepRecord {
    const head: SweepHead = { format: FORMAT, fingerprint, runs };
    const text = readOr(path);
    if (text === null || text === '') {
      write(path, `${JSON.stringify(head)}\n`);
      return new SweepRecord(path, new Map());
    }
    const [first = '', ...lines] = text.split('\n');
    const known = parsed<SweepHead>(first);
    if (known?.format !== FORMAT) throw refused(path, 'is not a file of a sweep');
    if (known.fingerprint !== fingerprint || known.runs !== runs) {
      throw refused(path, 'belongs to a sweep with other files, policies or options');
    }
    // What follows the last line break was being written when the sweep was stopped.
    const cut = lines.pop() ?? '';
    if (cut !== '') truncateSync(path, Buffer.byteLength(text) - Buffer.byteLength(cut));
    const done = new Map<number, RunReport>();
    for (const [index, line] of lines.entries()) {
      const entry = parsed<SweepLine>(line);
      if (entry === null || !Number.isInteger(entry.job) || entry.report?.summary === undefined) {
        throw refused(path, `cannot be read in line ${index + 2}`);
      }
      done.set(entry.job, entry.report);
    }
    return new SweepRecord(path, done);
  }

  add(job: number, report: RunReport): void {
    write(this.#path, `${JSON.stringify({ job, report } satisfies SweepLine)}\n`);
  }
}

function readOr(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw refused(path, `cannot be read (${error instanceof Error ? error.message : String(error)})`);
  }
}

function write(path: string, text: string): void {
  try {
    appendFileSync(path, text);
  } catch (error) {
    throw refused(path, `cannot be written (${error instanceof Error ? error.message : String(error)})`);
  }
}

function parsed<T>(line: string): T | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as T) : null;
  } catch {
    return null;
  }
}

const refused = (path: string, why: string): ValidationError =>
  new ValidationError('SWEEP_FILE', `${path} ${why}. Give --sweep another file, or delete this one.`, { file: path });
