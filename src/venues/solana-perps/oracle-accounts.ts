/**
 * Oracle accounts of this family's programs, as the programs read them. A market names its kind by a number, the same in every
 * program; which kinds a program still reads is its own affair. Prices are at 1e6.
 */
import { abs, min } from '../../domain/money/units.ts';
import { CriticalError } from '../../lib/errors.ts';
import { type AccountLayout, decodeAccount } from './account-layout.ts';
import { accountDiscriminator } from './discriminator.ts';
import { viewOf } from './wire-types.ts';

const ONE = 1_000_000n;
/** A stable coin within this of one dollar, and within its own confidence, counts as one dollar. */
const PEGGED_WITHIN = 500n;

export type OracleFormat = 'push' | 'pull' | 'lazer' | 'prelaunch' | 'switchboard' | 'switchboard on demand' | 'quote';
interface OracleKind {
  readonly name: string;
  /** Null: no program is known to have it. */
  readonly format: OracleFormat | null;
  /** Base units that the price is for. */
  readonly multiple: bigint;
  readonly stable: boolean;
}

const kind = (name: string, format: OracleFormat | null, multiple = 1n, stable = false): OracleKind => ({
  name,
  format,
  multiple,
  stable,
});

/** By the number in a market's account. */
const ORACLE_KINDS: readonly OracleKind[] = [
  kind('Pyth push', 'push'),
  kind('Switchboard', 'switchboard'),
  kind('quote asset', 'quote'),
  kind('Pyth push, 1K', 'push', 1_000n),
  kind('Pyth push, 1M', 'push', 1_000_000n),
  kind('Pyth push, stable coin', 'push', 1n, true),
  kind('prelaunch', 'prelaunch'),
  kind('Pyth pull', 'pull'),
  kind('Pyth pull, 1K', 'pull', 1_000n),
  kind('Pyth pull, 1M', 'pull', 1_000_000n),
  kind('Pyth pull, stable coin', 'pull', 1n, true),
  kind('Switchboard on demand', 'switchboard on demand'),
  kind('Pyth Lazer', 'lazer'),
  kind('Pyth Lazer, 1K', 'lazer', 1_000n),
  kind('Pyth Lazer, 1M', 'lazer', 1_000_000n),
  kind('Pyth Lazer, stable coin', 'lazer', 1n, true),
];

export const oracleKindOf = (source: number): OracleKind => ORACLE_KINDS[source] ?? kind(`number ${source}`, null);

export const oracleMultiple = (source: number): bigint => oracleKindOf(source).multiple;

export interface OracleReading {
  readonly price: bigint;
  readonly confidence: bigint;
  /** Null: it is never stale. */
  readonly postedSlot: bigint | null;
  readonly enoughQuotes: boolean;
  /** Of the source; null: it numbers nothing. */
  readonly sequence: bigint | null;
}

interface RawPrice extends OracleReading {
  readonly exponent: number;
}

/** A price of Pyth Lazer, posted into an account of the program itself. Price and confidence are at 10^exponent. */
export const PYTH_LAZER_ORACLE = {
  name: 'PythLazerOracle',
  bytes: 48,
  grows: true,
  fields: {
    price: [8, 'i64'],
    publishedAtMicros: [16, 'u64'],
    postedSlot: [24, 'u64'],
    exponent: [32, 'i32'],
    confidence: [40, 'u64'],
  },
  lists: {},
} as const satisfies AccountLayout;

/** The price of a market that no exchange quotes yet, made by the program itself. */
export const PRELAUNCH_ORACLE = {
  name: 'PrelaunchOracle',
  bytes: 120,
  grows: true,
  fields: { price: [8, 'i64'], confidence: [24, 'u64'], ammUpdateSlot: [40, 'u64'] },
  lists: {},
} as const satisfies AccountLayout;

/** Pyth's own account: it proves what it is by its first three words. */
const PUSH_HEADER = [0xa1b2c3d4, 2, 3] as const;
const PUSH_BYTES = 3_312;
const PUSH_LEAST_BYTES = 240;
const MIN_PUBLISHERS = 3;

const noPrice = (account: string, expectedBytes: number, { length }: Uint8Array): CriticalError =>
  new CriticalError('ACCOUNT_LAYOUT', 'These bytes are not a price account of Pyth.', {
    account,
    expected_bytes: expectedBytes,
    bytes: length,
  });

function readPush(data: Uint8Array): RawPrice {
  const view = viewOf(data);
  if (data.length < PUSH_LEAST_BYTES || PUSH_HEADER.some((word, at) => view.getUint32(at * 4, true) !== word))
    throw noPrice('PythPrice', PUSH_BYTES, data);
  return {
    price: view.getBigInt64(208, true),
    confidence: view.getBigUint64(216, true),
    exponent: view.getInt32(20, true),
    postedSlot: view.getBigUint64(40, true),
    enoughQuotes: view.getUint32(28, true) >= Math.min(view.getUint32(24, true), MIN_PUBLISHERS),
    sequence: null,
  };
}

/** Pyth's update, kept by its receiver: how far its signatures were checked takes one byte, or two if in part. */
const PULL_NAME = 'PriceUpdateV2';
const PULL_DISCRIMINATOR = accountDiscriminator(PULL_NAME);
const PULL_BYTES = 134;
const CHECKED_AT = 40;
const PARTLY_CHECKED = 0;

function readPull(data: Uint8Array): RawPrice {
  if (data.length < PULL_BYTES || PULL_DISCRIMINATOR.some((byte, at) => byte !== data[at]))
    throw noPrice(PULL_NAME, PULL_BYTES, data);
  const view = viewOf(data);
  const message = CHECKED_AT + (data[CHECKED_AT] === PARTLY_CHECKED ? 2 : 1);
  return {
    price: view.getBigInt64(message + 32, true),
    confidence: view.getBigUint64(message + 40, true),
    exponent: view.getInt32(message + 48, true),
    postedSlot: view.getBigUint64(message + 84, true),
    enoughQuotes: true,
    sequence: view.getBigInt64(message + 52, true),
  };
}

function readLazer(data: Uint8Array): RawPrice {
  const { price: value, confidence, exponent, postedSlot, publishedAtMicros } = decodeAccount(PYTH_LAZER_ORACLE, data);
  return { price: value, confidence, exponent, postedSlot, enoughQuotes: true, sequence: publishedAtMicros };
}

function readPrelaunch(data: Uint8Array): OracleReading {
  const { price: value, confidence, ammUpdateSlot } = decodeAccount(PRELAUNCH_ORACLE, data);
  return { price: value, confidence, postedSlot: ammUpdateSlot, enoughQuotes: true, sequence: null };
}

const PYTH_READERS = { push: readPush, pull: readPull, lazer: readLazer } as const;

/** From 10^exponent per `multiple` base units to 1e6 per base unit, truncated as the programs do. */
function scaled(raw: RawPrice, multiple: bigint): OracleReading | null {
  const whole = 10n ** BigInt(Math.abs(raw.exponent));
  if (whole <= multiple) return null;
  const precision = whole / multiple;
  const to = (value: bigint): bigint => (precision > ONE ? value / (precision / ONE) : value * (ONE / precision));
  const { postedSlot, enoughQuotes, sequence } = raw;
  return { price: to(raw.price), confidence: to(raw.confidence), postedSlot, enoughQuotes, sequence };
}

const pegged = (reading: OracleReading): OracleReading =>
  abs(reading.price - ONE) <= min(PEGGED_WITHIN, reading.confidence) ? { ...reading, price: ONE } : reading;

const QUOTE_READING: OracleReading = {
  price: ONE,
  confidence: 1n,
  postedSlot: null,
  enoughQuotes: true,
  sequence: null,
};

/**
 * @param source the kind's number, from the market
 * @param reads the formats that the program reads
 * @returns null: there is no such account, or no price is read from this kind
 * @throws CriticalError ACCOUNT_LAYOUT for bytes that are no oracle of this kind
 */
export function readOracleAccount(
  source: number,
  data: Uint8Array | null,
  reads: readonly OracleFormat[],
): OracleReading | null {
  const { format, multiple, stable } = oracleKindOf(source);
  if (format === null || !reads.includes(format)) return null;
  if (format === 'quote') return QUOTE_READING;
  if (data === null || data.length === 0) return null;
  if (format === 'prelaunch') return readPrelaunch(data);
  if (format === 'switchboard' || format === 'switchboard on demand') return null;
  const reading = scaled(PYTH_READERS[format](data), multiple);
  return reading !== null && stable ? pegged(reading) : reading;
}
