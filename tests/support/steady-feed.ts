/** A market that stands still until a test moves it: from then on the price, or the rate, is another. */
import { MS_PER_HOUR, type Price, price } from '../../src/domain/money/units.ts';
import type { FundingPeriod, MarketFeed, Quote } from '../../src/market-data/feed.ts';

/** Who asks for less gets less. */
const MAX_PERIODS = 2_000;

export interface SteadyMarket {
  /** USD per SOL. */
  readonly usd?: number;
  /** Fraction of the price per period; positive when longs pay. The default passes the profit gate at once. */
  readonly rate?: number;
  readonly periodMs?: number;
}

export class SteadyFeed implements MarketFeed {
  readonly id = 'synthetic:steady';
  readonly synthetic = true;
  endMs: number | null = null;
  /** The rate of every period, past ones too: what a test's account is judged by. */
  rate: number;
  private readonly periodMs: number;
  private readonly prices: { readonly fromMs: number; readonly oracle: Price }[];

  constructor({ usd = 150, rate = 5e-5, periodMs = MS_PER_HOUR }: SteadyMarket = {}) {
    this.rate = rate;
    this.periodMs = periodMs;
    this.prices = [{ fromMs: Number.NEGATIVE_INFINITY, oracle: usdPrice(usd) }];
  }

  /** From now on. */
  move(usd: number, fromMs = Date.now()): void {
    this.prices.push({ fromMs, oracle: usdPrice(usd) });
  }

  startMs(wallMs: number): number {
    return wallMs;
  }

  quoteAt(tsMs: number): Quote {
    const oracle = this.prices.findLast(({ fromMs }) => fromMs <= tsMs)?.oracle ?? usdPrice(150);
    return { tsMs, oracle, oracleTwap: oracle, mark: oracle, valid: true };
  }

  ratesAt() {
    return { solDeposit: 0n, solBorrow: 50_000n, usdcDeposit: 0n, usdcBorrow: 50_000n };
  }

  nextRatesChange(): number | null {
    return null;
  }

  nextPeriod(tsMs: number): FundingPeriod {
    return this.period(Math.floor(tsMs / this.periodMs) + 1);
  }

  recentPeriods(tsMs: number, count: number): readonly FundingPeriod[] {
    const last = Math.floor(tsMs / this.periodMs);
    return Array.from({ length: Math.min(count, MAX_PERIODS) }, (_, back) => this.period(last - back)).reverse();
  }

  progress(): null {
    return null;
  }

  private period(index: number): FundingPeriod {
    const tsMs = index * this.periodMs;
    const { oracleTwap } = this.quoteAt(tsMs);
    return { tsMs, rate: BigInt(Math.round(Number(oracleTwap) * 1_000 * this.rate)), oracleTwap, warning: null };
  }
}

const usdPrice = (usd: number): Price => price(BigInt(Math.round(usd * 1e6)));
