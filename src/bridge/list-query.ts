/** `?limit&cursor&from&to&format` of the lists, and `?names&from&to&points` of the series. */

import { SERIES_NAMES, type SeriesName } from '../domain/figures/series-names.ts';
import type { ListQuery } from '../journal/journal.ts';
import type { SeriesQuery } from '../journal/records.ts';
import { ValidationError } from '../lib/errors.ts';
import { DEFAULT_PAGE_ITEMS, DEFAULT_SERIES_POINTS, MAX_PAGE_ITEMS, MAX_SERIES_POINTS } from './limits.ts';
import { quote } from './quote.ts';

export interface ListRequest {
  readonly query: ListQuery;
  readonly format: 'json' | 'csv';
  /** A CSV of everything between `from` and `to`; else one page. */
  readonly isWhole: boolean;
  /** Of the list of commands; null: all. */
  readonly status: string | null;
}

const STATUSES: readonly string[] = ['done', 'rejected', 'failed', 'unknown', 'open'];

const TIME = 'a time: ISO 8601, or milliseconds since 1970';
/** Of 1973: nothing here is older. */
const LEAST_MS = 100_000_000_000;
const MAX_CURSOR_CHARS = 256;

/** @throws ValidationError INVALID_FIELD with field, got, expected */
export function parseListQuery(parameters: URLSearchParams, engineId: string): ListRequest {
  const cursor = one(parameters, 'cursor');
  if (cursor !== null && (cursor === '' || cursor.length > MAX_CURSOR_CHARS))
    throw bad('cursor', cursor, 'the next_cursor of an earlier page');
  const { fromMs, toMs } = range(parameters);
  const format = one(parameters, 'format') ?? 'json';
  if (format !== 'json' && format !== 'csv') throw bad('format', format, '"json" or "csv"');
  const status = one(parameters, 'status');
  if (status !== null && !STATUSES.includes(status)) throw bad('status', status, `one of ${STATUSES.join(', ')}`);
  const isWhole = format === 'csv' && cursor === null && !parameters.has('limit');
  const other = isWhole ? MAX_PAGE_ITEMS : DEFAULT_PAGE_ITEMS;
  return {
    format,
    isWhole,
    status,
    query: {
      engineId,
      limit: whole(parameters, 'limit', { least: 1, most: MAX_PAGE_ITEMS, other }),
      ...(cursor === null ? {} : { cursor }),
      ...(fromMs === null ? {} : { fromMs }),
      ...(toMs === null ? {} : { toMs }),
    },
  };
}

/** @throws ValidationError INVALID_FIELD with field, got, expected */
export function parseSeriesQuery(parameters: URLSearchParams, engineId: string): SeriesQuery {
  const text = one(parameters, 'names') ?? '';
  const names = [...new Set(text.split(',').map((name) => name.trim()))];
  const known = names.filter((name): name is SeriesName => (SERIES_NAMES as readonly string[]).includes(name));
  if (known.length !== names.length) {
    const unknown = names.find((name) => !(known as readonly string[]).includes(name)) ?? '';
    throw bad('names', unknown === '' ? text : unknown, `some of ${SERIES_NAMES.join(', ')}, with commas between`);
  }
  const { fromMs, toMs } = range(parameters);
  const points = whole(parameters, 'points', { least: 2, most: MAX_SERIES_POINTS, other: DEFAULT_SERIES_POINTS });
  return {
    engineId,
    names: known,
    points,
    ...(fromMs === null ? {} : { fromMs }),
    ...(toMs === null ? {} : { toMs }),
  };
}

const OPERATION_ID = /^[\w-]{1,64}$/;

/** @throws ValidationError INVALID_FIELD with field, got, expected */
export function parseStepsQuery(parameters: URLSearchParams): string {
  const id = one(parameters, 'operation_id');
  if (id === null || !OPERATION_ID.test(id)) throw bad('operation_id', id, 'the id of an operation');
  return id;
}

function range(parameters: URLSearchParams): { readonly fromMs: number | null; readonly toMs: number | null } {
  const fromMs = time(parameters, 'from');
  const toMs = time(parameters, 'to');
  if (fromMs !== null && toMs !== null && fromMs > toMs)
    throw bad('from', one(parameters, 'from'), 'a time not after "to"');
  return { fromMs, toMs };
}

function one(parameters: URLSearchParams, field: string): string | null {
  const all = parameters.getAll(field);
  if (all.length > 1) throw bad(field, `${all.length} of them`, 'a single value');
  return all[0] ?? null;
}

interface WholeNumber {
  readonly least: number;
  readonly most: number;
  /** Where none is given. */
  readonly other: number;
}

function whole(parameters: URLSearchParams, field: string, { least, most, other }: WholeNumber): number {
  const text = one(parameters, field);
  if (text === null) return other;
  const value = /^\d{1,6}$/.test(text) ? Number(text) : -1;
  if (value < least || value > most) throw bad(field, text, `a whole number from ${least} to ${most}`);
  return value;
}

function time(parameters: URLSearchParams, field: string): number | null {
  const text = one(parameters, field);
  if (text === null) return null;
  const ms = /^\d{1,15}$/.test(text) ? Number(text) : /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isFinite(ms)) throw bad(field, text, TIME);
  // Seconds, read as milliseconds, are a day of January 1970, and an empty list.
  if (ms > 0 && ms < LEAST_MS) throw bad(field, text, `${TIME} (these look like seconds: ${text}000)`);
  return ms;
}

function bad(field: string, got: string | null, expected: string): ValidationError {
  const shown = quote(got ?? undefined);
  return new ValidationError('INVALID_FIELD', `${field}: expected ${expected}, got ${shown}`, {
    field,
    got: shown,
    expected,
  });
}
