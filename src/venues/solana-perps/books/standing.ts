/** The account as a read shows it, in the books' own terms. */

import type { SpotMarket } from '../../../domain/account/account.ts';
import { tokenAmount } from '../../../domain/margin/margin.ts';
import { lamports, microUsd } from '../../../domain/money/units.ts';
import { worthOfRead } from '../read/equity.ts';
import type { PerpsRead } from '../read/perps-read.ts';
import type { BooksState, Period, SpotTokens } from './state.ts';
import { holdingsWorth } from './value.ts';

export interface AccountStanding {
  readonly slot: number;
  readonly blockTimeMs: number;
  readonly wallet: BooksState['wallet'];
  readonly base: SpotTokens;
  readonly quote: SpotTokens;
  readonly perp: BooksState['perp'];
  readonly other: bigint;
  readonly prices: BooksState['prices'];
  readonly premium: bigint;
  readonly period: Period | null;
}

/** Null when a price of something held is unknown: then nothing can be valued. */
export function standingOf(read: PerpsRead): AccountStanding | null {
  const worth = worthOfRead(read);
  const prices = pricesOf(read);
  if (worth === null || prices === null) return null;
  const { hedge } = read;
  const position = read.account?.perps.find((perp) => perp.marketIndex === hedge.perp.marketIndex);
  const held = {
    wallet: { sol: read.wallet.sol, quote: read.wallet.quote },
    base: spotOf(read, hedge.base),
    quote: spotOf(read, hedge.quote),
    perp: { base: position?.baseAmount ?? lamports(0n), quote: position?.quoteAmount ?? microUsd(0n) },
    prices,
  };
  const mark = hedge.perp.markPrice;
  return {
    slot: read.slot,
    blockTimeMs: read.blockTimeMs,
    ...held,
    other: worth.inUsd - holdingsWorth({ ...held, other: 0n }, prices).inUsd,
    premium: mark === null ? 0n : mark - prices.perp,
    period: periodOf(read),
  };
}

function pricesOf({ hedge }: PerpsRead): BooksState['prices'] | null {
  const { perp, base, quote } = hedge;
  if (perp.oracle.price === null || base.oracle.price === null || quote.oracle.price === null) return null;
  if (quote.oracle.price <= 0n) return null;
  return { base: base.oracle.price, quote: quote.oracle.price, perp: perp.oracle.price };
}

function spotOf({ account }: PerpsRead, market: SpotMarket): SpotTokens {
  const balance = account?.spot.find((each) => each.marketIndex === market.marketIndex);
  return {
    tokens: balance === undefined ? 0n : tokenAmount(balance, market),
    moved: 0n,
    turnover: 0n,
    moves: 0,
    depositIndex: market.cumulativeDepositInterest,
    borrowIndex: market.cumulativeBorrowInterest,
  };
}

/** Null before the market's first. */
export function periodOf({ hedge: { perp }, funding }: PerpsRead): Period | null {
  if (perp.lastFundingRateTsMs === 0) return null;
  return {
    tsMs: perp.lastFundingRateTsMs,
    cumulativeLong: perp.cumulativeFundingRateLong,
    cumulativeShort: perp.cumulativeFundingRateShort,
    oracleTwap: funding.oracleTwap,
    rate: funding.lastRate ?? 0n,
  };
}
