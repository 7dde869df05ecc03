/** Cursors of lists: opaque to callers, the place after the last row of a page. */
import { ValidationError } from '../lib/errors.ts';

interface CursorPlace {
  readonly tsMs: number;
  /** Orders rows of the same time. */
  readonly seq: number;
}

const CURSOR = /^v1\.(\d{1,16})\.(\d{1,16})$/;
const MAX_CURSOR_LENGTH = 64;
const BASE64URL = /^[A-Za-z0-9_-]+$/;

export const encodeCursor = ({ tsMs, seq }: CursorPlace): string =>
  Buffer.from(`v1.${tsMs}.${seq}`).toString('base64url');

/** @throws ValidationError INVALID_FIELD if `encodeCursor` did not make it */
export function decodeCursor(cursor: string): CursorPlace {
  const text =
    cursor.length <= MAX_CURSOR_LENGTH && BASE64URL.test(cursor) ? Buffer.from(cursor, 'base64url').toString() : '';
  const match = CURSOR.exec(text);
  const place = { tsMs: Number(match?.[1]), seq: Number(match?.[2]) };
  if (match === null || !Number.isSafeInteger(place.tsMs) || !Number.isSafeInteger(place.seq)) {
    throw new ValidationError('INVALID_FIELD', 'The cursor does not belong to this list.', {
      field: 'cursor',
      got: cursor.slice(0, MAX_CURSOR_LENGTH),
      expected: 'the next_cursor of an earlier page',
    });
  }
  return place;
}
