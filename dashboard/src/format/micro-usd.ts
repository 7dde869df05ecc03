/** Exact micro-USD for the table of sources, whose lines must add up to the cent that is shown. */
import { separators } from './locale.ts';
import { type Sign, signMark } from './number.ts';

const PER_USD = 1_000_000n;

/** `digits` 2 to 6; the rest is rounded half away from zero. */
export function microUsdText(value: bigint, digits = 2, sign: Sign = 'negative'): string {
  const unit = 10n ** BigInt(6 - digits);
  const magnitude = value < 0n ? -value : value;
  const rounded = ((magnitude + unit / 2n) / unit) * unit;
  const { group, decimal } = separators();
  const whole = (rounded / PER_USD).toString().replace(/\B(?=(\d{3})+$)/g, group);
  const text = `${whole}${decimal}${(rounded % PER_USD).toString().padStart(6, '0').slice(0, digits)}`;
  return `${signMark(value, text, sign)}$${text}`;
}
