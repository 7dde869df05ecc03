/** Figures as people and charts read them: JSON numbers in SOL and USD, times as ISO 8601. Exact ones stand beside. */

export const isoTime = (ms: number): string => new Date(ms).toISOString();
export const isoTimeOrNull = (ms: number | null): string | null => (ms === null ? null : isoTime(ms));

/**
 * The nearest double of a decimal string of base units. Text is divided by moving the point, since dividing two
 * doubles would round twice.
 */
export function unitNumber(base: string, decimals: number): number {
  const negative = base.startsWith('-');
  const digits = (negative ? base.slice(1) : base).padStart(decimals + 1, '0');
  const point = digits.length - decimals;
  const value = Number(`${digits.slice(0, point)}.${digits.slice(point)}`);
  return negative && value !== 0 ? -value : value;
}

export const solNumber = (base: string): number => unitNumber(base, 9);
export const usdNumber = (base: string): number => unitNumber(base, 6);
export const rateNumber = (base: string): number => unitNumber(base, 9);
