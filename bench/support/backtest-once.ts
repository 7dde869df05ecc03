/** The first backtest of a process, as a person meets it: how long the run itself takes, without reading the file. */
import { marketBetween } from '../../src/backtest/market.ts';
import { DEFAULT_OPTIONS } from '../../src/backtest/options.ts';
import { runBacktest } from '../../src/backtest/run.ts';
import { summarize } from '../../src/backtest/summary.ts';
import { meanPolicy } from '../../src/domain/carry/policies.ts';
import { MS_PER_HOUR } from '../../src/domain/money/units.ts';
import { readFundingFile } from '../../src/market-data/history-file.ts';
import { median } from './measure.ts';

const LATER_RUNS = 30;

/** Milliseconds of the first run, and of one of many. */
export async function backtestOnce(path: string): Promise<{ readonly first: number; readonly later: number }> {
  const file = await readFundingFile(path, MS_PER_HOUR);
  const history = { name: 'bench', file: path, funding: file.funding, lend: null, periodMs: MS_PER_HOUR, notes: [] };
  const market = marketBetween(history, null, null);
  if (market === null) throw new Error('the history is empty');
  const once = (): number => {
    const startedAt = performance.now();
    summarize(runBacktest(market, meanPolicy('mean:168', 168, { enterAprPct: 0, exitAprPct: 0 }), DEFAULT_OPTIONS));
    return performance.now() - startedAt;
  };
  const first = once();
  return { first, later: median(Array.from({ length: LATER_RUNS }, once)) };
}
