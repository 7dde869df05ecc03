/** The trades of a file, for the policy `trades:<file>`: a CSV, a list in JSON, or a backtest's own JSON. */
import { readFileSync } from 'node:fs';
import { lamports } from '../domain/money/units.ts';
import { ValidationError } from '../lib/errors.ts';
import { withCsv } from '../market-data/csv.ts';
import { parseScaled } from '../market-data/decimal.ts';
import type { FileOrder } from './run.ts';

/**
 * No account trades a million SOL, and no market takes less than a million lamports (0.001 SOL): so a whole number from
 * here on is lamports, and anything below is SOL.
 */
const LAMPORTS_FROM = 1_000_000;
const SOL_DECIMALS = 9;
/** Seconds have fewer digits than this, milliseconds more. */
const MILLISECONDS_FROM = 100_000_000_000;

interface TradeRow {
  readonly line: number;
  readonly ts: string;
  readonly side: string;
  readonly size: string;
}

/** In order of time. @throws ValidationError TRADES_INVALID, naming file and line */
export function readTrades(path: string): readonly FileOrder[] {
  const rows = /\.json$/i.test(path) ? jsonRows(path) : csvRows(path);
  const orders = rows.map((row) => orderOf(path, row));
  for (const [index, order] of orders.entries()) {
    const before = orders[index - 1];
    if (before !== undefined && order.tsMs < before.tsMs) {
      refuse(path, rows[index]?.line ?? 0, 'ts', rows[index]?.ts ?? '', 'a time not before that of the row above');
    }
  }
  return orders;
}

function csvRows(path: string): readonly TradeRow[] {
  return withCsv(path, ({ header, headerText, rows }) => {
    const at = (name: string): number => header.indexOf(name);
    for (const name of ['ts', 'side', 'size']) {
      if (at(name) < 0) refuse(path, 1, name, headerText, 'a header with the columns ts, side, size');
    }
    return Array.from(rows, ({ line, cells }) => ({
      line,
      ts: cells[at('ts')] as string,
      side: cells[at('side')] as string,
      size: cells[at('size')] as string,
    }));
  });
}

function jsonRows(path: string): readonly TradeRow[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ValidationError('TRADES_INVALID', `The trades of ${path} cannot be read: ${reason}`, { file: path });
  }
  const list = Array.isArray(parsed) ? parsed : (parsed as { readonly trades?: unknown } | null)?.trades;
  if (!Array.isArray(list)) refuse(path, 1, 'trades', typeof parsed, 'a list of trades, or a backtest with one');
  return list.map((row: Readonly<Record<string, unknown>> | null, index) => ({
    line: index + 1,
    ts: String(row?.ts ?? ''),
    side: String(row?.side ?? ''),
    size: String(row?.size ?? ''),
  }));
}

function orderOf(path: string, { line, ts, side, size }: TradeRow): FileOrder {
  const time = /^\d{1,14}$/.test(ts) ? Number(ts) : 0;
  if (time === 0) refuse(path, line, 'ts', ts, 'seconds or milliseconds since 1970');
  if (side !== 'buy' && side !== 'sell') refuse(path, line, 'side', side, 'buy or sell');
  const inSol = parseScaled(size, SOL_DECIMALS);
  if (inSol === null || inSol <= 0n) refuse(path, line, 'size', size, 'a size above zero, in SOL or whole lamports');
  const asLamports = /^\d+$/.test(size) && Number(size) >= LAMPORTS_FROM;
  const magnitude = asLamports ? BigInt(size) : inSol;
  return {
    tsMs: time >= MILLISECONDS_FROM ? time : time * 1_000,
    size: lamports(side === 'buy' ? magnitude : -magnitude),
  };
}

function refuse(file: string, line: number, field: string, got: string, expected: string): never {
  throw new ValidationError(
    'TRADES_INVALID',
    `${file}, line ${line}: ${field}: expected ${expected}, got ${JSON.stringify(got)}`,
    {
      file,
      line,
      field,
      got,
      expected,
    },
  );
}
