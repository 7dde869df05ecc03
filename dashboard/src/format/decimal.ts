/**
 * Amounts as a person types them, exact: text in, text or bigint out. Nothing here uses floating point, because the parsed
 * amount is what the page sends.
 */

export type ParsedAmount =
  /** `text` is the canonical decimal, `base` the same in base units. */
  { readonly ok: true; readonly text: string; readonly base: bigint } | { readonly ok: false; readonly reason: string };

/** Longer than any real amount; longer text was pasted by mistake. */
const MAX_AMOUNT_CHARS = 40;
const DECIMAL = /^(\d+)(?:\.(\d*))?$|^\.(\d+)$/;

/** @param decimals places of the base unit: 9 for SOL, 6 for the quote asset */
export function parseAmount(typed: string, decimals: number): ParsedAmount {
  const text = typed.trim();
  if (text === '') return refuse('Enter an amount.');
  if (text.length > MAX_AMOUNT_CHARS) return refuse('That is too long for an amount.');
  if (text.startsWith('-')) return refuse('The amount must be positive.');
  if (text.includes(',')) return refuse('Use a point for decimals and no thousands separators.');
  if (/e/i.test(text)) return refuse('Write the number out, without an exponent.');
  const match = DECIMAL.exec(text);
  if (match === null) return refuse('Digits and one point only, for example 1.5');
  const whole = (match[1] ?? '').replace(/^0+(?=\d)/, '') || '0';
  const fraction = (match[2] ?? match[3] ?? '').replace(/0+$/, '');
  if (fraction.length > decimals) return refuse(`At most ${decimals} decimals.`);
  const base = BigInt(whole + fraction.padEnd(decimals, '0'));
  if (base === 0n) return refuse('The amount must be more than zero.');
  return { ok: true, text: fraction === '' ? whole : `${whole}.${fraction}`, base };
}

const refuse = (reason: string): ParsedAmount => ({ ok: false, reason });

/** Base units as an exact decimal without trailing zeros: 1500000000n at 9 is `1.5`. */
export function baseToText(base: bigint, decimals: number): string {
  const negative = base < 0n;
  const digits = (negative ? -base : base).toString().padStart(decimals + 1, '0');
  const whole = digits.slice(0, digits.length - decimals);
  const fraction = digits.slice(digits.length - decimals).replace(/0+$/, '');
  return `${negative ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`;
}

/** The largest multiple of `step` up to `base`; with `step` 0 or unknown, `base` itself. */
export const floorToStep = (base: bigint, step: bigint | null): bigint =>
  step === null || step <= 0n ? base : base - (base % step);
