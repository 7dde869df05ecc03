import type { BlockOpening, Chain } from '../chain/chain.ts';
import { secondsUntilFunding } from '../perps/funding-clock.ts';
import type { Oracle } from '../perps/oracles.ts';
import { perpMarketAddress } from './addresses.ts';
import { readField, withField } from './layout.ts';

const MARKET = perpMarketAddress(0);
/** The daily offset in v2.84's rate: a share of 1/5000 of the oracle's TWAP. */
const OFFSET = 5_000n;
const HOURS_A_DAY = 24n;
const HOUR_SECONDS = 3_600n;
const FIVE_MINUTES_SECONDS = 300n;
const ORACLE = 'amm.historicalOracleData';
const RATE_E9 = 1_000_000_000n;

/**
 * Steers the funding rate of SOL-PERP by its mark TWAP: at the start of a block in which funding is due, the TWAP is set
 * to where the wanted rate follows from it. The program clamps it to a 33rd of the oracle's TWAP over a day (0.126 % an
 * hour), and does the rest itself.
 */
export class Funding {
  readonly #chain: Chain;
  readonly #oracle: Oracle;
  #hourly: number | null = null;

  constructor(chain: Chain, oracle: Oracle) {
    this.#chain = chain;
    this.#oracle = oracle;
  }

  get hourly(): number | null {
    return this.#hourly;
  }

  /** Share of the oracle's TWAP per hour, positive when longs pay; null: as the market makes it. */
  steer(hourly: number | null): void {
    this.#hourly = hourly;
  }

  /** Seconds of block time until the program takes the next update. */
  secondsLeft(): number {
    const account = this.#chain.bank.accountAt(this.#chain.head, MARKET);
    if (account === null) return Number.POSITIVE_INFINITY;
    const last = readField(account, 'PerpMarket', 'amm.lastFundingRateTs');
    const period = readField(account, 'PerpMarket', 'amm.fundingPeriod');
    return Number(secondsUntilFunding(BigInt(this.#chain.head.time), last, period));
  }

  apply(block: BlockOpening): void {
    const account = block.account(MARKET);
    if (this.#hourly === null || account === null) return;
    const read = (path: string): bigint => readField(account, 'PerpMarket', path);
    const now = BigInt(block.time);
    if (secondsUntilFunding(now, read('amm.lastFundingRateTs'), read('amm.fundingPeriod')) > 0n) return;
    const oracle = this.#averageAt(now, HOUR_SECONDS, 'lastOraclePriceTwap', read);
    const wanted = (oracle * HOURS_A_DAY * BigInt(Math.round(this.#hourly * 1e9))) / RATE_E9;
    const mark = oracle + wanted - oracle / OFFSET;
    let written = account;
    for (const path of ['amm.lastMarkPriceTwap', 'amm.lastBidPriceTwap', 'amm.lastAskPriceTwap'])
      written = withField(written, 'PerpMarket', path, mark);
    // As of now, the oracle's averages too: else the program takes one for the other's gap, and draws it towards that.
    const recent = this.#averageAt(now, FIVE_MINUTES_SECONDS, 'lastOraclePriceTwap5Min', read);
    written = withField(written, 'PerpMarket', `${ORACLE}.lastOraclePriceTwap`, oracle);
    written = withField(written, 'PerpMarket', `${ORACLE}.lastOraclePriceTwap5Min`, recent);
    for (const path of ['amm.lastMarkPriceTwapTs', `${ORACLE}.lastOraclePriceTwapTs`])
      written = withField(written, 'PerpMarket', path, now);
    block.write(MARKET, written);
  }
  /** As the program makes it: the newest price weighs the seconds since the last. */
  #averageAt(now: bigint, period: bigint, name: string, read: (path: string) => bigint): bigint {
    const price = BigInt(Math.round(this.#oracle.price * 1e6));
    const elapsed = now - read(`${ORACLE}.lastOraclePriceTwapTs`);
    const since = elapsed > 1n ? elapsed : 1n;
    if (since >= period) return price;
    return (price * since + read(`${ORACLE}.${name}`) * (period - since)) / period;
  }
}
