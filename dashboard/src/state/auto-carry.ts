/** CARRY_POLICY=auto in words: whether the engine hedges by itself, and what a consent to it means. */

import type * as z from '../../../src/lib/codec.ts';
import type { CarryAnswer } from '../../../src/protocol/carry.ts';
import type { Preview } from '../../../src/protocol/result.ts';
import { percent, plain, sol, usd } from '../format/number.ts';
import { dateTime } from '../format/time.ts';

type AutoCarryStand = z.output<typeof CarryAnswer>['auto'];
type ConsentPreview = NonNullable<Preview['auto_carry']>;
type TermRow = readonly [name: string, value: string];

/** Null: a person hedges here, and there is nothing to say. */
export function autoCarryWords({
  policy,
  enabled,
  enabled_at: at,
  entries_today: entries,
  ended,
}: AutoCarryStand): string | null {
  if (policy !== 'auto') return null;
  if (enabled === null) return 'Not known whether the engine hedges by itself.';
  if (enabled) {
    const today = entries === null ? '' : ` Entries today: ${entries}.`;
    return `The engine enters and leaves by itself since ${dateTime(at)}.${today} Close, Flatten and Stop end it.`;
  }
  return ended === null
    ? 'The engine may hedge by itself once you agree to its policy and limits.'
    : `The engine no longer hedges by itself: ${ended}`;
}

/** What is agreed to: the limits, the rule, and what it would have earned. */
export function consentRows({ limits, backtest }: ConsentPreview): readonly TermRow[] {
  return [
    ['Largest hedge', sol(limits.max_hedge_sol)],
    ['Largest trade', usd(limits.max_auto_trade_usd)],
    ['Entries a day, at most', plain(limits.max_trades_per_day, 0)],
    ['Part of the SOL that it hedges', percent(limits.hedge_fraction * 100, 0)],
    ['Leaves by itself when it no longer pays', limits.auto_exit ? 'yes' : 'no: it alerts once a day'],
    ['Goes by the mean of', `${plain(limits.window_hours, 0)} hours, less ${plain(limits.z, 1)} standard errors`],
    ['Costs must be earned within', `${plain(limits.horizon_hours, 0)} hours`],
    ['Your SOL would earn elsewhere', `${percent(limits.alternative_yield_apr)} a year`],
    ...backtestRows(backtest),
  ];
}

function backtestRows(backtest: ConsentPreview['backtest']): readonly TermRow[] {
  if (!backtest.known) return [['Backtest', backtest.why ?? 'not known']];
  const [low, high] = backtest.interval_90_apr_pct ?? [];
  const own = backtest.own_size_apr_pct;
  return [
    ['Backtest over', `${plain(backtest.hours, 0)} hours`],
    ['from', dateTime(backtest.from)],
    ['to', dateTime(backtest.to)],
    ['It would have earned, beyond doing nothing', `${percent(backtest.net_apr_pct, 2, 'always')} a year`],
    ['In 9 of 10 resamples', `${percent(low, 2, 'always')} to ${percent(high, 2, 'always')} a year`],
    ['Trades', plain(backtest.trades, 0)],
    ['Time hedged', percent(backtest.time_in_market_pct, 1)],
    ...(own == null ? [] : [['What this size costs of the rate', `${percent(own)} a year`] as const]),
  ];
}
