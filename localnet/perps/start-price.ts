import { ValidationError } from '../../src/lib/errors.ts';
import type { PricePath } from './oracles.ts';

const START_TOLERANCE = 0.05;

/** USD at which a path begins. */
export function firstPrice(path: number | PricePath | undefined, otherwise: number): number {
  if (typeof path !== 'object') return path ?? otherwise;
  if (path.kind === 'fixed') return path.price;
  if (path.kind === 'replay') return path.rows[0]?.price ?? otherwise;
  return path.from ?? otherwise;
}

/** A market that was at another price a moment ago would not fill: its averages and its AMM stand where the dump was. */
export function checkStartPrice(wanted: number | PricePath | undefined, dumped: number): void {
  const given = firstPrice(wanted, dumped);
  if (Math.abs(given / dumped - 1) <= START_TOLERANCE) return;
  throw new ValidationError(
    'LOCALNET_OPTION',
    `The accounts were dumped at $${dumped}: the price starts there, not at $${given}. Move it from there by a ramp.`,
  );
}
