/** Times for display. */
import { onLocaleChange, readerLocale } from './locale.ts';
import { UNKNOWN } from './number.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const two = (value: number): string => String(value).padStart(2, '0');

/** A countdown: `29:07`, `1:02:09`, `3 d 04 h`. Never negative. */
export function countdown(ms: number | null | undefined): string {
  if (ms === null || ms === undefined || !Number.isFinite(ms)) return UNKNOWN;
  const left = Math.max(0, Math.ceil(ms / SECOND));
  const days = Math.floor(left / 86_400);
  const hours = Math.floor((left % 86_400) / 3_600);
  const minutes = Math.floor((left % 3_600) / 60);
  const seconds = left % 60;
  if (days > 0) return `${days} d ${two(hours)} h`;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
}

/** How long ago, coarse: `now`, `4 s`, `12 min`, `3 h`, `2 d`. */
export function age(ms: number | null | undefined): string {
  if (ms === null || ms === undefined || !Number.isFinite(ms)) return UNKNOWN;
  if (ms < 1_500) return 'now';
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)} s`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min`;
  if (ms < DAY) return `${Math.floor(ms / HOUR)} h`;
  return `${Math.floor(ms / DAY)} d`;
}

/** A duration in days for break-even: `3.4 days`, `5.0 hours` below a day. */
export function days(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return UNKNOWN;
  if (value < 1) return `${(value * 24).toFixed(1)} hours`;
  return `${value.toFixed(1)} days`;
}

/** Local wall time to the second. */
export function clock(ms: number | null | undefined): string {
  if (ms === null || ms === undefined || !Number.isFinite(ms)) return UNKNOWN;
  const at = new Date(ms);
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

const formats = new Map<string, Intl.DateTimeFormat>();
onLocaleChange(() => formats.clear());

function formatted(ms: number | null | undefined, name: string, options: Intl.DateTimeFormatOptions): string {
  if (ms === null || ms === undefined || !Number.isFinite(ms)) return UNKNOWN;
  let format = formats.get(name);
  if (format === undefined) {
    format = new Intl.DateTimeFormat(readerLocale(), options);
    formats.set(name, format);
  }
  return format.format(ms);
}

/** Local date and time to the minute: `15 Jan 2026, 12:00` in the reader's order. */
export const dateTime = (ms: number | null | undefined): string =>
  formatted(ms, 'date-time', {
    year: 'numeric',
    month: 'short',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });

/** Without the year, where a row has little room: `Jan 15, 12:00`. */
export const dayTime = (ms: number | null | undefined): string =>
  formatted(ms, 'day-time', { month: 'short', day: '2-digit', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });

/** Day and month. */
export const day = (ms: number): string => formatted(ms, 'day', { month: 'short', day: 'numeric' });
export const month = (ms: number): string => formatted(ms, 'month', { year: 'numeric', month: 'short' });
/** To the minute, of the same day. */
export const hourMinute = (ms: number): string =>
  formatted(ms, 'hour-minute', { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });

/** `2026-01-15T12:00` of the reader's clock, as a field for date and time wants it. */
export function fieldTime(ms: number): string {
  const at = new Date(ms - new Date(ms).getTimezoneOffset() * MINUTE);
  return at.toISOString().slice(0, 16);
}

/** The zone in which all times are shown: `CET`, `GMT+2`. It may change with summer time. */
export function timeZone(ms: number): string {
  const parts = new Intl.DateTimeFormat(readerLocale(), { timeZoneName: 'short' }).formatToParts(ms);
  return parts.find((part) => part.type === 'timeZoneName')?.value ?? 'local time';
}
