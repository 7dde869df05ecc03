/**
 * The confidence rule: when the mean of past funding, less what chance may have added to it, pays for a hedge. One piece of
 * code for the backtest, which asks it at every hour of a history, and for the engine, which asks it of a snapshot.
 */
import type { RateWindow } from '../account/snapshot.ts';
import { FRACTION_UNITS, isKnownEnough, type RateHistory } from './rate-history.ts';

export interface ConfidenceRule {
  readonly hours: number;
  readonly blockHours: number;
  readonly z: number;
  readonly exitAprPct: number;
}

export const DEFAULT_CONFIDENCE: ConfidenceRule = { hours: 336, blockHours: 48, z: 1, exitAprPct: 0 };

/** The engine's window has seven blocks: of 336 hours, 48 each. */
const BLOCKS = 7;
export const blockHoursOf = (windowHours: number): number =>
  windowHours < BLOCKS ? windowHours / BLOCKS : Math.floor(windowHours / BLOCKS);

/** What the confidence rule goes by, as fractions of the notional per period. */
export interface Confidence {
  readonly mean: number;
  /** Of the mean: the deviation (n - 1) of its blocks' means over the root of their number. */
  readonly error: number;
}

/** The window that ends `endHoursAgo` before the newest period that is known; negative: after it. */
export function rateWindow(
  rates: RateHistory,
  { hours, blockHours }: Pick<ConfidenceRule, 'hours' | 'blockHours'>,
  endHoursAgo = 0,
): RateWindow {
  // A fraction of an hour need not divide exactly.
  const blocks = Math.floor(hours / blockHours + 1e-9);
  return {
    hours,
    wanted: rates.periodsIn(hours),
    total: rates.sumOf(hours, endHoursAgo),
    blocks: Array.from({ length: blocks }, (_, block) => rates.sumOf(blockHours, endHoursAgo + block * blockHours)),
  };
}

/** Null: less than nine tenths of the window are known. */
export const windowMean = ({ total: { sum, known }, wanted }: RateWindow): number | null =>
  known === 0 || !isKnownEnough(known, wanted) ? null : sum / known / FRACTION_UNITS;

/** Null: too little of the window is known, or one of its blocks not at all. */
export function confidenceOf(window: RateWindow): Confidence | null {
  const mean = windowMean(window);
  if (mean === null || window.blocks.some(({ known }) => known === 0)) return null;
  const means = window.blocks.map(({ sum, known }) => sum / known / FRACTION_UNITS);
  const middle = means.reduce((total, value) => total + value, 0) / means.length;
  const squares = means.reduce((total, value) => total + (value - middle) ** 2, 0);
  const count = means.length;
  return { mean, error: count < 2 ? 0 : Math.sqrt(squares / (count - 1)) / Math.sqrt(count) };
}

/** What a hedge costs, as fractions of its notional. */
export interface HedgeCost {
  /** Opening and closing: fees, slippage, gas. */
  readonly roundTrip: number;
  /** Each period: interest and yield that are given up for it. */
  readonly perPeriod: number;
}

/** Whether so much each period pays the round trip within the horizon. */
export const coversCost = (perPeriod: number, periods: number, cost: HedgeCost): boolean =>
  (perPeriod - cost.perPeriod) * periods >= cost.roundTrip;

/** Enters: the mean, less `z` times its error, pays. An error of the mean, unlike a halved rate, does not punish what is steady. */
export const isWorthEntering = ({ mean, error }: Confidence, z: number, periods: number, cost: HedgeCost): boolean =>
  coversCost(mean - z * error, periods, cost);

/** Stays: an unknown mean leaves nothing. */
export const isWorthHolding = (mean: number | null, perPeriodNeeded: number): boolean =>
  mean === null || mean >= perPeriodNeeded;
