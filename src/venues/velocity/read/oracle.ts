/**
 * Whether Velocity would use an oracle's price. Prices are at 1e6. Kinds of oracles that the program has given up, or that came
 * later, are named and give no price.
 */
import type { OracleQuote } from '../../../domain/account/account.ts';
import { abs, max, min, price } from '../../../domain/money/units.ts';
import {
  type OracleFormat,
  type OracleReading,
  oracleKindOf,
  readOracleAccount,
} from '../../solana-perps/oracle-accounts.ts';
import type { ExchangeState, PerpMarketState, SpotMarketState } from '../program/accounts.ts';

const ONE = 1_000_000n;
const STABLE_COIN_PATIENCE = 3n;
/** Beyond this distance from the exchange's oracle the market makers' price is not used. */
const MAX_MAKER_GAP = ONE / 100n;
/** Sequence numbers further apart than this part come from different sources; then slots decide. */
const SEQUENCE_DIVERGENCE = 10_000n;

/** The other kinds are given up, or came later. */
const READS: readonly OracleFormat[] = ['push', 'lazer', 'prelaunch', 'quote'];

/**
 * @param source the kind's number, from the market
 * @returns null: there is no such account, or no price is read from this kind
 * @throws CriticalError ACCOUNT_LAYOUT for bytes that are no oracle of this kind
 */
export const readOracle = (source: number, data: Uint8Array | null): OracleReading | null =>
  readOracleAccount(source, data, READS);

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
  const patience =
    at.state.slotsBeforeStaleForMargin * (oracleKindOf(market.source).stable ? STABLE_COIN_PATIENCE : 1n);
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
  const { name, format } = oracleKindOf(source);
  const known = format !== null && READS.includes(format);
  const invalidReason = known ? 'not read' : `of a kind that is not supported (${name})`;
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
