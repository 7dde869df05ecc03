/** Binance's SOLUSDT perp, by `GET /fapi/v1/premiumIndex`: the index of spot markets, and its mark. In USDT. */
import { type AskJson, memberOf, type PriceSource, priceOf, timeOf } from './source.ts';

export const BINANCE_URL = 'https://fapi.binance.com';
const NAME = 'Binance';

export const binance = (ask: AskJson): PriceSource => ({
  name: NAME,
  async read() {
    const answer = await ask('/fapi/v1/premiumIndex?symbol=SOLUSDT');
    return {
      price: priceOf(NAME, 'indexPrice', memberOf(answer, 'indexPrice')),
      mark: priceOf(NAME, 'markPrice', memberOf(answer, 'markPrice')),
      atMs: timeOf(NAME, memberOf(answer, 'time')),
    };
  },
});
