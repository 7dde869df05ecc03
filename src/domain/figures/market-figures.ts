/** What the page shows of the market and its feed. The fields are described in src/protocol/market.ts. */
import { SOL_PERP } from '../account/account.ts';
import type { Snapshot } from '../account/snapshot.ts';
import { rateAfterTrade } from '../hedge/funding.ts';
import { perpMarketOf } from '../margin/margin.ts';
import { type Lamports, lamports, type Price, usdNumber } from '../money/units.ts';

const RATE_ONE = 1_000_000_000;

const usd = (value: Price | null): number | null => (value === null ? null : usdNumber(value));
const base = (value: Lamports | null): string | null => (value === null ? null : value.toString());
const rate = (value: bigint | null): number | null => (value === null ? null : Number(value) / RATE_ONE);

function nextPeriodInMs({ funding, marketTimeMs, feed }: Snapshot): number | null {
  if (funding.nextPeriodTsMs === null || feed.speed === 'max') return null;
  return Math.max(0, funding.nextPeriodTsMs - marketTimeMs) / feed.speed;
}

/** The market and its feed, which the page names next to every figure. */
export function marketFigures(snapshot: Snapshot) {
  const { feed, funding, markets } = snapshot;
  const market = perpMarketOf(markets, SOL_PERP);
  const step: Lamports | null = market?.stepSize ?? null;
  return {
    market: SOL_PERP,
    feed: feed.feed,
    synthetic: feed.synthetic,
    speed: feed.speed,
    ended: feed.ended,
    row: feed.row,
    rows: feed.rows,
    warnings: feed.warnings,
    market_time: snapshot.marketTimeMs,
    oracle_price: usd(market?.oracle.price ?? null),
    oracle_valid: market?.oracle.valid ?? false,
    oracle_invalid_reason: market === null ? 'market unknown' : market.oracle.invalidReason,
    mark_price: usd(market?.markPrice ?? null),
    step_size_base: base(step),
    minimum_size_base: base(market?.minimumSize ?? null),
    funding: {
      period_ms: funding.periodMs,
      last_rate: rate(funding.lastRate),
      trailing_mean_rate: rate(funding.trailingMeanRate),
      known_hours: funding.knownHours,
      next_rate: rate(funding.nextRate ?? null),
      settled_rate: rate(rateAfterTrade(funding.afterTrade ?? [], lamports(0n))),
      next_period_ts: funding.nextPeriodTsMs,
      next_period_in_ms: nextPeriodInMs(snapshot),
    },
  };
}
