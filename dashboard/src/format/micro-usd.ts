/** Exact micro-USD for the table of sources, whose lines must add up to the cent that is shown. */
const MINUS = '\u2212';
const PER_USD = 1_000_000n;

/** `digits` 2 to 6; the rest is rounded half away from zero. */
export function microUsdText(value: bigint, digits = 2, sign: 'negative' | 'always' = 'negative'): string {
  const unit = 10n ** BigInt(6 - digits);
  const magnitude = value < 0n ? -value : value;
  const rounded = ((magnitude + unit / 2n) / unit) * unit;
  const whole = (rounded / PER_USD).toString().replace(/\B(?=(\d{3})+$)/g, ',');
  const fraction = (rounded % PER_USD).toString().padStart(6, '0').slice(0, digits);
  const mark = rounded === 0n ? '' : value < 0n ? MINUS : sign === 'always' ? '+' : '';
  return `${mark}$${whole}.${fraction}`;
}
