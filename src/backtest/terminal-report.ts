/** A report in a few lines for people. */
import type { RunReport } from './run-report.ts';
import { dayOf } from './time-text.ts';
import { verdict } from './verdict.ts';

const COLUMNS = [
  'policy',
  'net',
  '90 % interval',
  'funding',
  'costs',
  'basis',
  'trades',
  'hits',
  'held',
  'worst month',
] as const;

/** More are too many to read; the best are shown. */
const MOST_RUNS = 40;

export const bestFirst = (runs: readonly RunReport[]): readonly RunReport[] =>
  [...runs].sort((a, b) => b.summary.net_apr_pct - a.summary.net_apr_pct);

export function terminalReport(runs: readonly RunReport[]): string {
  const places = [...new Set(runs.map(({ place }) => place))];
  return places.map((at) => marketReport(runs.filter(({ place }) => place === at))).join('\n');
}

function marketReport(runs: readonly RunReport[]): string {
  const [first] = runs;
  if (first === undefined) return '';
  const { market, notes, gaps, summary } = first;
  const shown = runs.length > MOST_RUNS ? bestFirst(runs).slice(0, MOST_RUNS) : runs;
  return [
    `${market}: ${dayOf(summary.from_ts * 1_000)} to ${dayOf(summary.to_ts * 1_000)}, ${hoursText(summary.hours)}. Per cent a year beyond doing nothing; own size not priced.`,
    ...notes,
    ...gapLines(gaps),
    '',
    ...table([COLUMNS, ...shown.map(rowOf)]),
    ...(shown.length < runs.length
      ? [`… the best ${shown.length} of ${runs.length} runs; --json or --csv has all.`]
      : []),
    '',
    ...verdict(runs),
    ...shown.flatMap(walkForwardLines),
    '',
  ].join('\n');
}

const hoursText = (hours: number): string => `${hours} ${hours === 1 ? 'hour' : 'hours'}`;

const MOST_GAPS = 3;

function gapLines(gaps: readonly string[]): readonly string[] {
  const more = gaps.length - MOST_GAPS;
  return more > 0 ? [...gaps.slice(0, MOST_GAPS), `… and ${more} more gaps`] : gaps;
}

function rowOf({ policy, summary }: RunReport): readonly string[] {
  const [low, high] = summary.interval_90_apr_pct;
  return [
    policy,
    percent(summary.net_apr_pct),
    `${percent(low)} to ${percent(high)}`,
    percent(summary.gross_funding_apr_pct),
    percent(summary.cost_drag_apr_pct),
    percent(summary.basis_apr_pct),
    String(summary.trades),
    `${summary.hits}/${summary.round_trips}`,
    `${Math.round(summary.time_in_market_pct)} %`,
    `${percent(summary.worst_month_pct)} %`,
  ];
}

export const percent = (value: number): string => (Object.is(Number(value.toFixed(1)), -0) ? '0.0' : value.toFixed(1));

/** The first column to the left, numbers to the right. */
function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] as number) : cell.padStart(widths[column] as number),
      )
      .join('  ')
      .trimEnd(),
  );
}

function walkForwardLines({ walkForward }: RunReport): readonly string[] {
  if (walkForward === null) return [];
  return [
    '',
    'month    before  result  chosen',
    ...walkForward.map(({ month, policy, score_before_pct, result_pct }) => {
      const before = score_before_pct === null ? '' : score_before_pct.toFixed(2);
      return `${month}  ${before.padStart(6)}  ${result_pct.toFixed(2).padStart(6)}  ${policy}`;
    }),
  ];
}
