/** What a run comes to, without its rows: it passes between processes as JSON, and a sweep keeps one for each run. */
import { noiseOf } from './bootstrap.ts';
import type { BacktestRun } from './run.ts';
import { type BacktestSummary, blockOf } from './summary.ts';
import type { WalkForwardMonth } from './walk-forward.ts';

export interface RunReport {
  readonly policy: string;
  readonly market: string;
  /** Which `--funding` it is, from 0: two files may have one name. */
  readonly place: number;
  /** Sentences on what the file does not tell, and on its holes. */
  readonly notes: readonly string[];
  readonly gaps: readonly string[];
  /** Rows read, history before the start included. */
  readonly rows: number;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly summary: BacktestSummary;
  readonly walkForward: readonly WalkForwardMonth[] | null;
  /** Of an hour, beyond doing nothing; and its noise: see `reality-check.ts`. */
  readonly meanReturn: number;
  readonly noise: string;
}

interface ReportParts {
  readonly run: BacktestRun;
  readonly place: number;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly summary: BacktestSummary;
  readonly walkForward: readonly WalkForwardMonth[] | null;
}

export function reportOf({ run, place, parameters, summary, walkForward }: ReportParts): RunReport {
  const meanReturn = meanOf(run.returns);
  return {
    policy: run.policy,
    market: run.market.name,
    place,
    notes: run.market.notes,
    gaps: run.market.gaps,
    rows: run.rows,
    parameters,
    summary,
    walkForward,
    meanReturn,
    noise: noiseOf(run.returns, blockOf(run), meanReturn),
  };
}

function meanOf(returns: Float64Array): number {
  let sum = 0;
  for (const each of returns) sum += each;
  return returns.length === 0 ? 0 : sum / returns.length;
}
