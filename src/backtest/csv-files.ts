/** A report as CSV files: one of each kind, or one of each kind for each run. */
import type { RunWithRows } from './json-report.ts';
import { EQUITY_COLUMNS, linesOf, ROW_KINDS, type RowKind, rowFile, TRADE_COLUMNS } from './row-files.ts';
import type { RunReport } from './run-report.ts';

export interface ReportFile {
  readonly name: string;
  readonly pieces: Iterable<string>;
}

const HEADERS: Readonly<Record<RowKind, string>> = {
  trades: TRADE_COLUMNS.join(','),
  funding: 'ts,rate,position,amount',
  equity: ['ts', ...['equity', ...EQUITY_COLUMNS].map((name) => `${name}_femto`)].join(','),
};

export function csvFiles(runs: readonly RunWithRows[]): readonly ReportFile[] {
  const files: ReportFile[] = [{ name: 'summary.csv', pieces: [summaryCsv(runs.map(({ report }) => report))] }];
  for (const [index, { rows }] of runs.entries()) {
    if (rows === null) continue;
    const prefix = runs.length === 1 ? '' : `${String(index + 1).padStart(String(runs.length).length, '0')}-`;
    for (const kind of ROW_KINDS) files.push({ name: `${prefix}${kind}.csv`, pieces: tableOf(rows, kind) });
  }
  return files;
}

/** Rows of JSON objects in the header's order, as CSV: their values hold no comma. */
function* tableOf(folder: string, kind: RowKind): Generator<string> {
  yield `${HEADERS[kind]}\n`;
  for (const lines of linesOf(rowFile(folder, kind))) yield lines.replace(/"\w+":|[{}"]/g, '');
}

function summaryCsv(runs: readonly RunReport[]): string {
  const names = Object.keys(runs[0]?.summary ?? {});
  const rows = runs.map(({ market, policy, summary }) =>
    [cell(market), cell(policy), ...Object.values(summary).map(cell)].join(','),
  );
  return `${[['market', 'policy', ...names].join(','), ...rows].join('\n')}\n`;
}

function cell(value: unknown): string {
  const text = typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value ?? '');
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
