/**
 * Units are types: every amount is a branded integer of base units, and only this file converts between units. Floating
 * point is for ratios and for display.
 */
declare const unit: unique symbol;
type Unit<Name extends string> = bigint & { readonly [unit]: Name };

/** 1e-9 SOL. Spot amounts, and the signed size of a SOL perp (Drift's BASE_PRECISION is 1e9 too). */
export type Lamports = Unit<'lamports'>;
/** 1e-6 USD: Drift's QUOTE_PRECISION, and the base unit of the quote asset. */
export type MicroUsd = Unit<'micro-usd'>;
/** 1e-6 USD per SOL: Drift's PRICE_PRECISION. */
export type Price = Unit<'price'>;
/** 1e-15 USD: lamports times price, exact. Equity is accounted in it, so that nothing is lost to rounding. */
export type FemtoUsd = Unit<'femto-usd'>;

export const LAMPORTS_PER_SOL = 1_000_000_000n;
export const FEMTO_PER_MICRO_USD = 1_000_000_000n;
export const BPS = 10_000n;
export const MS_PER_HOUR = 3_600_000;
/** Drift's year for interest and funding: 365.25 days. */
export const HOURS_PER_YEAR = 8766;

export const lamports = (value: bigint): Lamports => value as Lamports;
export const microUsd = (value: bigint): MicroUsd => value as MicroUsd;
export const price = (value: bigint): Price => value as Price;
export const femtoUsd = (value: bigint): FemtoUsd => value as FemtoUsd;

export const abs = <T extends bigint>(value: T): T => (value < 0n ? (-(value as bigint) as T) : value);
export const min = <T extends bigint>(a: T, b: T): T => (a < b ? a : b);
export const max = <T extends bigint>(a: T, b: T): T => (a > b ? a : b);

/** Quotient rounded toward minus infinity (bigint `/` rounds toward zero). @throws RangeError when divisor is 0. */
export function divFloor(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor;
  return dividend % divisor !== 0n && dividend < 0n !== divisor < 0n ? quotient - 1n : quotient;
}

/** Quotient rounded toward plus infinity. @throws RangeError when divisor is 0. */
export const divCeil = (dividend: bigint, divisor: bigint): bigint => -divFloor(-dividend, divisor);

/** The value of `size` at `at` in micro-USD, rounded toward minus infinity. */
export const valueAt = (size: Lamports, at: Price): MicroUsd => microUsd(divFloor(size * at, FEMTO_PER_MICRO_USD));

/**
 * The nearest double of base units, for display and ratios only. It moves the point in the text, because dividing two
 * doubles would round twice.
 */
export function unitNumber(base: bigint | string, decimals: number): number {
  const text = base.toString();
  const negative = text.startsWith('-');
  const digits = (negative ? text.slice(1) : text).padStart(decimals + 1, '0');
  const point = digits.length - decimals;
  const value = Number(`${digits.slice(0, point)}.${digits.slice(point)}`);
  return negative && value !== 0 ? -value : value;
}

/** From lamports, or their text. */
export const solNumber = (value: Lamports | string): number => unitNumber(value, 9);
/** From micro-USD, a price, or their text. */
export const usdNumber = (value: MicroUsd | Price | string): number => unitNumber(value, 6);
