/** Names all that a history said up to a row, so that another one under the same file name is noticed. */
import type { HistoryTable } from './history-table.ts';

const FNV_PRIME = 0x01000193;
const SEEDS = [0x811c9dc5, 0x9e3779b9] as const;

/** The digest of rows 0 to `last` (-1: none), computed for all rows at the first question. */
export function pastDigests(table: HistoryTable<string>): (last: number) => string {
  let digests: readonly (readonly [number, number])[] | null = null;
  return (last) => {
    digests ??= digestsOf(table);
    return (digests[last] ?? SEEDS).map((part) => part.toString(16).padStart(8, '0')).join('');
  };
}

function digestsOf({ rows, tsMs, values }: HistoryTable<string>): readonly (readonly [number, number])[] {
  const columns = [
    tsMs,
    ...Object.keys(values)
      .sort()
      .map((name) => values[name] as Float64Array),
  ];
  const number = new Float64Array(1);
  const words = new Uint32Array(number.buffer);
  let [first, second] = SEEDS as readonly [number, number];
  return Array.from({ length: rows }, (_, row) => {
    for (const column of columns) {
      number[0] = column[row] as number;
      for (const word of words) {
        first = Math.imul(first ^ word, FNV_PRIME) >>> 0;
        second = (Math.imul(second ^ (word >>> 7) ^ (word << 3), FNV_PRIME) + first) >>> 0;
      }
    }
    return [first, second] as const;
  });
}
