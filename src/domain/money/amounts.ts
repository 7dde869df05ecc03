/** Converts amounts as people and programs write them to base units and back, without loss and without floats. */
import type { ErrorReport } from '../../lib/errors.ts';

export const SOL_DECIMALS = 9;
/** Of USD, prices, and every quote asset: a venue whose quote has others is refused when it is read. */
export const USD_DECIMALS = 6;

/** Whole units: a thousand million SOL is 1e18 lamports, well inside the chain's 64-bit integers. */
export const MAX_AMOUNT_UNITS = 1_000_000_000n;
/** Longer text is refused without parsing. */
const MAX_AMOUNT_TEXT = 64;
/** JSON exponents beyond this cannot give an amount between 1e-9 and 1e9 within `MAX_AMOUNT_TEXT` characters. */
const MAX_EXPONENT = 80;
/** How much of a refused text an error repeats. */
const MAX_GOT_TEXT = 80;

type AmountResult =
  | { readonly ok: true; readonly amount: bigint }
  | { readonly ok: false; readonly error: ErrorReport };

/** A JSON number without a sign: plain, or with an exponent. */
const NUMBER = /^(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,3}))?$/;

const quoted = (text: string): string => (text.length > MAX_GOT_TEXT ? `${text.slice(0, MAX_GOT_TEXT)}…` : text);

/** INVALID_FIELD and its details: field, got, expected. */
export const invalidField = (field: string, got: string, expected: string): ErrorReport => ({
  code: 'INVALID_FIELD',
  message: `${field}: expected ${expected}, got ${quoted(got) === '' ? 'nothing' : quoted(got)}`,
  details: { field, got: quoted(got), expected },
});

/**
 * Base units of a positive amount, exact. `text` is what a person typed or the text of a JSON number: digits, at most
 * one point with digits on both sides, optionally an exponent; no sign, no space, no more than `decimals` decimals
 * (written ones count, so `1.0000000000` has ten), above zero and at most `MAX_AMOUNT_UNITS`.
 */
export function parseAmount(text: string, decimals: number, field: string): AmountResult {
  const refuse = (expected: string): AmountResult => ({ ok: false, error: invalidField(field, text, expected) });
  if (text.length > MAX_AMOUNT_TEXT) return refuse(`a number of at most ${MAX_AMOUNT_TEXT} characters`);
  const match = NUMBER.exec(text);
  if (match === null) return refuse('a positive decimal number');
  const whole = match[1] ?? '';
  const fraction = match[2] ?? '';
  const exponent = Number(match[3] ?? '0');
  const digits = BigInt(whole + fraction);
  if (digits === 0n) return refuse('an amount above zero');
  if (exponent > MAX_EXPONENT) return refuse(`at most ${MAX_AMOUNT_UNITS}`);
  const writtenDecimals = fraction.length - exponent;
  if (writtenDecimals > decimals) return refuse(`at most ${decimals} decimals`);
  const amount = digits * 10n ** BigInt(decimals - writtenDecimals);
  if (amount > MAX_AMOUNT_UNITS * 10n ** BigInt(decimals)) return refuse(`at most ${MAX_AMOUNT_UNITS}`);
  return { ok: true, amount };
}

/** Base units as a plain decimal, exact, without trailing zeros: `formatAmount(1_500_000_000n, 9) === '1.5'`. */
export function formatAmount(base: bigint, decimals: number): string {
  const negative = base < 0n;
  const digits = (negative ? -base : base).toString().padStart(decimals + 1, '0');
  const whole = digits.slice(0, digits.length - decimals);
  const fraction = digits.slice(digits.length - decimals).replace(/0+$/, '');
  return `${negative ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`;
}

/** The inverse of `formatAmount`: base units of a decimal that `formatAmount` wrote. */
export function baseUnitsOf(decimal: string, decimals: number): bigint {
  const [whole = '', fraction = ''] = decimal.replace('-', '').split('.');
  const magnitude = BigInt(whole + fraction.padEnd(decimals, '0').slice(0, decimals));
  return decimal.startsWith('-') ? -magnitude : magnitude;
}

export const formatSol = (lamports: bigint): string => formatAmount(lamports, SOL_DECIMALS);
/** Micro-USD and prices alike. */
export const formatUsd = (microUsd: bigint): string => formatAmount(microUsd, USD_DECIMALS);
