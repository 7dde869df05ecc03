import { ValidationError } from '../../src/lib/errors.ts';
import type { PriceRow } from './oracles.ts';

const MILLISECONDS_FROM = 1e11;

/**
 * A CSV of times and prices: two columns, or those called `ts` (or `time`, `timestamp`) and `price` (or `oraclePrice`,
 * `oraclePriceTwap`, `close`). Times are Unix seconds or milliseconds, or seconds from the start; the first row is the start.
 *
 * @throws ValidationError LOCALNET_PRICE_FILE with the line
 */
export function readPriceFile(text: string, from: string): PriceRow[] {
  const lines = text.split(/\r?\n/).map((line) => line.split(',').map((cell) => cell.trim()));
  const head = (lines[0] ?? []).map((cell) => cell.toLowerCase());
  const named = head.some((cell) => /[a-z]/.test(cell));
  const timeAt = named ? head.findIndex((cell) => /^(ts|time|timestamp)$/.test(cell)) : 0;
  const priceAt = named ? head.findIndex((cell) => /^(price|oracleprice|oraclepricetwap|close)$/.test(cell)) : 1;
  if (timeAt < 0 || priceAt < 0)
    throw new ValidationError('LOCALNET_PRICE_FILE', `${from} has no columns ts and price.`, {
      columns: head.join(','),
    });
  const rows: { time: number; price: number }[] = [];
  for (const [i, cells] of lines.entries()) {
    if ((named && i === 0) || (cells.length === 1 && cells[0] === '')) continue;
    const time = Number(cells[timeAt]);
    const price = Number(cells[priceAt]);
    const last = rows.at(-1)?.time ?? Number.NEGATIVE_INFINITY;
    if (cells[timeAt] === '' || !Number.isFinite(time) || !(price > 0) || time < last)
      throw new ValidationError('LOCALNET_PRICE_FILE', `${from}, line ${i + 1}: a later time and a price above 0.`);
    rows.push({ time, price });
  }
  const first = rows[0];
  if (first === undefined) throw new ValidationError('LOCALNET_PRICE_FILE', `${from} has no rows.`);
  const unit = first.time > MILLISECONDS_FROM ? 1000 : 1;
  return rows.map(({ time, price }) => ({ at: (time - first.time) / unit, price }));
}
