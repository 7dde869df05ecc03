/** Days as a person picks them, in the reader's time zone, as a range of times. */
import type { TimeRange } from '../socket/lists.ts';

const DAY = /^(\d{4})-(\d{2})-(\d{2})$/;

/** Milliseconds at which that day begins, `later` days on; null: no day. */
function beginningOf(text: string, later: number): number | null {
  const [, year, month, day] = DAY.exec(text) ?? [];
  if (year === undefined) return null;
  const at = new Date(Number(year), Number(month) - 1, Number(day) + later).getTime();
  return Number.isFinite(at) ? at : null;
}

/** From the first moment of one day to the last of the other. Days in the wrong order are taken the other way round. */
export function dayRange(from: string, to: string): TimeRange {
  const [first, last] = from !== '' && to !== '' && from > to ? [to, from] : [from, to];
  const end = beginningOf(last, 1);
  return { from: beginningOf(first, 0), to: end === null ? null : end - 1 };
}
