/**
 * Drift's oracle rules: validity for margin and for fills at its AMM, the five-minute TWAP now, and the price at which it values PnL
 * and moves its AMM.
 */
import type {
  HistoricalOracleData,
  OracleGuardRails,
  OraclePriceData,
  PerpMarketAccount,
  SpotMarketAccount,
} from '@drift-labs/sdk';
import type { OracleQuote } from '../../domain/account/account.ts';
import { abs, max, min, price } from '../../domain/money/units.ts';
import { big, variant } from './integers.ts';

/** Fractions of a price. */
const PERCENTAGE_ONE = 1_000_000n;
const FIVE_MINUTES_SECONDS = 300n;
/** A price moves a TWAP by at most a third of the TWAP. */
const TWAP_CLAMP_DIVISOR = 3n;
const STABLE_COIN_STALENESS_FACTOR = 3n;
/** If Drift's own oracle and the exchange's differ by more than 1 %, the exchange's is used. */
const MAX_OWN_ORACLE_GAP = PERCENTAGE_ONE / 100n;
/** Sequence ids further apart than 1/10,000 come from different sources; then slots decide. */
const SEQUENCE_DIVERGENCE_DIVISOR = 10_000n;

/** The riskier a market, the less certain a valid price needs to be. */
const CONFIDENCE_FACTOR: Readonly<Record<string, bigint>> = {
  a: 1n,
  b: 1n,
  c: 2n,
  speculative: 10n,
  collateral: 1n,
  protected: 1n,
  cross: 5n,
};
const LOWEST_TIER_CONFIDENCE_FACTOR = 50n;

const MULTIPLES: Readonly<Record<string, bigint>> = {
  pyth1KPull: 1_000n,
  pyth1MPull: 1_000_000n,
  pythLazer1K: 1_000n,
  pythLazer1M: 1_000_000n,
};

/** Base units that this source's price is for. */
export const oracleMultiple = (source: object): bigint => MULTIPLES[variant(source)] ?? 1n;

export interface ReadAt {
  readonly slot: number;
  readonly nowMs: number;
  readonly guardRails: OracleGuardRails;
}

interface OracleMarket {
  readonly history: HistoricalOracleData;
  readonly tier: object;
  readonly source: object;
  /** The market's own limit of staleness for its AMM, instead of State's; 0: none. Null: it has no AMM. */
  readonly staleForAmm: number | null;
}

export const spotOracleMarket = (market: SpotMarketAccount): OracleMarket => ({
  history: market.historicalOracleData,
  tier: market.assetTier,
  source: market.oracleSource,
  staleForAmm: null,
});

export const perpOracleMarket = (market: PerpMarketAccount): OracleMarket => ({
  history: market.amm.historicalOracleData,
  tier: market.contractTier,
  source: market.amm.oracleSource,
  staleForAmm: market.amm.oracleLowRiskSlotDelayOverride,
});

/** Why this price is not valid for margin; null if it is. */
function invalidForMargin(market: OracleMarket, oracle: OraclePriceData, at: ReadAt): string | null {
  const { validity } = at.guardRails;
  const current = big(oracle.price);
  if (current <= 0n) return 'not positive';
  const mean = big(market.history.lastOraclePriceTwap);
  if (max(current, mean) / max(1n, min(current, mean)) > big(validity.tooVolatileRatio)) {
    return 'too far from its hourly mean';
  }
  const factor = CONFIDENCE_FACTOR[variant(market.tier)] ?? LOWEST_TIER_CONFIDENCE_FACTOR;
  const uncertainty = (max(1n, big(oracle.confidence)) * PERCENTAGE_ONE) / current;
  if (uncertainty > big(validity.confidenceIntervalMaxSize) * factor) return 'too uncertain';
  const source = variant(market.source);
  if (source === 'quoteAsset') return null;
  const patience = source.includes('StableCoin') ? STABLE_COIN_STALENESS_FACTOR : 1n;
  const age = BigInt(at.slot) - big(oracle.slot);
  return age > big(validity.slotsBeforeStaleForMargin) * patience ? `stale by ${age} slots` : null;
}

/** Why the AMM would not fill at this price, though it is valid for margin; null if it would, or there is no AMM. */
function refusedByAmm(market: OracleMarket, oracle: OraclePriceData, { slot, guardRails }: ReadAt): string | null {
  if (market.staleForAmm === null) return null;
  if (!oracle.hasSufficientNumberOfDataPoints) return 'made of too few quotes for the AMM';
  if (variant(market.source) === 'quoteAsset') return null;
  const patience =
    market.staleForAmm === 0 ? big(guardRails.validity.slotsBeforeStaleForAmm) : BigInt(market.staleForAmm);
  const age = BigInt(slot) - big(oracle.slot);
  return age > patience ? `stale by ${age} slots, of which the AMM allows ${patience}` : null;
}

/** The stored TWAP, extrapolated to now with the current price. */
function liveTwap5Min(history: HistoricalOracleData, current: bigint, nowMs: number): bigint {
  const mean = big(history.lastOraclePriceTwap5Min);
  const since = max(1n, BigInt(Math.floor(nowMs / 1000)) - big(history.lastOraclePriceTwapTs));
  const remaining = max(0n, FIVE_MINUTES_SECONDS - since);
  const clamp = mean / TWAP_CLAMP_DIVISOR;
  const clamped = min(mean + clamp, max(current, mean - clamp));
  return (mean * remaining + clamped * since) / (remaining + since);
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
export function decodeOracle(market: OracleMarket, oracle: OraclePriceData | null, at: ReadAt): OracleQuote {
  if (oracle === null) return UNREAD;
  const invalidReason = invalidForMargin(market, oracle, at);
  const current = big(oracle.price);
  return {
    price: price(current),
    twap5Min: price(liveTwap5Min(market.history, current, at.nowMs)),
    storedTwap5Min: price(big(market.history.lastOraclePriceTwap5Min)),
    confidence: price(big(oracle.confidence)),
    slot: oracle.slot.toNumber(),
    valid: invalidReason === null,
    invalidReason,
    ...(market.staleForAmm === null ? {} : { noFillsReason: invalidReason ?? refusedByAmm(market, oracle, at) }),
  };
}

/** Whether Drift's own oracle is fresher than the exchange's: by sequence if comparable, otherwise by slot. */
function ownIsFresher(market: PerpMarketAccount, oracle: OraclePriceData): boolean {
  const ours = big(market.amm.mmOracleSequenceId);
  const theirs = oracle.sequenceId ? big(oracle.sequenceId) : 0n;
  const comparable = theirs !== 0n && ours !== 0n && abs(theirs - ours) <= theirs / SEQUENCE_DIVERGENCE_DIVISOR;
  return comparable ? theirs < ours : big(oracle.slot) <= big(market.amm.mmOracleSlot);
}

/** The oracle by which Drift values PnL and moves its AMM: its own if it is fresher and agrees with the exchange's. */
export function ownOrExchangeOracle(
  market: PerpMarketAccount,
  oracle: OraclePriceData,
  guardRails: OracleGuardRails,
): { readonly price: bigint; readonly confidence: bigint } {
  const exchange = { price: big(oracle.price), confidence: big(oracle.confidence) };
  const own = big(market.amm.mmOraclePrice);
  const mean = big(market.amm.historicalOracleData.lastOraclePriceTwap5Min);
  if (own === 0n || mean === 0n || !ownIsFresher(market, oracle)) return exchange;
  const allowed = max(big(guardRails.priceDivergence.oracleTwap5MinPercentDivergence), PERCENTAGE_ONE / 2n);
  const fromMean = abs(((own - mean) * PERCENTAGE_ONE) / mean);
  const distance = abs(own - exchange.price);
  const gap = (distance * PERCENTAGE_ONE) / max(exchange.price, 1n);
  if (fromMean >= allowed || gap > MAX_OWN_ORACLE_GAP) return exchange;
  return { price: own, confidence: exchange.confidence + distance };
}
