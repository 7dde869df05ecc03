/** Rows as CSV (RFC 4180): one column per field that any row has, nested values as JSON. */
import type { Json } from '../lib/errors.ts';

export type CsvRow = Readonly<Record<string, Json | undefined>>;

/** `columns` stands for the header when there are no rows. */
export function csvOf(rows: readonly CsvRow[], columns: readonly string[]): string {
  const names = [...new Set([...columns, ...rows.flatMap((row) => Object.keys(row))])];
  const lines = [names.map(cell), ...rows.map((row) => names.map((name) => cell(row[name])))];
  return `${lines.map((line) => line.join(',')).join('\r\n')}\r\n`;
}

function cell(value: Json | undefined): string {
  if (value === null || value === undefined) return '';
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  // A spreadsheet runs text that begins like a formula; ours comes from names and messages that others may choose.
  const safe = typeof value !== 'number' && /^[=+@\t\r]|^-(?![\d.]+$)/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
