/** The account as a read shows it, in the books' own terms. */

import { rateFraction } from '../../../domain/hedge/funding.ts';
import { tokenAmount } from '../../../domain/margin/margin.ts';
import { lamports, microUsd, type Price } from '../../../domain/money/units.ts';
import { fundingTwap } from '../../drift/funding-twap.ts';
import { big } from '../../drift/integers.ts';
import { equityOf } from '../read/equity.ts';
import type { PerpsRead } from '../read/perps-read.ts';
import type { BooksState, Period, SpotTokens } from './state.ts';
import { worthOf } from './value.ts';

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
  const equity = equityOf(read);
  const prices = pricesOf(read);
  if (equity === null || prices === null) return null;
  const position = read.account?.perps.find((perp) => perp.marketIndex === read.market.market.marketIndex);
  const held = {
    wallet: { sol: read.wallet.sol, usdc: read.wallet.usdc },
    base: spotOf(read, read.base.market.marketIndex),
    quote: spotOf(read, read.quote.market.marketIndex),
    perp: { base: position?.baseAmount ?? lamports(0n), quote: position?.quoteAmount ?? microUsd(0n) },
    prices,
  };
  const mark = read.markets.perps.find((perp) => perp.marketIndex === read.market.market.marketIndex)?.markPrice;
  return {
    slot: read.slot,
    blockTimeMs: read.blockTimeMs,
    ...held,
    other: equity - worthOf({ ...held, other: 0n }),
    premium: mark == null ? 0n : mark - prices.perp,
    period: periodOf(read),
  };
}

function pricesOf({ markets, market, base, quote }: PerpsRead): BooksState['prices'] | null {
  const of = (index: number): Price | null =>
    markets.spot.find((each) => each.marketIndex === index)?.oracle.price ?? null;
  const perp = markets.perps.find((each) => each.marketIndex === market.market.marketIndex)?.oracle.price ?? null;
  const [baseAt, quoteAt] = [of(base.market.marketIndex), of(quote.market.marketIndex)];
  return perp === null || baseAt === null || quoteAt === null ? null : { base: baseAt, quote: quoteAt, perp };
}

function spotOf({ account, markets }: PerpsRead, index: number): SpotTokens {
  const market = markets.spot.find((each) => each.marketIndex === index);
  const balance = account?.spot.find((each) => each.marketIndex === index);
  return {
    tokens: market === undefined || balance === undefined ? 0n : tokenAmount(balance, market),
    moved: 0n,
    turnover: 0n,
    moves: 0,
    depositIndex: market?.cumulativeDepositInterest ?? 0n,
    borrowIndex: market?.cumulativeBorrowInterest ?? 0n,
  };
}

/** Null before the market's first. */
export function periodOf({ market: { market } }: PerpsRead): Period | null {
  const tsMs = market.amm.lastFundingRateTs.toNumber() * 1_000;
  if (tsMs === 0) return null;
  const oracleTwap = fundingTwap(market);
  return {
    tsMs,
    cumulativeLong: big(market.amm.cumulativeFundingRateLong),
    cumulativeShort: big(market.amm.cumulativeFundingRateShort),
    oracleTwap,
    rate: rateFraction(big(market.amm.lastFundingRateShort), oracleTwap) ?? 0n,
  };
}
