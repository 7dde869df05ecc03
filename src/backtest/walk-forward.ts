/**
 * A policy chosen anew each month among candidates, on nothing but the past: what tuning would have brought a person who
 * could not see ahead. Each candidate runs once; what it had earned by a month's start is its score for that month.
 */
import { type CarryPolicy, type ScheduledPolicy, scheduledPolicy } from '../domain/carry/policies.ts';
import type { RulePlan } from '../domain/carry/policy-text.ts';
import { MS_PER_HOUR } from '../domain/money/units.ts';
import type { BacktestMarket } from './market.ts';
import type { BacktestOptions } from './options.ts';
import { runBacktest, startRow } from './run.ts';
import type { BacktestSummary } from './summary.ts';
import { monthOf } from './time-text.ts';

/** Less past than this chooses nothing. */
const MIN_PAST_MS = 720 * MS_PER_HOUR;
const NOTHING_CHOSEN = 'never';

interface MonthChoice {
  readonly month: string;
  readonly fromMs: number;
  readonly candidate: RulePlan | null;
  readonly scorePct: number;
}

export interface WalkForwardMonth {
  readonly month: string;
  readonly policy: string;
  /** What the chosen one had earned up to then, funding less costs; null: too little past to choose by. */
  readonly score_before_pct: number | null;
  readonly result_pct: number;
}

export interface WalkForward {
  readonly policy: CarryPolicy;
  months(summary: BacktestSummary): readonly WalkForwardMonth[];
}

export function walkForward(
  text: string,
  candidates: readonly RulePlan[],
  market: BacktestMarket,
  options: BacktestOptions,
  progress: (done: number, of: number) => void = () => {},
): WalkForward {
  const starts = monthStarts(market, options);
  const scores = candidates.map((candidate, index) => {
    progress(index, candidates.length);
    return scoresAt(candidate, starts, market, options);
  });
  const firstMs = market.funding.tsMs[0] as number;
  const choices = starts.map((fromMs, place): MonthChoice => {
    const month = monthOf(fromMs);
    if (fromMs - firstMs < MIN_PAST_MS) return { month, fromMs, candidate: null, scorePct: 0 };
    let best = 0;
    for (let index = 1; index < candidates.length; index += 1) {
      if ((scores[index]?.[place] as number) > (scores[best]?.[place] as number)) best = index;
    }
    return { month, fromMs, candidate: candidates[best] ?? null, scorePct: (scores[best]?.[place] ?? 0) * 100 };
  });
  const schedule = choices.flatMap(({ fromMs, candidate }): readonly ScheduledPolicy[] =>
    candidate === null ? [] : [{ fromMs, policy: candidate.make() }],
  );
  return {
    policy: scheduledPolicy(text, schedule),
    months: ({ months_pct }) =>
      choices.map(({ month, candidate, scorePct }) => ({
        month,
        policy: candidate?.text ?? NOTHING_CHOSEN,
        score_before_pct: candidate === null ? null : scorePct,
        result_pct: months_pct[month] ?? 0,
      })),
  };
}

/** The first instant of each month that the account lives in. */
function monthStarts(market: BacktestMarket, options: BacktestOptions): readonly number[] {
  const { tsMs, rows } = market.funding;
  const first = new Date(tsMs[startRow(market, options)] as number);
  const endMs = tsMs[rows - 1] as number;
  const starts: number[] = [];
  for (let month = first.getUTCMonth(); ; month += 1) {
    const atMs = Date.UTC(first.getUTCFullYear(), month, 1);
    if (atMs > endMs) return starts;
    starts.push(atMs);
  }
}

/** What the candidate has earned before each instant: funding less costs, summed. */
function scoresAt(
  candidate: RulePlan,
  instants: readonly number[],
  market: BacktestMarket,
  options: BacktestOptions,
): readonly number[] {
  const run = runBacktest(market, candidate.make(), { ...options, evaluateFromMs: null, closeAtEnd: false });
  let hour = 0;
  let sum = 0;
  return instants.map((atMs) => {
    for (; hour < run.core.length && (run.tsMs[hour] as number) < atMs; hour += 1) sum += run.core[hour] as number;
    return sum;
  });
}
