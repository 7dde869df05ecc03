/** A market as observed on another venue, for a paper account to follow; known up to the last observation. */
import type { Snapshot } from '../../src/domain/account/snapshot.ts';
import type { FundingPeriod, LendRates, MarketFeed, Quote } from '../../src/market-data/feed.ts';

interface Observation {
  readonly quote: Quote;
  readonly rates: LendRates | null;
}

export class ObservedFeed implements MarketFeed {
  readonly id = 'observed:live';
  readonly synthetic = false;
  readonly endMs = null;
  readonly #seen: Observation[] = [];
  readonly #periods: FundingPeriod[] = [];
  #cumulative: bigint | null = null;

  /** Valid from the snapshot's time on; a funding update since the last observation is a period of its own. */
  observe({ marketTimeMs, markets }: Snapshot): void {
    const [perp] = markets.perps;
    const base = markets.spot.find(({ asset }) => asset === perp?.baseAsset);
    const quoted = markets.spot.find(({ marketIndex }) => marketIndex === perp?.quoteSpotMarketIndex);
    if (perp === undefined || perp.oracle.price === null) throw new Error('the market observed has no price');
    const oracle = perp.oracle.price;
    const mark = perp.markPrice ?? oracle;
    if (this.#cumulative !== null && this.#cumulative !== perp.cumulativeFundingRateShort) {
      this.#periods.push({
        tsMs: perp.lastFundingRateTsMs,
        rate: perp.cumulativeFundingRateShort - this.#cumulative,
        oracleTwap: this.#before(perp.lastFundingRateTsMs)?.quote.oracle ?? oracle,
        warning: null,
      });
    }
    this.#cumulative = perp.cumulativeFundingRateShort;
    this.#seen.push({
      quote: { tsMs: marketTimeMs, oracle, oracleTwap: oracle, mark, valid: perp.oracle.valid },
      rates: {
        solDeposit: base?.depositRate ?? 0n,
        solBorrow: base?.borrowRate ?? 0n,
        usdcDeposit: quoted?.depositRate ?? 0n,
        usdcBorrow: quoted?.borrowRate ?? 0n,
      },
    });
  }

  get periods(): number {
    return this.#periods.length;
  }

  startMs = (wallMs: number): number => this.#seen[0]?.quote.tsMs ?? wallMs;

  quoteAt(tsMs: number): Quote | null {
    const seen = this.#before(tsMs);
    return seen === undefined ? null : { ...seen.quote, tsMs };
  }

  ratesAt = (tsMs: number): LendRates | null => this.#before(tsMs)?.rates ?? null;

  nextRatesChange = (tsMs: number): number | null =>
    this.#seen.find(({ quote }) => quote.tsMs > tsMs)?.quote.tsMs ?? null;

  nextPeriod = (tsMs: number): FundingPeriod | null => this.#periods.find((period) => period.tsMs > tsMs) ?? null;

  recentPeriods = (tsMs: number, count: number): readonly FundingPeriod[] =>
    this.#periods.filter((period) => period.tsMs <= tsMs).slice(-count);

  progress = (): null => null;

  #before(tsMs: number): Observation | undefined {
    return this.#seen.findLast(({ quote }) => quote.tsMs <= tsMs);
  }
}
