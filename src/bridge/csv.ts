/** Rows as CSV (RFC 4180): one column per field, nested values as JSON. */
import type { Json } from '../lib/errors.ts';

export type CsvRow = Readonly<Record<string, Json | undefined>>;

const lineOf = (cells: readonly string[]): string => `${cells.join(',')}\r\n`;

export const csvHeader = (columns: readonly string[]): string => lineOf(columns.map(cell));

export const csvLines = (rows: readonly CsvRow[], columns: readonly string[]): string =>
  rows.map((row) => lineOf(columns.map((name) => cell(row[name])))).join('');

function cell(value: Json | undefined): string {
  if (value === null || value === undefined) return '';
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  // A spreadsheet runs text that begins like a formula; ours comes from names and messages that others may choose. In some
  // languages the wide signs count as the others do.
  const safe = typeof value !== 'number' && /^[=+@\t\r\n＝＋－＠]|^-(?![\d.]+$)/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
