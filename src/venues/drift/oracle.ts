/** Drift's oracle rules: validity for margin and for fills at its AMM, and the price by which it moves its AMM. */
import type { OracleQuote } from '../../domain/account/account.ts';
import { abs, max, min, price } from '../../domain/money/units.ts';
import { type OracleReading, oracleKindOf } from '../solana-perps/oracle-accounts.ts';
import type { DriftExchange, DriftPerpMarket, DriftSpotMarket } from './account-layouts.ts';

/** Fractions of a price. */
const PERCENTAGE_ONE = 1_000_000n;
const STABLE_COIN_STALENESS_FACTOR = 3n;
/** If Drift's own oracle and the exchange's differ by more than 1 %, the exchange's is used. */
const MAX_OWN_ORACLE_GAP = PERCENTAGE_ONE / 100n;
/** Sequence ids further apart than 1/10,000 come from different sources; then slots decide. */
const SEQUENCE_DIVERGENCE_DIVISOR = 10_000n;

/** The riskier a market's tier, the less certain a valid price needs to be. */
const PERP_CONFIDENCE: readonly bigint[] = [1n, 1n, 2n, 10n];
const SPOT_CONFIDENCE: readonly bigint[] = [1n, 1n, 5n];
const LOWEST_TIER_CONFIDENCE = 50n;

export interface ReadAt {
  readonly slot: number;
  readonly nowMs: number;
  readonly state: OracleBounds;
}

type OracleBounds = Pick<
  DriftExchange,
  'slotsBeforeStaleForAmm' | 'slotsBeforeStaleForMargin' | 'maxConfidence' | 'tooVolatileRatio'
>;

interface OracleMarket {
  readonly history: Pick<DriftPerpMarket, 'oracleTwap' | 'oracleTwap5min'>;
  readonly confidenceFactor: bigint;
  readonly source: number;
  /** The market's own limit of staleness for its AMM, instead of State's; 0: none. Null: it has no AMM. */
  readonly staleForAmm: number | null;
}

export const spotOracleMarket = (market: DriftSpotMarket): OracleMarket => ({
  history: market,
  confidenceFactor: SPOT_CONFIDENCE[market.tier] ?? LOWEST_TIER_CONFIDENCE,
  source: market.oracleSource,
  staleForAmm: null,
});

export const perpOracleMarket = (market: DriftPerpMarket): OracleMarket => ({
  history: market,
  confidenceFactor: PERP_CONFIDENCE[market.tier] ?? LOWEST_TIER_CONFIDENCE,
  source: market.oracleSource,
  staleForAmm: market.oracleLowRiskDelayOverride,
});

const ageOf = ({ postedSlot }: OracleReading, slot: number): bigint =>
  postedSlot === null ? 0n : BigInt(slot) - postedSlot;

/** Why this price is not valid for margin; null if it is. */
function invalidForMargin(market: OracleMarket, oracle: OracleReading, { slot, state }: ReadAt): string | null {
  const current = oracle.price;
  if (current <= 0n) return 'not positive';
  const mean = market.history.oracleTwap;
  if (max(current, mean) / max(1n, min(current, mean)) > state.tooVolatileRatio) return 'too far from its hourly mean';
  const uncertainty = (max(1n, oracle.confidence) * PERCENTAGE_ONE) / current;
  if (uncertainty > state.maxConfidence * market.confidenceFactor) return 'too uncertain';
  const patience = oracleKindOf(market.source).stable ? STABLE_COIN_STALENESS_FACTOR : 1n;
  const age = ageOf(oracle, slot);
  return age > state.slotsBeforeStaleForMargin * patience ? `stale by ${age} slots` : null;
}

/** Why the AMM would not fill at this price, though it is valid for margin; null if it would, or there is no AMM. */
function refusedByAmm({ staleForAmm }: OracleMarket, oracle: OracleReading, { slot, state }: ReadAt): string | null {
  if (staleForAmm === null) return null;
  if (!oracle.enoughQuotes) return 'made of too few quotes for the AMM';
  const patience = staleForAmm === 0 ? state.slotsBeforeStaleForAmm : BigInt(staleForAmm);
  const age = ageOf(oracle, slot);
  return age > patience ? `stale by ${age} slots, of which the AMM allows ${patience}` : null;
}

const UNREAD: OracleQuote = {
  price: null,
  twap5Min: null,
  confidence: null,
  slot: 0,
  valid: false,
  invalidReason: 'not read',
};

/** Null: the oracle could not be read. */
export function decodeOracle(market: OracleMarket, oracle: OracleReading | null, at: ReadAt): OracleQuote {
  if (oracle === null) return UNREAD;
  const invalidReason = invalidForMargin(market, oracle, at);
  const current = oracle.price;
  return {
    price: price(current),
    twap5Min: price(market.history.oracleTwap5min),
    confidence: price(oracle.confidence),
    slot: Number(oracle.postedSlot ?? 0n),
    valid: invalidReason === null,
    invalidReason,
    ...(market.staleForAmm === null ? {} : { noFillsReason: invalidReason ?? refusedByAmm(market, oracle, at) }),
  };
}

/** Whether Drift's own oracle is fresher than the exchange's: by sequence if comparable, otherwise by slot. */
function ownIsFresher(market: DriftPerpMarket, oracle: OracleReading): boolean {
  const ours = market.marketMakerOracleSequence;
  const theirs = oracle.sequence ?? 0n;
  const comparable = theirs !== 0n && ours !== 0n && abs(theirs - ours) <= theirs / SEQUENCE_DIVERGENCE_DIVISOR;
  return comparable ? theirs < ours : (oracle.postedSlot ?? 0n) <= market.marketMakerOracleSlot;
}

/** The oracle by which Drift moves its AMM: its own if it is fresher and agrees with the exchange's. */
export function ownOrExchangeOracle(
  market: DriftPerpMarket,
  oracle: OracleReading,
  state: Pick<DriftExchange, 'oracleTwap5minDivergence'>,
): { readonly price: bigint; readonly confidence: bigint } {
  const exchange = { price: oracle.price, confidence: oracle.confidence };
  const own = market.marketMakerOraclePrice;
  const mean = market.oracleTwap5min;
  if (own === 0n || mean === 0n || !ownIsFresher(market, oracle)) return exchange;
  const allowed = max(state.oracleTwap5minDivergence, PERCENTAGE_ONE / 2n);
  const fromMean = abs(((own - mean) * PERCENTAGE_ONE) / mean);
  const distance = abs(own - exchange.price);
  const gap = (distance * PERCENTAGE_ONE) / max(exchange.price, 1n);
  if (fromMean >= allowed || gap > MAX_OWN_ORACLE_GAP) return exchange;
  return { price: own, confidence: exchange.confidence + distance };
}
