/** The report as one HTML file that needs nothing else: figures in the order of what matters, charts as SVG. */
import { barChart, type ChartLine, escapeHtml, lineChart } from './charts.ts';
import { gridTable, htmlPage, overview, paragraph, table } from './html-parts.ts';
import { type BacktestRun, RESULT_SOURCES } from './run.ts';
import type { RunReport } from './run-report.ts';
import { breakEven, type Grid, type Sensitivity } from './sensitivity.ts';
import { percent } from './terminal-report.ts';
import { dayOf } from './time-text.ts';
import { verdict } from './verdict.ts';

export interface HtmlRun {
  readonly run: BacktestRun;
  readonly report: RunReport;
  readonly sensitivity: Sensitivity;
  readonly heat: Grid;
  /** The same account holding throughout, to compare with. */
  readonly always: BacktestRun;
}

const COLORS = ['#1769aa', '#c2410c', '#15803d', '#7c3aed', '#b45309', '#0f766e'] as const;

export function htmlReport(runs: readonly HtmlRun[]): string {
  const reports = runs.map((each) => each.report);
  const [first = '', ...more] = verdict(reports);
  return htmlPage([
    `<p class="verdict">${escapeHtml(first)}</p>`,
    ...more.map(paragraph),
    ...(runs.length > 1 ? ['<h2>All runs</h2>', overview(reports)] : []),
    ...runs.map(runSection),
  ]);
}

function runSection({ run, report, sensitivity, heat, always }: HtmlRun): string {
  const { summary, walkForward } = report;
  const { attribution_pct: sources } = summary;
  return [
    `<h2>${escapeHtml(run.policy)} on ${escapeHtml(run.market.name)}, ${dayOf(run.fromMs)} to ${dayOf(run.toMs)}</h2>`,
    ...[...run.market.notes, ...run.market.gaps.slice(0, 10)].map(paragraph),
    headline(run, report),
    '<h3>Where it came from (per cent of the whole time)</h3>',
    barChart(
      RESULT_SOURCES.map((name) => ({ name, value: sources[name] })),
      '',
    ),
    paragraph(
      `Beside it, and never inside: the price moved the perp by ${sources.price.toFixed(1)} %, which the SOL that it hedges moves back.`,
    ),
    ...(walkForward === null
      ? []
      : [
          '<h3>Chosen anew each month, on the past only</h3>',
          table(
            ['month', 'chosen', 'score before, %', 'result, %'],
            walkForward.map((month) => [
              month.month,
              month.policy,
              month.score_before_pct === null ? 'too little past' : month.score_before_pct.toFixed(2),
              month.result_pct.toFixed(2),
            ]),
          ),
        ]),
    '<h3>Result so far, and the position below</h3>',
    ...resultCharts(run, always),
    '<h3>Months</h3>',
    barChart(
      Object.entries(summary.months_pct).map(([name, value]) => ({ name, value })),
      '',
    ),
    ...costSection(run, sensitivity),
    '<h3>Mean of the last hours, by window and entry (per cent a year)</h3>',
    gridTable('hours', 'enter at, % a year', heat),
    paragraph('Look for a plateau: a single good cell among bad neighbours is luck.'),
    ...comparisons(sensitivity),
  ].join('\n');
}

function headline(run: BacktestRun, { summary }: RunReport): string {
  const [low, high] = summary.interval_90_apr_pct;
  const even = breakEven(run);
  const perDay = summary.gross_funding_apr_pct / 365.25;
  const days =
    summary.time_in_market_pct > 0 && perDay > 0
      ? ((even.roundTripPct / perDay) * summary.time_in_market_pct) / 100
      : null;
  return table(
    ['', ''],
    [
      ['Net, a year', `${percent(summary.net_apr_pct)} % [${percent(low)} to ${percent(high)}, 90 %]`],
      [
        'Funding less costs, a year',
        `${percent(summary.core_apr_pct)} % [${percent(summary.core_interval_90_apr_pct[0])} to ${percent(summary.core_interval_90_apr_pct[1])}, 90 %]`,
      ],
      ['Resamples above zero', `${Math.round(summary.share_of_resamples_above_zero * 100)} of 100`],
      [
        'Deepest fall, worst month',
        `${summary.max_drawdown_pct.toFixed(2)} %, ${summary.worst_month_pct.toFixed(2)} %`,
      ],
      ['Round trips that paid', `${summary.hits} of ${summary.round_trips}`],
      [
        'Time in the market, turnover a year',
        `${Math.round(summary.time_in_market_pct)} %, ${summary.turnover_per_year.toFixed(1)} × the SOL`,
      ],
      [
        'Rate that just pays a round trip within the horizon',
        `${even.aprPct.toFixed(2)} % a year (round trip ${even.roundTripPct.toFixed(2)} %)`,
      ],
      ['Days to earn a round trip, while in the market', days === null ? 'never' : days.toFixed(0)],
      ['Sharpe ratio of months', summary.sharpe_monthly === null ? 'unknown' : summary.sharpe_monthly.toFixed(1)],
    ],
  );
}

function resultCharts(run: BacktestRun, always: BacktestRun): readonly string[] {
  const lines: readonly ChartLine[] = [
    { name: run.policy, color: COLORS[0], values: summed(run.returns) },
    ...[
      { name: 'always', color: COLORS[1], values: summed(always.returns) },
      { name: 'never', color: '#57606a', values: new Float64Array(run.returns.length) },
    ].filter(({ name }) => name !== run.policy),
  ];
  const key = lines
    .map(({ name, color }) => `<span class="key" style="background:${color}"></span>${escapeHtml(name)}`)
    .join('');
  const position = { name: 'position', color: COLORS[0], values: run.position.subarray(1) };
  return [
    `<p>${key}</p>`,
    lineChart(lines, run.tsMs, ' %'),
    lineChart([position], run.tsMs, ' SOL', { width: 960, height: 110 }),
  ];
}

function summed(returns: Float64Array): Float64Array {
  let sum = 0;
  return returns.map((each) => {
    sum += each * 100;
    return sum;
  });
}

function costSection(run: BacktestRun, { costs, sizes }: Sensitivity): readonly string[] {
  if (costs === null) return [];
  const zero = sizes.findIndex(
    ({ corePct }, index) => index > 0 && corePct <= 0 && (sizes[index - 1]?.corePct ?? 0) > 0,
  );
  const where =
    zero > 0
      ? `Between ${sizes[zero - 1]?.sol} and ${sizes[zero]?.sol} SOL nothing is left.`
      : sizes.some(({ corePct }) => corePct > 0)
        ? 'Something is left at every size tried.'
        : 'Nothing is left at any size tried.';
  return [
    `<h3>${escapeHtml(run.policy)} under other costs (funding less costs, per cent a year)</h3>`,
    gridTable('fee, bps', 'slippage, bps', costs),
    table(
      ['SOL', ...sizes.map(({ sol }) => String(sol))],
      [['funding less costs, % a year', ...sizes.map(({ corePct }) => percent(corePct))]],
    ),
    paragraph(`${where} Each size pays the slippage of its size; that it would move the rate itself is not priced.`),
  ];
}

function comparisons({ placebo, foresightPct }: Sensitivity): readonly string[] {
  const moved =
    placebo === null
      ? []
      : [
          `The same positions at other times earned ${percent(placebo.middle)} % a year in the middle, and between ${percent(placebo.low)} and ${percent(placebo.high)} in 90 of 100 cases: what lies inside that is no skill.`,
        ];
  return [
    '<h3>Beside chance and foresight</h3>',
    ...moved.map(paragraph),
    paragraph(`Knowing every rate in advance would have left ${percent(foresightPct)} % a year after costs.`),
  ];
}
