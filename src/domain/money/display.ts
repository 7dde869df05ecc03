/**
 * Figures in the sentences that people read: USD with 2 decimals (more only below a cent), SOL with 4, a true minus sign,
 * and never a minus zero. The details next to a sentence have the exact figures.
 */
import { baseUnitsOf, formatAmount, SOL_DECIMALS, USD_DECIMALS } from './amounts.ts';

const MINUS = '−';
const CENT = 10_000n;

/** Half away from zero. */
function rounded(base: bigint, decimals: number, shown: number): string {
  const unit = 10n ** BigInt(decimals - shown);
  const magnitude = ((base < 0n ? -base : base) + unit / 2n) / unit;
  const digits = magnitude.toString().padStart(shown + 1, '0');
  return `${digits.slice(0, digits.length - shown)}.${digits.slice(digits.length - shown)}`;
}

/** The magnitude's text with the sign of its value; text that shows only zeros gets none. `plus` marks positive values. */
export function signed(value: number | bigint, magnitude: string, plus: '' | '+' = ''): string {
  if (!/[1-9]/.test(magnitude)) return magnitude;
  return `${value < 0 ? MINUS : plus}${magnitude}`;
}

/** `10.2000`, from lamports. */
export const solText = (lamports: bigint): string => signed(lamports, rounded(lamports, SOL_DECIMALS, 4));

/** `$1234.50`, `$0.0036`, `−$3.30`, from micro-USD. */
export function usdText(microUsd: bigint): string {
  const magnitude = microUsd < 0n ? -microUsd : microUsd;
  const exact = formatAmount(magnitude, USD_DECIMALS);
  return signed(microUsd, `$${magnitude < CENT && magnitude > 0n ? exact : rounded(magnitude, USD_DECIMALS, 2)}`);
}

/** As `solText`, from the exact decimal that details carry. */
export const shownSol = (decimal: string): string => solText(baseUnitsOf(decimal, SOL_DECIMALS));
/** As `usdText`, from the exact decimal that details carry. */
export const shownUsd = (decimal: string): string => usdText(baseUnitsOf(decimal, USD_DECIMALS));

const exact = (decimal: string): string => decimal.replace('-', MINUS);

/** Two amounts of SOL that differ also look different: with all decimals if four would hide the difference. */
export function shownSolChange(from: string, to: string): string {
  const [before, after] = [shownSol(from), shownSol(to)];
  return before === after && from !== to ? `from ${exact(from)} to ${exact(to)} SOL` : `from ${before} to ${after} SOL`;
}

/** `42.3 %`, `−3.20 %`. */
export const percentText = (value: number, decimals = 1): string =>
  `${signed(value, Math.abs(value).toFixed(decimals))} %`;

/** Beyond this a hedge deviation only says that there is next to no spot to hedge. */
export const TELLING_DEVIATION_PCT = 1_000;

/** `+1.50 %`, `0.00 %`; with next to no spot `more than +1,000 %`. */
export function signedDeviation(pct: number): string {
  if (pct > TELLING_DEVIATION_PCT) return 'more than +1,000 %';
  if (pct < -TELLING_DEVIATION_PCT) return `less than ${MINUS}1,000 %`;
  return `${signed(pct, Math.abs(pct).toFixed(2), '+')} %`;
}

/** `2026-11-29 14:05 UTC`. */
export const timeText = (ms: number): string => `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
