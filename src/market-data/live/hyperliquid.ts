/** Hyperliquid's SOL perp, by `POST /info`: its oracle price and mark now, and its hourly funding as settled. */
import {
  type AskJson,
  type FundingSource,
  fractionOf,
  memberOf,
  type PriceSource,
  priceOf,
  timeOf,
  unusable,
} from './source.ts';

export const HYPERLIQUID_URL = 'https://api.hyperliquid.xyz';
const NAME = 'Hyperliquid';
const COIN = 'SOL';

export const hyperliquid = (ask: AskJson): PriceSource & FundingSource => ({
  name: NAME,
  async read() {
    const answer = await ask('/info', { type: 'metaAndAssetCtxs' });
    const coins = memberOf(memberOf(answer, 0), 'universe');
    const place = Array.isArray(coins) ? coins.findIndex((coin) => memberOf(coin, 'name') === COIN) : -1;
    if (place < 0) throw unusable(NAME, `it has no market of ${COIN}`);
    const market = memberOf(memberOf(answer, 1), place);
    return {
      price: priceOf(NAME, 'oraclePx', memberOf(market, 'oraclePx')),
      mark: priceOf(NAME, 'markPx', memberOf(market, 'markPx')),
      atMs: null,
    };
  },
  async settledAfter(sinceMs) {
    const answer = await ask('/info', { type: 'fundingHistory', coin: COIN, startTime: sinceMs + 1 });
    if (!Array.isArray(answer)) throw unusable(NAME, 'its funding history is no list');
    return answer
      .map((row) => ({
        periodMs: timeOf(NAME, memberOf(row, 'time')),
        fraction: fractionOf(NAME, memberOf(row, 'fundingRate')),
      }))
      .filter(({ periodMs }) => periodMs > sinceMs)
      .sort((a, b) => a.periodMs - b.periodMs);
  },
});
