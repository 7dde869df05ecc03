/** The report as one HTML file that needs nothing else: figures in the order of what matters, charts as SVG. */
import { barChart, type ChartLine, escapeHtml, lineChart } from './charts.ts';
import type { ReportedRun } from './json-report.ts';
import { type BacktestRun, RESULT_SOURCES } from './run.ts';
import { breakEven, type Grid, type Sensitivity } from './sensitivity.ts';
import { percent } from './terminal-report.ts';
import { dayOf } from './time-text.ts';
import { verdict } from './verdict.ts';

export interface HtmlRun {
  readonly reported: ReportedRun;
  readonly sensitivity: Sensitivity;
  readonly heat: Grid;
  /** The same account holding throughout, to compare with. */
  readonly always: BacktestRun;
}

const COLORS = ['#1769aa', '#c2410c', '#15803d', '#7c3aed', '#b45309', '#0f766e'] as const;

const STYLE = `body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:64rem;padding:0 1rem;color:#1b1f24;background:#fff}
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2.2rem}h3{font-size:1rem}table{border-collapse:collapse;margin:.6rem 0}
td,th{padding:.2rem .6rem;text-align:right;border-bottom:1px solid #e3e6ea;font-variant-numeric:tabular-nums}
td:first-child,th:first-child{text-align:left}svg{width:100%;height:auto;font:11px system-ui,sans-serif;fill:#57606a}
.grid{stroke:#eceff2}.zero{stroke:#8c959f}.gain{fill:#15803d}.loss{fill:#c2410c}.verdict{font-size:1.1rem;font-weight:600}
.note{color:#57606a}.key{display:inline-block;width:.8em;height:.8em;margin:0 .3em 0 1em}`;

export function htmlReport(runs: readonly HtmlRun[]): string {
  const reported = runs.map((each) => each.reported);
  const sentences = verdict(reported);
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Driftless backtest</title>',
    `<meta name="viewport" content="width=device-width"><style>${STYLE}</style></head><body>`,
    '<h1>Did hedging pay?</h1>',
    `<p class="verdict">${escapeHtml(sentences[0] ?? '')}</p>`,
    ...sentences.slice(1).map(paragraph),
    ...(runs.length > 1 ? [overview(reported)] : []),
    ...runs.map(runSection),
    '<p class="note">Per cent a year beyond doing nothing, on starting SOL at each hour’s oracle; costs are negative. One past on one venue is no promise.</p>',
    '</body></html>\n',
  ].join('\n');
}

const paragraph = (text: string): string => `<p class="note">${escapeHtml(text)}</p>`;

function overview(runs: readonly ReportedRun[]): string {
  const rows = runs.map(({ run, summary }) => [
    `${run.market.name} · ${run.policy}`,
    percent(summary.net_apr_pct),
    `${percent(summary.interval_90_apr_pct[0])} to ${percent(summary.interval_90_apr_pct[1])}`,
    percent(summary.core_apr_pct),
    String(summary.trades),
  ]);
  return `<h2>All runs</h2>${table(['market and policy', 'net', '90 % interval', 'funding less costs', 'trades'], rows)}`;
}

function runSection({ reported, sensitivity, heat, always }: HtmlRun): string {
  const { run, summary, walkForward } = reported;
  const { attribution_pct: sources } = summary;
  return [
    `<h2>${escapeHtml(run.policy)} on ${escapeHtml(run.market.name)}, ${dayOf(run.fromMs)} to ${dayOf(run.toMs)}</h2>`,
    ...[...run.market.notes, ...run.market.gaps.slice(0, 10)].map(paragraph),
    headline(reported),
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

function headline({ run, summary }: ReportedRun): string {
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
    { name: 'always', color: COLORS[1], values: summed(always.returns) },
    { name: 'never', color: '#57606a', values: new Float64Array(run.returns.length) },
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

function gridTable(rowName: string, columnName: string, { rows, columns, cells }: Grid): string {
  const extreme = Math.max(1e-9, ...cells.flat().map(Math.abs));
  const body = rows.map((row, at) => {
    const values = (cells[at] ?? []).map((value) => {
      const strength = (Math.abs(value) / extreme) * 0.55;
      const color = value < 0 ? `rgba(194,65,12,${strength.toFixed(2)})` : `rgba(21,128,61,${strength.toFixed(2)})`;
      return `<td style="background:${color}">${percent(value)}</td>`;
    });
    return `<tr><td>${row}</td>${values.join('')}</tr>`;
  });
  const head = columns.map((column) => `<th>${column}</th>`).join('');
  return `<table><tr><th>${escapeHtml(rowName)} \\ ${escapeHtml(columnName)}</th>${head}</tr>${body.join('')}</table>`;
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = (row: readonly string[], tag: string): string =>
    `<tr>${row.map((cell) => `<${tag}>${escapeHtml(cell)}</${tag}>`).join('')}</tr>`;
  const head = header.some((cell) => cell !== '') ? cells(header, 'th') : '';
  return `<table>${head}${rows.map((row) => cells(row, 'td')).join('')}</table>`;
}
