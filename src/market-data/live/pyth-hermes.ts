/** Pyth's price of SOL by its Hermes service: `GET /v2/updates/price/latest`. */
import { parseScaled } from '../decimal.ts';
import { type AskJson, memberOf, PRICE_DECIMALS, type PriceSource, timeOf, unusable } from './source.ts';

export const PYTH_URL = 'https://hermes.pyth.network';
const NAME = 'Pyth Hermes';
const SOL_USD = 'ef0d8b6fda2ceba41da15d4095d1da392a0d2f8ed0c6c7bc0f4cfac8c280b56d';

export const pythHermes = (ask: AskJson): PriceSource => ({
  name: NAME,
  async read() {
    const answer = await ask(`/v2/updates/price/latest?ids[]=${SOL_USD}&parsed=true`);
    const price = memberOf(memberOf(memberOf(answer, 'parsed'), 0), 'price');
    const [digits, exponent] = [memberOf(price, 'price'), memberOf(price, 'expo')];
    const units =
      typeof digits === 'string' && typeof exponent === 'number' && Math.abs(exponent) < 20
        ? parseScaled(`${digits}e${exponent}`, PRICE_DECIMALS)
        : null;
    if (units === null || units <= 0n) throw unusable(NAME, 'its price is no price');
    return { price: units, mark: null, atMs: timeOf(NAME, memberOf(price, 'publish_time')) * 1_000 };
  },
});
