/** A failed gate's text for a person: one sentence with its figures. The gate has the remedy. */
import { signed } from '../money/display.ts';
import type { GateCode } from './gate-table.ts';

type GateFigure = number | string | null;

export interface FailedGate {
  readonly code: GateCode;
  readonly have: GateFigure;
  readonly need: GateFigure;
  readonly unit: string;
}

/** Decimals tried in turn: as few as tell the figure from the limit. */
const DECIMALS = { sol: [4, 6, 9], usd: [2, 4, 6], percent: [2, 4], times: [2, 4], seconds: [1, 3] } as const;
const DAY_SECONDS = 86_400;

const words = (value: string): string => value.replaceAll('_', ' ');
const trimmed = (text: string): string => (text.includes('.') ? text.replace(/\.?0+$/, '') : text);

type Write = (size: number, decimals: number) => string;

const text = (value: GateFigure, decimals: number, write: Write): string => {
  if (value === null) return 'unknown';
  return typeof value === 'string' ? words(value) : signed(value, write(Math.abs(value), decimals));
};

/** A figure that is not zero and would be shown as zero. */
const vanishes = (value: GateFigure, decimals: number): boolean =>
  typeof value === 'number' && value !== 0 && Number(value.toFixed(decimals)) === 0;

/** Both figures with the decimals that show their difference, and neither as zero if it is not. */
const both =
  (tried: readonly number[], write: Write) =>
  ({ have, need }: FailedGate): readonly [string, string] => {
    const telling = tried.filter((decimals) => text(have, decimals, write) !== text(need, decimals, write));
    const whole = telling.find((decimals) => !vanishes(have, decimals) && !vanishes(need, decimals));
    const decimals = whole ?? telling[0] ?? (tried.at(-1) as number);
    return [text(have, decimals, write), text(need, decimals, write)];
  };

const inSol = both(DECIMALS.sol, (size, decimals) => `${size.toFixed(decimals)} SOL`);
const inUsd = both(DECIMALS.usd, (size, decimals) => `$${size.toFixed(decimals)}`);
const inPercent = both(DECIMALS.percent, (size, decimals) => `${trimmed(size.toFixed(decimals))} %`);
const inTimes = both(DECIMALS.times, (size, decimals) => `${trimmed(size.toFixed(decimals))}x`);
const inSeconds = both(DECIMALS.seconds, (size, decimals) =>
  size > DAY_SECONDS ? 'more than a day' : `${trimmed(size.toFixed(decimals))} s`,
);
const inMilliseconds = both([0, 1], (size, decimals) => `${size.toFixed(decimals)} ms`);
const inAsset = (gate: FailedGate): readonly [string, string] =>
  both([9], (size, decimals) => `${trimmed(size.toFixed(decimals))} ${gate.unit}`)(gate);
const state = ({ have }: FailedGate): string => (have === null ? 'unknown' : words(String(have)));

type Words = (gate: FailedGate) => string;

/** A sentence about the figure and the limit. */
const figures =
  (pair: (gate: FailedGate) => readonly [string, string], sentence: (have: string, need: string) => string): Words =>
  (gate) =>
    sentence(...pair(gate));

const awayFromNeutral = figures(
  inPercent,
  (have, need) => `The account would be ${have} away from neutral; the tolerance is ${need}.`,
);

function nothingToHedge(net: number): string {
  const size = Math.abs(net).toFixed(DECIMALS.sol[0]);
  return `The account would be ${size} SOL ${net < 0 ? 'short' : 'long'}, with next to no spot to hedge.`;
}

const gasLeft = figures(inSol, (have, need) => `The wallet would keep ${have} for gas; it must keep ${need}.`);

function walletFallsShort({ have, need, unit, code }: FailedGate): string {
  const [lacking, reserve] = inSol({ code, unit, need, have: -Number(have) });
  return `The wallet lacks ${lacking} for this, and it must keep ${reserve} for gas.`;
}

const WORDS: Readonly<Record<GateCode, Words>> = {
  PERMISSION: ({ have, need }) =>
    `${need === 'trading' ? 'Trading is disabled' : 'Deposits and withdrawals are disabled'} (${have === 'capital' ? 'capital only' : 'read-only'}).`,
  VENUE_PAUSED: () => 'The venue has paused this operation.',
  FEE_MONEY: figures(inSol, (have, need) => `The wallet has ${have}; this transaction costs ${need}.`),
  PRICE_UNKNOWN: () => 'The price is unknown.',
  ACCOUNT_STATUS: (gate) => (gate.have === 'none' ? 'There is no account yet.' : `The account is ${state(gate)}.`),
  MARKET_STATUS: (gate) => `The market is ${state(gate)}.`,
  ORACLE_INVALID: (gate) => `The oracle price is not usable: ${state(gate)}.`,
  MARK_DIVERGENCE: figures(
    inPercent,
    (have, need) => `The venue's price is ${have} worse than the oracle price; the limit is ${need}.`,
  ),
  QUOTE_DEPEG: figures(inPercent, (have, need) => `The quote asset is ${have} away from 1 USD; the limit is ${need}.`),
  SNAPSHOT_AGE: figures(inSeconds, (have, need) => `The account data is ${have} old; the limit is ${need}.`),
  RPC_LATENCY: figures(inMilliseconds, (have, need) => `The RPC node takes ${have}; the limit is ${need}.`),
  GAS_RESERVE: (gate) => (typeof gate.have === 'number' && gate.have < 0 ? walletFallsShort(gate) : gasLeft(gate)),
  INSUFFICIENT_FUNDS: figures(inAsset, (have, need) => `Available: ${have}. Needed: ${need}.`),
  MINIMUM_SIZE: figures(inSol, (have, need) => `The size is ${have}; the minimum is ${need}.`),
  STEP_SIZE: figures(inSol, (have, need) => `The size ${have} is not a multiple of ${need}.`),
  LEVERAGE: figures(inTimes, (have, need) => `Leverage would be ${have}; the limit is ${need}.`),
  HEALTH_AFTER: figures(inPercent, (have, need) => `Health would be ${have}; it must stay above ${need}.`),
  LIQUIDATION_DISTANCE: figures(
    inPercent,
    (have, need) => `Liquidation would be ${have} away; it must stay at least ${need} away.`,
  ),
  DELTA_EXPOSED: (gate) =>
    gate.unit === 'SOL' && typeof gate.have === 'number' ? nothingToHedge(gate.have) : awayFromNeutral(gate),
  UNPROFITABLE: figures(inUsd, (have, need) => `Expected funding: ${have}. Costs: ${need}.`),
  MAX_AUTO_TRADE: figures(inUsd, (have, need) => `The trade is worth ${have}; the automatic limit is ${need}.`),
};

export const gateSentence = (gate: FailedGate): string => WORDS[gate.code](gate);
