/** Pieces of the pages that a backtest writes. */
import { escapeHtml } from './charts.ts';
import type { RunReport } from './run-report.ts';
import type { Grid } from './sensitivity.ts';
import { percent } from './terminal-report.ts';

const STYLE = `body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:64rem;padding:0 1rem;color:#1b1f24;background:#fff}
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2.2rem}h3{font-size:1rem}table{border-collapse:collapse;margin:.6rem 0}
td,th{padding:.2rem .6rem;text-align:right;border-bottom:1px solid #e3e6ea;font-variant-numeric:tabular-nums}
td:first-child,th:first-child{text-align:left}svg{width:100%;height:auto;font:11px system-ui,sans-serif;fill:#57606a}
.grid{stroke:#eceff2}.zero{stroke:#8c959f}.gain{fill:#15803d}.loss{fill:#c2410c}.verdict{font-size:1.1rem;font-weight:600}
.note{color:#57606a}.key{display:inline-block;width:.8em;height:.8em;margin:0 .3em 0 1em}`;

/** A whole page that needs nothing else. */
export const htmlPage = (body: readonly string[]): string =>
  [
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Driftless backtest</title>',
    `<meta name="viewport" content="width=device-width"><style>${STYLE}</style></head><body>`,
    '<h1>Did hedging pay?</h1>',
    '<p class="note">Own size not priced: what our position would have done to the funding rate itself is left out.</p>',
    ...body,
    '<p class="note">Per cent a year beyond doing nothing, on starting SOL at each hour’s oracle; costs are negative. One past on one venue is no promise.</p>',
    '</body></html>\n',
  ].join('\n');

export const paragraph = (text: string): string => `<p class="note">${escapeHtml(text)}</p>`;

export function overview(runs: readonly RunReport[]): string {
  const rows = runs.map(({ market, policy, summary }) => [
    `${market} · ${policy}`,
    percent(summary.net_apr_pct),
    `${percent(summary.interval_90_apr_pct[0])} to ${percent(summary.interval_90_apr_pct[1])}`,
    percent(summary.core_apr_pct),
    String(summary.trades),
  ]);
  return table(['market and policy', 'net', '90 % interval', 'funding less costs', 'trades'], rows);
}

export function gridTable(rowName: string, columnName: string, { rows, columns, cells }: Grid): string {
  const extreme = Math.max(1e-9, ...cells.flat().filter(Number.isFinite).map(Math.abs));
  const body = rows.map((row, at) => {
    const values = (cells[at] ?? []).map((value) => {
      if (!Number.isFinite(value)) return '<td></td>';
      const strength = (Math.abs(value) / extreme) * 0.55;
      const color = value < 0 ? `rgba(194,65,12,${strength.toFixed(2)})` : `rgba(21,128,61,${strength.toFixed(2)})`;
      return `<td style="background:${color}">${percent(value)}</td>`;
    });
    return `<tr><td>${row}</td>${values.join('')}</tr>`;
  });
  const head = columns.map((column) => `<th>${column}</th>`).join('');
  return `<table><tr><th>${escapeHtml(rowName)} \\ ${escapeHtml(columnName)}</th>${head}</tr>${body.join('')}</table>`;
}

export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = (row: readonly string[], tag: string): string =>
    `<tr>${row.map((cell) => `<${tag}>${escapeHtml(cell)}</${tag}>`).join('')}</tr>`;
  const head = header.some((cell) => cell !== '') ? cells(header, 'th') : '';
  return `<table>${head}${rows.map((row) => cells(row, 'td')).join('')}</table>`;
}
