import { percent, plain, sol, times, usdFine } from '../format/number.ts';
import { spaced } from './command-words.ts';

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

type Format = (value: number) => string;

/** The unit of a figure by its name, and the part of the name that the unit then says. */
const UNITS: readonly (readonly [RegExp, RegExp | null, Format])[] = [
  [/_usd$/, /_usd$/, usdFine],
  [/^(price_limit|mark_price|oracle_price|liquidation_price_after|value)$/, null, usdFine],
  [/^(total_collateral|free_collateral|initial_margin|maintenance_margin)$/, null, usdFine],
  [/_pct$/, /_pct$/, percent],
  [/^(health_after|delta_after)$/, null, percent],
  [/_sol$/, /_sol$/, (value) => sol(value, 'negative', 6)],
  [/^size$/, null, (value) => `${value < 0 ? 'Sell' : 'Buy'} ${sol(Math.abs(value), 'negative', 6)}`],
  [/^position$/, null, (value) => `${value < 0 ? 'Short' : 'Long'} ${sol(Math.abs(value), 'negative', 6)}`],
  [/^opening_cost$/, null, (value) => sol(value, 'negative', 6)],
  [/^leverage/, null, times],
];

/** The server's preview for display: names in words, figures with units, nested names joined, lists shortened. */
export function previewRows(
  preview: Readonly<Record<string, unknown>>,
  prefix = '',
): readonly (readonly [string, string])[] {
  return Object.entries(preview).flatMap(([name, value]): readonly (readonly [string, string])[] => {
    const [, said = null, format] = UNITS.find(([pattern]) => pattern.test(name)) ?? [];
    const label = `${prefix}${spaced(said === null ? name : name.replace(said, ''))}`;
    if (value === undefined || /_base$/.test(name)) return [];
    if (isObject(value)) return previewRows(value, `${label} · `);
    if (Array.isArray(value)) {
      return value.length === 0 ? [] : [[label, value.map((each) => short(each)).join(', ')]];
    }
    return [[label, short(value, format)]];
  });
}

function short(value: unknown, format?: Format): string {
  if (value === null || value === undefined) return 'unknown';
  if (typeof value === 'number') return format?.(value) ?? plain(value, Number.isInteger(value) ? 0 : 4);
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (isObject(value)) return String(value.code ?? value.message ?? JSON.stringify(value));
  return String(value);
}
