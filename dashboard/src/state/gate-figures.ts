/** A gate's figures with fixed decimals and their unit. */
import type { GateResult } from '../../../src/protocol/error.ts';
import { percent, plain, sol, UNKNOWN, usd } from '../format/number.ts';
import { spaced } from './command-words.ts';

/** More than this says only that it is much too much. */
const MUCH_PCT = 1_000;

export function gateFigure(value: GateResult['have'], unit: string): string {
  if (value === null) return UNKNOWN;
  if (typeof value === 'string') return unit === '' || !/\d/.test(value) ? spaced(value) : `${value} ${unit}`;
  switch (unit) {
    case '%':
      return Math.abs(value) > MUCH_PCT
        ? `${value < 0 ? 'below −' : 'above '}${plain(MUCH_PCT, 0)} %`
        : percent(value, 2);
    case 'SOL':
      return sol(value);
    case 'USD':
      return usd(value);
    default:
      return `${plain(value, Number.isInteger(value) ? 0 : 2)}${unit === '' ? '' : ` ${unit}`}`;
  }
}

/** The limit; empty where the check has none. */
export const gateLimit = (value: GateResult['need'], unit: string): string =>
  value === null ? '' : gateFigure(value, unit);
