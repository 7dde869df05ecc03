/** Funding histories of venues, page by page, by their public APIs. Each page is in order of time. */
import { MS_PER_HOUR } from '../domain/money/units.ts';
import { parseScaled } from './decimal.ts';
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
}

const DAY_MS = 24 * MS_PER_HOUR;
const RATE_DECIMALS = 9;
const SECOND_MS = 1_000;

const listIn = (name: string, value: unknown): readonly unknown[] => {
  if (!Array.isArray(value)) throw unusable(name, 'its history is no list');
  return value;
};

/** A fraction of the price as USD per SOL. */
const rateOf = (fraction: bigint, price: bigint): bigint =>
  (fraction * price) / 10n ** BigInt(FRACTION_DECIMALS + PRICE_DECIMALS - RATE_DECIMALS);

const drift: HistorySource = {
  name: 'Drift',
  url: 'https://data.api.drift.trade',
  periodMs: MS_PER_HOUR,
  market: 'SOL-PERP',
  spacingMs: 250,
  async *pages(ask, market, fromMs, toMs) {
    for (let dayMs = Math.floor(fromMs / DAY_MS) * DAY_MS; dayMs <= toMs; dayMs += DAY_MS) {
      const day = new Date(dayMs);
      const path = `/market/${market}/fundingRates/${day.getUTCFullYear()}/${day.getUTCMonth() + 1}/${day.getUTCDate()}`;
      for (let page: string | null = ''; page !== null; ) {
        const answer = await ask(page === '' ? path : `${path}?page=${encodeURIComponent(page)}`);
        const rows = listIn(drift.name, memberOf(answer, 'records')).map(driftRow);
        yield rows.sort((a, b) => a.tsMs - b.tsMs);
        const following = memberOf(memberOf(answer, 'meta'), 'nextPage');
        page = typeof following === 'string' || typeof following === 'number' ? String(following) : null;
      }
    }
  },
};

function driftRow(record: unknown): FundingRow {
  const rate = parseScaled(String(memberOf(record, 'fundingRate')), RATE_DECIMALS);
  if (rate === null) throw unusable(drift.name, 'its funding rate is no number');
  return {
    tsMs: timeOf(drift.name, Number(memberOf(record, 'ts'))) * SECOND_MS,
    rate,
    oracle: priceOf(drift.name, 'oraclePriceTwap', memberOf(record, 'oraclePriceTwap')),
    mark: priceOf(drift.name, 'markPriceTwap', memberOf(record, 'markPriceTwap')),
  };
}

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

export const HISTORY_SOURCES = { drift, hyperliquid, binance } as const;
export type HistorySourceName = keyof typeof HISTORY_SOURCES;
