/** The averages and deviations of a market, as a crank, a fill or the funding update leaves them. */
import { abs, max, min } from '../../../domain/money/units.ts';
import type { PerpMarketState } from '../program/accounts.ts';
import { nextDeviation, nextMean, sanitized, weightedMean } from './averages.ts';

const FIVE_MINUTES = 300n;
const ONE_MINUTE = 60n;
const PPM = 1_000_000n;
/** A 2.5 bp step of the middle, in which the oracle follows it within its confidence. */
const NORMAL_STEP = 4_000n;
/** A sample's band around the average, as a divisor, by the tier of the market; below: the program's default. */
const TIER_BANDS: readonly bigint[] = [10n, 5n, 2n];

export const bandOf = ({ tier }: Pick<PerpMarketState, 'tier'>): bigint | null => TIER_BANDS[tier] ?? null;

type OracleAverages = Pick<
  PerpMarketState,
  | 'tier'
  | 'fundingPeriod'
  | 'markTwap'
  | 'markTwap5min'
  | 'markTwapTs'
  | 'oracleTwap'
  | 'oracleTwap5min'
  | 'oracleTwapTs'
  | 'oracleStd'
  | 'oracleConfidencePpm'
  | 'oraclePrice'
  | 'normalizedOraclePrice'
>;

export interface OracleSample {
  /** Of the exchange's oracle. */
  readonly price: bigint;
  readonly exchangeConfidence: bigint;
  /** Of the price that the AMM follows. */
  readonly confidence: bigint;
}

/** Towards the AMM's middle, as far as the oracle is uncertain. */
function normalized({ price, exchangeConfidence }: OracleSample, reserve: bigint): bigint {
  const step = reserve / NORMAL_STEP;
  return reserve > price
    ? min(max(reserve - step, price), price + exchangeConfidence)
    : max(min(reserve + step, price), price - exchangeConfidence);
}

function nextOracleMean(market: OracleAverages, sample: bigint, period: bigint, now: bigint, fast: boolean): bigint {
  const [mark, mean] = fast ? [market.markTwap5min, market.oracleTwap5min] : [market.markTwap, market.oracleTwap];
  const since = max(period === 0n ? 1n : 0n, now - market.oracleTwapTs);
  // While the oracle could not be used, the mark stood in for it.
  const gone = market.markTwapTs - market.oracleTwapTs;
  const current = gone > 0n ? weightedMean(mark, sample, [gone, max(1n, period - gone)]) : sample;
  return weightedMean(current, mean, [since, max(0n, period - since)]);
}

function nextConfidence(market: OracleAverages, confidence: bigint, reserve: bigint, now: bigint): bigint {
  const since = max(0n, now - market.oracleTwapTs);
  const last = market.oracleConfidencePpm;
  const least = since > 0n ? last - last / max(21n - since, 5n) : last;
  return max((confidence * PPM) / reserve, least);
}

/** The market after its oracle averages have taken up a price. */
export function withOracleSample<T extends OracleAverages>(
  market: T,
  sample: OracleSample,
  reserve: bigint,
  now: bigint,
): T {
  const price = normalized(sample, reserve);
  const held = sanitized(price, market.oracleTwap, bandOf(market));
  if (held <= 0n || price <= 0n) return market;
  return {
    ...market,
    oracleTwap: nextOracleMean(market, held, market.fundingPeriod, now, false),
    oracleTwap5min: nextOracleMean(market, held, FIVE_MINUTES, now, true),
    oracleTwapTs: now,
    normalizedOraclePrice: held,
    oraclePrice: sample.price,
    oracleConfidencePpm: nextConfidence(market, sample.confidence, reserve, now),
    oracleStd: nextDeviation(market.oracleStd, market.oracleTwapTs, now, price, [
      market.oracleTwap,
      market.oracleTwap5min,
    ]),
  };
}

type MarkAverages = OracleAverages & Pick<PerpMarketState, 'bidTwap' | 'askTwap' | 'markStd'>;

export interface MarkSample {
  readonly bid: bigint;
  readonly ask: bigint;
  /** Where it was traded. */
  readonly trade: bigint;
}

/** The averages of bid and ask, moved to the oracle's where these are much newer. */
function caughtUp(market: MarkAverages, mean: bigint): bigint {
  const behind = market.oracleTwapTs - market.markTwapTs;
  if (behind <= max(market.fundingPeriod / 60n, ONE_MINUTE)) return mean;
  const toward = market.oracleTwap - mean;
  const step = toward > 0n ? 1n : toward < 0n ? -1n : 0n;
  return weightedMean(market.oracleTwap, mean, [behind, max(0n, market.fundingPeriod - behind)], step);
}

/** The market after its mark averages have taken up a bid and an ask. */
export function withMarkSample<T extends MarkAverages>(market: T, sample: MarkSample, now: bigint): T {
  const band = bandOf(market);
  const bid = sanitized(sample.bid, market.bidTwap, band);
  const ask = sanitized(sample.ask, market.askTwap, band);
  const { markTwapTs: at, fundingPeriod } = market;
  const averaged = (mean: bigint, period: bigint) => ({ mean, at, period });
  const bidTwap = nextMean(bid, averaged(caughtUp(market, market.bidTwap), fundingPeriod), now);
  const askTwap = nextMean(ask, averaged(caughtUp(market, market.askTwap), fundingPeriod), now);
  return {
    ...market,
    bidTwap,
    askTwap,
    markTwap: (bidTwap + askTwap) / 2n,
    markTwap5min: nextMean((bid + ask) / 2n, averaged(market.markTwap5min, FIVE_MINUTES), now),
    markTwapTs: now,
    markStd: nextDeviation(market.markStd, at, now, abs(sample.trade), [market.markTwap, market.markTwap5min]),
  };
}
