/** Figures for display, in the reader's locale. An unknown figure prints as "unknown", never as zero. */
import { onLocaleChange, readerLocale } from './locale.ts';

export const UNKNOWN = 'unknown';
/** U+2212, as wide as a digit in tabular figures, where a hyphen is not. */
const MINUS = '\u2212';

const formats = new Map<number, Intl.NumberFormat>();

function fixed(value: number, digits: number): string {
  let format = formats.get(digits);
  if (format === undefined) {
    format = new Intl.NumberFormat(readerLocale(), { minimumFractionDigits: digits, maximumFractionDigits: digits });
    formats.set(digits, format);
  }
  return format.format(Math.abs(value));
}
onLocaleChange(() => formats.clear());

export type Sign = 'negative' | 'always';

/** The sign to print before a magnitude's text; text that shows only zeros gets none. */
export function signMark(value: number | bigint, magnitude: string, sign: Sign): string {
  if (!/[1-9]/.test(magnitude)) return '';
  if (value < 0) return MINUS;
  return sign === 'always' ? '+' : '';
}

function signed(value: number, digits: number, sign: Sign, prefix = '', suffix = ''): string {
  const text = fixed(value, digits);
  return `${signMark(value, text, sign)}${prefix}${text}${suffix}`;
}

type Figure = number | null | undefined;
const known = (value: Figure): value is number => typeof value === 'number' && Number.isFinite(value);

export const usd = (value: Figure, sign: Sign = 'negative', digits = 2): string =>
  known(value) ? signed(value, digits, sign, '$') : UNKNOWN;

/** Amounts below one cent get four more places; otherwise an hour's funding would look like nothing. */
export const usdFine = (value: Figure, sign: Sign = 'negative'): string =>
  usd(value, sign, known(value) && value !== 0 && Math.abs(value) < 0.01 ? 6 : 2);

export const sol = (value: Figure, sign: Sign = 'negative', digits = 4): string =>
  known(value) ? signed(value, digits, sign, '', ' SOL') : UNKNOWN;

export const percent = (value: Figure, digits = 2, sign: Sign = 'negative'): string =>
  known(value) ? signed(value, digits, sign, '', ' %') : UNKNOWN;

/** A fraction (0.5) as per cent (50 %). */
export const ratio = (value: Figure, digits = 2, sign: Sign = 'negative'): string =>
  percent(known(value) ? value * 100 : null, digits, sign);

export const times = (value: Figure, digits = 2): string => (known(value) ? `${fixed(value, digits)}\u00d7` : UNKNOWN);

export const plain = (value: Figure, digits = 2, sign: Sign = 'negative'): string =>
  known(value) ? signed(value, digits, sign) : UNKNOWN;

/** Decides the colour only; the sign next to it says the same without colour. */
export type Tone = 'gain' | 'loss' | 'zero' | 'unknown';
export const toneOf = (value: Figure): Tone =>
  !known(value) ? 'unknown' : value > 0 ? 'gain' : value < 0 ? 'loss' : 'zero';

/** A long id for a narrow place: its head and its tail. */
export const shortId = (id: string, head = 6, tail = 4): string =>
  id.length <= head + tail + 1 ? id : `${id.slice(0, head)}\u2026${id.slice(-tail)}`;
