/**
 * Oracle accounts as the program reads them, and whether it would use the price. Prices are at 1e6. Kinds that the program
 * has given up, or that came later, are named and give no price.
 */
import type { OracleQuote } from '../../../domain/account/account.ts';
import { abs, max, min, price } from '../../../domain/money/units.ts';
import { CriticalError } from '../../../lib/errors.ts';
import { decodeAccount } from '../../solana-perps/account-layout.ts';
import { viewOf } from '../../solana-perps/wire-types.ts';
import {
  type ExchangeState,
  type PerpMarketState,
  PRELAUNCH_ORACLE,
  PYTH_LAZER_ORACLE,
  type SpotMarketState,
} from '../program/accounts.ts';

const ONE = 1_000_000n;
/** A stable coin within this of one dollar, and within its own confidence, counts as one dollar. */
const PEGGED_WITHIN = 500n;
const STABLE_COIN_PATIENCE = 3n;
/** Beyond this distance from the exchange's oracle the market makers' price is not used. */
const MAX_MAKER_GAP = ONE / 100n;
/** Sequence numbers further apart than this part come from different sources; then slots decide. */
const SEQUENCE_DIVERGENCE = 10_000n;

type OracleFormat = 'push' | 'lazer' | 'prelaunch' | 'quote';
interface OracleKind {
  readonly name: string;
  /** Null: no price is read from this kind. */
  readonly reader: OracleFormat | null;
  /** Base units that the price is for. */
  readonly multiple: bigint;
  readonly stable: boolean;
}

const kind = (name: string, reader: OracleFormat | null, multiple = 1n, stable = false): OracleKind => ({
  name,
  reader,
  multiple,
  stable,
});

/** By the number in a market's account. */
const ORACLE_KINDS: readonly OracleKind[] = [
  kind('Pyth push', 'push'),
  kind('Switchboard', null),
  kind('quote asset', 'quote'),
  kind('Pyth push, 1K', 'push', 1_000n),
  kind('Pyth push, 1M', 'push', 1_000_000n),
  kind('Pyth push, stable coin', 'push', 1n, true),
  kind('prelaunch', 'prelaunch'),
  kind('Pyth pull', null),
  kind('Pyth pull, 1K', null),
  kind('Pyth pull, 1M', null),
  kind('Pyth pull, stable coin', null),
  kind('Switchboard on demand', null),
  kind('Pyth Lazer', 'lazer'),
  kind('Pyth Lazer, 1K', 'lazer', 1_000n),
  kind('Pyth Lazer, 1M', 'lazer', 1_000_000n),
  kind('Pyth Lazer, stable coin', 'lazer', 1n, true),
];

const kindOf = (source: number): OracleKind => ORACLE_KINDS[source] ?? kind(`number ${source}`, null);

export const oracleMultiple = (source: number): bigint => kindOf(source).multiple;

export interface OracleReading {
  readonly price: bigint;
  readonly confidence: bigint;
  /** Null: it is never stale. */
  readonly postedSlot: bigint | null;
  readonly enoughQuotes: boolean;
  /** Of the source; null: it numbers nothing. */
  readonly sequence: bigint | null;
}

interface RawPrice extends Omit<OracleReading, 'price' | 'confidence'> {
  readonly price: bigint;
  readonly confidence: bigint;
  readonly exponent: number;
}

/** Pyth's own account: it proves what it is by its first three words. */
const PUSH_HEADER = [0xa1b2c3d4, 2, 3] as const;
const PUSH_BYTES = 3_312;
const PUSH_LEAST_BYTES = 240;
const MIN_PUBLISHERS = 3;

function readPush(data: Uint8Array): RawPrice {
  const view = viewOf(data);
  if (data.length < PUSH_LEAST_BYTES || PUSH_HEADER.some((word, at) => view.getUint32(at * 4, true) !== word))
    throw new CriticalError('ACCOUNT_LAYOUT', 'These bytes are not a price account of Pyth.', {
      account: 'PythPrice',
      expected_bytes: PUSH_BYTES,
      bytes: data.length,
    });
  return {
    price: view.getBigInt64(208, true),
    confidence: view.getBigUint64(216, true),
    exponent: view.getInt32(20, true),
    postedSlot: view.getBigUint64(40, true),
    enoughQuotes: view.getUint32(28, true) >= Math.min(view.getUint32(24, true), MIN_PUBLISHERS),
    sequence: null,
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

/** From 10^exponent per `multiple` base units to 1e6 per base unit, truncated as the program does. */
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
 * @returns null: there is no such account, or no price is read from this kind
 * @throws CriticalError ACCOUNT_LAYOUT for bytes that are no oracle of this kind
 */
export function readOracle(source: number, data: Uint8Array | null): OracleReading | null {
  const { reader, multiple, stable } = kindOf(source);
  if (reader === 'quote') return QUOTE_READING;
  if (reader === null || data === null || data.length === 0) return null;
  const reading =
    reader === 'prelaunch'
      ? readPrelaunch(data)
      : scaled(reader === 'push' ? readPush(data) : readLazer(data), multiple);
  return reading !== null && stable ? pegged(reading) : reading;
}

/** The riskier a market's tier, the less certain a usable price needs to be. */
const PERP_CONFIDENCE: readonly bigint[] = [1n, 1n, 2n, 10n, 50n, 50n];
const SPOT_CONFIDENCE: readonly bigint[] = [1n, 1n, 5n, 50n, 50n];
const LOWEST_TIER = 50n;

export interface ReadMoment {
  readonly slot: number;
  /** The chain's clock. */
  readonly nowMs: number;
  readonly state: Pick<
    ExchangeState,
    'slotsBeforeStaleForAmm' | 'slotsBeforeStaleForMargin' | 'maxConfidence' | 'tooVolatileRatio'
  >;
}

interface JudgedMarket {
  readonly source: number;
  readonly hourlyMean: bigint;
  readonly confidenceFactor: bigint;
  /** Slots after which the AMM does not fill any more. Null: it has none. */
  readonly ammPatience: bigint | null;
}

const judgedPerp = (market: PerpMarketState, { state }: ReadMoment): JudgedMarket => ({
  source: market.oracleSource,
  hourlyMean: market.oracleTwap,
  confidenceFactor: PERP_CONFIDENCE[market.tier] ?? LOWEST_TIER,
  ammPatience:
    market.oracleLowRiskDelayOverride > 0 ? BigInt(market.oracleLowRiskDelayOverride) : state.slotsBeforeStaleForAmm,
});

const judgedSpot = (market: SpotMarketState): JudgedMarket => ({
  source: market.oracleSource,
  hourlyMean: market.oracleTwap,
  confidenceFactor: SPOT_CONFIDENCE[market.tier] ?? LOWEST_TIER,
  ammPatience: null,
});

const ageOf = ({ postedSlot }: OracleReading, slot: number): bigint =>
  postedSlot === null ? 0n : BigInt(slot) - postedSlot;

/** Neither margin nor the market makers' price can be used beyond it. */
function unusable({ price: value }: Pick<OracleReading, 'price'>, mean: bigint, at: ReadMoment): string | null {
  if (value <= 0n) return 'not positive';
  const far = max(value, mean) / max(1n, min(value, mean)) > at.state.tooVolatileRatio;
  return far ? 'too far from its hourly mean' : null;
}

function invalidForMargin(market: JudgedMarket, reading: OracleReading, at: ReadMoment): string | null {
  const bad = unusable(reading, market.hourlyMean, at);
  if (bad !== null) return bad;
  const uncertainty = (reading.confidence * ONE) / reading.price;
  if (uncertainty > at.state.maxConfidence * market.confidenceFactor) return 'too uncertain';
  const patience = at.state.slotsBeforeStaleForMargin * (kindOf(market.source).stable ? STABLE_COIN_PATIENCE : 1n);
  const age = ageOf(reading, at.slot);
  return age > patience ? `stale by ${age} slots` : null;
}

function refusedByAmm({ ammPatience }: JudgedMarket, reading: OracleReading, { slot }: ReadMoment): string | null {
  if (ammPatience === null) return null;
  if (!reading.enoughQuotes) return 'made of too few quotes for the AMM';
  const age = ageOf(reading, slot);
  return age > ammPatience ? `stale by ${age} slots, of which the AMM allows ${ammPatience}` : null;
}

function unread(source: number): OracleQuote {
  const { name, reader } = kindOf(source);
  const invalidReason = reader === null ? `of a kind that is not supported (${name})` : 'not read';
  return { price: null, twap5Min: null, confidence: null, slot: 0, valid: false, invalidReason };
}

/** @param twap5Min what strict margin takes beside the price: the program reads it as it last wrote it */
function quoteOf(market: JudgedMarket, reading: OracleReading | null, twap5Min: bigint, at: ReadMoment): OracleQuote {
  if (reading === null) return unread(market.source);
  const invalidReason = invalidForMargin(market, reading, at);
  return {
    price: price(reading.price),
    twap5Min: price(twap5Min),
    confidence: price(reading.confidence),
    slot: reading.postedSlot === null ? at.slot : Number(reading.postedSlot),
    valid: invalidReason === null,
    invalidReason,
    ...(market.ammPatience === null ? {} : { noFillsReason: invalidReason ?? refusedByAmm(market, reading, at) }),
  };
}

export const perpOracleQuote = (market: PerpMarketState, reading: OracleReading | null, at: ReadMoment): OracleQuote =>
  quoteOf(judgedPerp(market, at), reading, market.oracleTwap5min, at);

export const spotOracleQuote = (market: SpotMarketState, reading: OracleReading | null, at: ReadMoment): OracleQuote =>
  quoteOf(judgedSpot(market), reading, market.oracleTwap5min, at);

/** Whether the market makers' price is fresher than the exchange's: by sequence if comparable, otherwise by slot. */
function makersAreFresher(market: PerpMarketState, reading: OracleReading): boolean {
  const ours = market.marketMakerOracleSequence;
  const theirs = reading.sequence ?? 0n;
  const comparable = theirs !== 0n && ours !== 0n && abs(theirs - ours) < theirs / SEQUENCE_DIVERGENCE;
  return comparable ? theirs <= ours : (reading.postedSlot ?? 0n) <= market.marketMakerOracleSlot;
}

/** What the AMM follows: the market makers' price if it is fresher than the exchange's oracle and agrees with it. */
export function ammOracle(
  market: PerpMarketState,
  reading: OracleReading,
  at: ReadMoment,
): {
  readonly price: bigint;
  readonly exchangeConfidence: bigint;
  readonly confidence: bigint;
  readonly followed: bigint;
} {
  const exchange = { price: reading.price, exchangeConfidence: reading.confidence };
  const makers = market.marketMakerOraclePrice;
  const distance = abs(makers - reading.price);
  const agrees = (distance * ONE) / max(abs(reading.price), 1n) <= MAX_MAKER_GAP;
  const usable = unusable({ price: makers }, market.oracleTwap, at) === null;
  if (!usable || !agrees || !makersAreFresher(market, reading))
    return { ...exchange, confidence: reading.confidence, followed: reading.price };
  return { ...exchange, confidence: reading.confidence + distance, followed: makers };
}
