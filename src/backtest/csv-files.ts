/** A report as CSV files: one of each kind, or one of each kind for each run. */
import { EQUITY_COLUMNS, type ReportedRun, TRADE_COLUMNS } from './json-report.ts';
import { seconds } from './time-text.ts';

export interface ReportFile {
  readonly name: string;
  readonly text: string;
}

export function csvFiles(runs: readonly ReportedRun[]): readonly ReportFile[] {
  const files: ReportFile[] = [{ name: 'summary.csv', text: summaryCsv(runs) }];
  for (const [index, reported] of runs.entries()) {
    const prefix = runs.length === 1 ? '' : `${String(index + 1).padStart(String(runs.length).length, '0')}-`;
    const trades = reported.run.trades.map((trade) =>
      TRADE_COLUMNS.map((name) => (name === 'ts' ? seconds(trade.tsMs) : String(trade[name as 'side']))).join(','),
    );
    files.push(
      { name: `${prefix}trades.csv`, text: lines(TRADE_COLUMNS.join(','), trades) },
      { name: `${prefix}funding.csv`, text: tableOf(reported.rows?.fundingRows ?? [], 'ts,rate,position,amount') },
      { name: `${prefix}equity.csv`, text: tableOf(reported.rows?.equityRows ?? [], EQUITY_HEADER) },
    );
  }
  return files;
}

const EQUITY_HEADER = ['ts', ...['equity', ...EQUITY_COLUMNS].map((name) => `${name}_femto`)].join(',');

const lines = (header: string, rows: readonly string[]): string => `${[header, ...rows].join('\n')}\n`;

/** Rows of JSON objects in the header's order, as CSV: their values hold no comma. */
const tableOf = (rows: readonly string[], header: string): string =>
  lines(
    header,
    rows.map((row) => row.replace(/"\w+":|[{}"]/g, '')),
  );

function summaryCsv(runs: readonly ReportedRun[]): string {
  const names = Object.keys(runs[0]?.summary ?? {});
  const rows = runs.map(({ run, summary }) => {
    const values = Object.values(summary).map(cell);
    return [cell(run.market.name), cell(run.policy), ...values].join(',');
  });
  return lines(['market', 'policy', ...names].join(','), rows);
}

function cell(value: unknown): string {
  const text = typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value ?? '');
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
