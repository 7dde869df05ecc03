/** Funding histories of venues, page by page, by their public APIs. Each page is in order of time. */
import { MS_PER_HOUR } from '../domain/money/units.ts';
import { parseScaled } from './decimal.ts';
import type { LendSample, LendSamples } from './lend-rows.ts';
import {
  type AskJson,
  FRACTION_DECIMALS,
  fractionOf,
  memberOf,
  PRICE_DECIMALS,
  priceOf,
  timeOf,
  unusable,
} from './live/source.ts';

/** As the replay's file has it. */
export interface FundingRow {
  readonly tsMs: number;
  /** 1e-9 USD per SOL for the period that ended then. */
  readonly rate: bigint;
  /** 1e-6 USD. */
  readonly oracle: bigint;
  readonly mark: bigint;
}

export interface HistorySource {
  readonly name: string;
  readonly url: string;
  readonly periodMs: number;
  /** The name of the market there. */
  readonly market: string;
  /** Between two requests: below what the API permits. */
  readonly spacingMs: number;
  pages(ask: AskJson, market: string, fromMs: number, toMs: number): AsyncGenerator<readonly FundingRow[]>;
  /** All lend rates that it tells of. Absent: it lends nothing. */
  readonly lend?: (ask: AskJson) => Promise<LendSamples>;
}

const DAY_MS = 24 * MS_PER_HOUR;
const RATE_DECIMALS = 9;
const LEND_DECIMALS = 6;
const SECOND_MS = 1_000;

const listIn = (name: string, value: unknown): readonly unknown[] => {
  if (!Array.isArray(value)) throw unusable(name, 'its history is no list');
  return value;
};

/** A fraction of the price as USD per SOL. */
const rateOf = (fraction: bigint, price: bigint): bigint =>
  (fraction * price) / 10n ** BigInt(FRACTION_DECIMALS + PRICE_DECIMALS - RATE_DECIMALS);

/** Drift's data server, and Velocity's, which is the same program. */
const dataServer = (name: string, url: string, quoteAsset: string): HistorySource => ({
  ...{ name, url, periodMs: MS_PER_HOUR, market: 'SOL-PERP', spacingMs: 250 },
  async *pages(ask, market, fromMs, toMs) {
    for (let dayMs = Math.floor(fromMs / DAY_MS) * DAY_MS; dayMs <= toMs; dayMs += DAY_MS) {
      const day = new Date(dayMs);
      const path = `/market/${market}/fundingRates/${day.getUTCFullYear()}/${day.getUTCMonth() + 1}/${day.getUTCDate()}`;
      // In whatever order the pages come, a day is a whole.
      const rows: FundingRow[] = [];
      const seen = new Set<string>();
      for (let page: string | null = ''; page !== null && !seen.has(page); ) {
        seen.add(page);
        const answer = await ask(page === '' ? path : `${path}?page=${encodeURIComponent(page)}`);
        rows.push(...listIn(name, memberOf(answer, 'records')).map((record) => fundingRowOf(name, record)));
        const following = memberOf(memberOf(answer, 'meta'), 'nextPage');
        page = typeof following === 'string' || typeof following === 'number' ? String(following) : null;
      }
      yield rows.sort((a, b) => a.tsMs - b.tsMs);
    }
  },
  lend: async (ask) => {
    const rates = async (asset: string, kind: 'deposit' | 'borrow') => {
      const answer = await ask(`/stats/${asset}/rateHistory/${kind}`);
      return listIn(name, memberOf(answer, 'rates')).map((pair) => lendSampleOf(name, pair));
    };
    return {
      solDeposit: await rates('SOL', 'deposit'),
      solBorrow: await rates('SOL', 'borrow'),
      quoteDeposit: await rates(quoteAsset, 'deposit'),
      quoteBorrow: await rates(quoteAsset, 'borrow'),
    };
  },
});

/** A short's rate: where the market could not pay its receivers in full, it differs from a long's. */
function fundingRowOf(name: string, record: unknown): FundingRow {
  const rate = parseScaled(
    String(memberOf(record, 'fundingRateShort') ?? memberOf(record, 'fundingRate')),
    RATE_DECIMALS,
  );
  if (rate === null) throw unusable(name, 'its funding rate is no number');
  return {
    tsMs: timeOf(name, Number(memberOf(record, 'ts'))) * SECOND_MS,
    rate,
    oracle: priceOf(name, 'oraclePriceTwap', memberOf(record, 'oraclePriceTwap')),
    mark: priceOf(name, 'markPriceTwap', memberOf(record, 'markPriceTwap')),
  };
}

/** A pair of seconds and a yearly fraction. */
function lendSampleOf(name: string, pair: unknown): LendSample {
  const rate = parseScaled(String(memberOf(pair, 1)), LEND_DECIMALS);
  if (rate === null || rate < 0n) throw unusable(name, 'its lend rate is no rate');
  return { tsMs: timeOf(name, Number(memberOf(pair, 0))) * SECOND_MS, rate };
}

const drift = dataServer('Drift', 'https://data.api.drift.trade', 'USDC');
const velocity = dataServer('Velocity', 'https://data.api.velocity.exchange', 'USDT');

/** It gives at most 500 rows. */
const HYPERLIQUID_SPAN_MS = 20 * DAY_MS;

const hyperliquid: HistorySource = {
  name: 'Hyperliquid',
  url: 'https://api.hyperliquid.xyz',
  periodMs: MS_PER_HOUR,
  market: 'SOL',
  spacingMs: 1_000,
  async *pages(ask, coin, fromMs, toMs) {
    const { name } = hyperliquid;
    for (let startTime = fromMs; startTime <= toMs; startTime += HYPERLIQUID_SPAN_MS) {
      const endTime = Math.min(toMs, startTime + HYPERLIQUID_SPAN_MS - 1);
      const rates = listIn(name, await ask('/info', { type: 'fundingHistory', coin, startTime, endTime }));
      const req = { coin, interval: '1h', startTime: startTime - MS_PER_HOUR, endTime };
      const candles = listIn(name, await ask('/info', { type: 'candleSnapshot', req }));
      const opened = new Map(
        candles.map((candle) => [timeOf(name, memberOf(candle, 't')), priceOf(name, 'o', memberOf(candle, 'o'))]),
      );
      yield rates
        .flatMap((row): readonly FundingRow[] => {
          const tsMs = timeOf(name, memberOf(row, 'time'));
          // The funding history has no price: the hour's candle opens with the one at which the period ended.
          const price = opened.get(Math.floor(tsMs / MS_PER_HOUR) * MS_PER_HOUR);
          if (price === undefined) return [];
          return [
            { tsMs, rate: rateOf(fractionOf(name, memberOf(row, 'fundingRate')), price), oracle: price, mark: price },
          ];
        })
        .sort((a, b) => a.tsMs - b.tsMs);
    }
  },
};

const BINANCE_ROWS = 1_000;

const binance: HistorySource = {
  name: 'Binance',
  url: 'https://fapi.binance.com',
  periodMs: 8 * MS_PER_HOUR,
  market: 'SOLUSDT',
  spacingMs: 650,
  async *pages(ask, symbol, fromMs, toMs) {
    const { name } = binance;
    for (let startMs = fromMs; startMs <= toMs; ) {
      const path = `/fapi/v1/fundingRate?symbol=${symbol}&startTime=${startMs}&endTime=${toMs}&limit=${BINANCE_ROWS}`;
      const rows = listIn(name, await ask(path));
      const times = rows.map((row) => timeOf(name, memberOf(row, 'fundingTime')));
      yield rows
        .flatMap((row): readonly FundingRow[] => {
          // Rows of its first years have no price.
          if (memberOf(row, 'markPrice') === '') return [];
          const price = priceOf(name, 'markPrice', memberOf(row, 'markPrice'));
          const fraction = fractionOf(name, memberOf(row, 'fundingRate'));
          return [
            {
              tsMs: timeOf(name, memberOf(row, 'fundingTime')),
              rate: rateOf(fraction, price),
              oracle: price,
              mark: price,
            },
          ];
        })
        .sort((a, b) => a.tsMs - b.tsMs);
      if (rows.length < BINANCE_ROWS) return;
      startMs = Math.max(startMs, ...times) + 1;
    }
  },
};

export const HISTORY_SOURCES = { drift, velocity, hyperliquid, binance } as const;
export type HistorySourceName = keyof typeof HISTORY_SOURCES;
