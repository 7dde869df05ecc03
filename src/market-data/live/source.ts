/** A source of a live feed: what it says now. Each stands in a file of its own and reads one public API. */
import { TransientError } from '../../lib/errors.ts';
import { parseScaled } from '../decimal.ts';

/** Where an API answers: injected, so that tests answer in its place. */
export type AskJson = (path: string, body?: object) => Promise<unknown>;

export interface SourceQuote {
  /** 1e-6 USD per SOL. */
  readonly price: bigint;
  /** Of a perp market of the source. Null: it has none. */
  readonly mark: bigint | null;
  /** When the source says that this was so; null: it does not say, so it is of the answer. */
  readonly atMs: number | null;
}

export interface PriceSource {
  readonly name: string;
  /** @throws TransientError SOURCE_UNAVAILABLE */
  read(): Promise<SourceQuote>;
}

/** A settled funding rate. */
export interface SettledRate {
  /** End of its period. */
  readonly periodMs: number;
  /** Fraction of the price for the period, at 1e15; positive when longs pay. */
  readonly fraction: bigint;
  /** 1e-9 USD per SOL, where the source says it itself; else it follows from the fraction and the price. */
  readonly rate?: bigint;
}

export interface FundingSource {
  readonly name: string;
  /** Those that ended after `sinceMs`, oldest first. @throws TransientError SOURCE_UNAVAILABLE */
  settledAfter(sinceMs: number): Promise<readonly SettledRate[]>;
}

export const PRICE_DECIMALS = 6;
export const FRACTION_DECIMALS = 15;

export const unusable = (name: string, what: string): TransientError =>
  new TransientError('SOURCE_UNAVAILABLE', `${name}: ${what}.`, { source: name });

export const memberOf = (value: unknown, key: string | number): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<string | number, unknown>)[key] : undefined;

/** Decimal text as whole units. @throws TransientError SOURCE_UNAVAILABLE if it is none, or not above zero */
export function priceOf(name: string, field: string, value: unknown): bigint {
  const units =
    typeof value === 'string' || typeof value === 'number' ? parseScaled(String(value), PRICE_DECIMALS) : null;
  if (units === null || units <= 0n) throw unusable(name, `its ${field} is no price`);
  return units;
}

export function fractionOf(name: string, value: unknown): bigint {
  const units =
    typeof value === 'string' || typeof value === 'number' ? parseScaled(String(value), FRACTION_DECIMALS) : null;
  if (units === null) throw unusable(name, 'its funding rate is no number');
  return units;
}

export function timeOf(name: string, value: unknown): number {
  if (typeof value !== 'number' || !Number.isFinite(value) || value <= 0) throw unusable(name, 'a time is missing');
  return Math.floor(value);
}
