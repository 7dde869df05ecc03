/** The backtest's account, changed in place, beside paper's own walk: the same integers in every field, after every row. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BacktestAccount } from '../../src/backtest/account.ts';
import { DEFAULT_OPTIONS } from '../../src/backtest/options.ts';
import { runBacktest } from '../../src/backtest/run.ts';
import { lamports } from '../../src/domain/money/units.ts';
import type { MarketFeed } from '../../src/market-data/feed.ts';
import { marketsOf } from '../../src/venues/paper/account-view.ts';
import { equityOf } from '../../src/venues/paper/equity.ts';
import { walk } from '../../src/venues/paper/market.ts';
import { DEFAULT_HOLDINGS, DEFAULT_PARAMETERS } from '../../src/venues/paper/parameters.ts';
import { viewOf } from '../../src/venues/paper/snapshot.ts';
import { newAccount, type PaperState } from '../../src/venues/paper/state.ts';
import { runTransaction } from '../../src/venues/paper/transitions.ts';
import { FIRST_MS, HOUR_MS, madeLend, madeMarket, madeRows } from './histories.ts';

const SOL = 1_000_000_000n;
const OPEN = { deposit: false, withdraw: false, increase: false, reduce: false, settle: false, detail: null };

function fresh(feed: MarketFeed): PaperState {
  const quote = feed.quoteAt(FIRST_MS);
  if (quote === null) throw new RangeError('no first row');
  return newAccount({
    defaults: DEFAULT_HOLDINGS,
    marketMs: FIRST_MS,
    wallMs: FIRST_MS,
    speed: 'max',
    oracle: quote.oracle,
    slot: 0,
    periodMs: HOUR_MS,
  });
}

/** What paper does with a market order of this size at this time. */
function traded(state: PaperState, feed: MarketFeed, tsMs: number, size: bigint): PaperState {
  const quote = feed.quoteAt(tsMs);
  if (quote === null || size === 0n) return state;
  const market = { engineId: 'test', feed, periodMs: HOUR_MS, parameters: DEFAULT_PARAMETERS };
  const limit = size > 0n ? quote.mark * 2n : 1n;
  const run = runTransaction(
    state,
    {
      kind: 'order',
      market: 'SOL-PERP',
      size: size.toString(),
      reduceOnly: false,
      priceLimit: limit.toString(),
      maxTsMs: tsMs,
      cancelOpenOrders: false,
    },
    {
      parameters: DEFAULT_PARAMETERS,
      quote,
      markets: (each) => marketsOf(each, viewOf(market, quote, 0)),
      pauses: OPEN,
      signature: 'test',
      blockTimeMs: tsMs,
      slot: 0,
      filling: { ppm: 1_000_000, afterSlots: 0 },
    },
  );
  return run?.state ?? state;
}

/** What the two need not share: which account has been told of which warning. */
const compared = ({ warnings: _, ...state }: PaperState) => state;

describe('the account in place', () => {
  it('is paper’s own after every row, with trades, gaps and changing lend rates', () => {
    fc.assert(
      fc.property(
        madeRows(40, { gaps: true }),
        madeLend(40),
        fc.array(fc.record({ row: fc.nat(38), sol: fc.integer({ min: -9, max: 9 }) }), { maxLength: 5 }),
        (rows, lend, trades) => {
          const { feed, funding } = madeMarket(rows, lend);
          let paper = fresh(feed);
          const account = new BacktestAccount(paper);
          for (let row = 0; row < funding.rows; row += 1) {
            const tsMs = funding.tsMs[row] as number;
            if (row > 0) {
              paper = walk(paper, tsMs, {
                feed,
                parameters: DEFAULT_PARAMETERS,
                marketsAt: (state, quote) =>
                  marketsOf(
                    state,
                    viewOf({ engineId: 'test', feed, periodMs: HOUR_MS, parameters: DEFAULT_PARAMETERS }, quote, 0),
                  ),
              }).state;
              passRow(account, feed, funding.tsMs[row - 1] as number, tsMs);
              account.settleFunding(tsMs, funding.values.fundingRate[row] as number);
            }
            expect(compared(account.state(tsMs))).toEqual(compared(paper));
            expect(account.equity).toBe(equityOf(paper).equity);
            expect(equityOf(paper).sources.unexplained).toBe(0n);
            for (const trade of trades.filter((each) => each.row === row)) {
              paper = traded(paper, feed, tsMs, BigInt(trade.sol) * SOL);
              account.load(traded(account.state(tsMs), feed, tsMs, BigInt(trade.sol) * SOL));
            }
          }
        },
      ),
      { numRuns: 25 },
    );
  });
});

/** Time as the loop passes it: up to each lend change and each missing period, then the row itself. */
function passRow(account: BacktestAccount, feed: MarketFeed, fromMs: number, toMs: number): void {
  let atMs = fromMs;
  for (;;) {
    const nextMs = Math.min(feed.nextRatesChange(atMs) ?? toMs, feed.nextPeriod(atMs)?.tsMs ?? toMs, toMs);
    if (nextMs >= toMs) break;
    account.accrueInterest(nextMs, feed.ratesAt(atMs));
    atMs = nextMs;
  }
  account.moveOracle(Number(feed.quoteAt(toMs)?.oracle));
  account.accrueInterest(toMs, feed.ratesAt(atMs));
}

describe('a whole run', () => {
  it('leaves the equity that paper’s walk and the same trades leave, row for row', () => {
    fc.assert(
      fc.property(madeRows(60, { gaps: true }), madeLend(60), fc.integer({ min: -9, max: -1 }), (rows, lend, sol) => {
        const market = madeMarket(rows, lend);
        const { feed, funding } = market;
        const equities: bigint[] = [];
        const at = (row: number): number => funding.tsMs[row] as number;
        const run = runBacktest(
          market,
          { text: 'trades', orders: [{ tsMs: at(3), size: lamports(BigInt(sol) * SOL) }] },
          { ...DEFAULT_OPTIONS, closeAtEnd: false },
          { funding: () => {}, equity: (_, account) => void equities.push(account.equity) },
        );
        let paper = fresh(feed);
        for (let row = 0; row < funding.rows; row += 1) {
          if (row > 0) {
            paper = walk(paper, at(row), {
              feed,
              parameters: DEFAULT_PARAMETERS,
              marketsAt: (state, quote) =>
                marketsOf(
                  state,
                  viewOf({ engineId: 'test', feed, periodMs: HOUR_MS, parameters: DEFAULT_PARAMETERS }, quote, 0),
                ),
            }).state;
          }
          expect(equities[row]).toBe(equityOf(paper).equity);
          for (const trade of run.trades.filter(({ tsMs }) => tsMs === at(row))) {
            paper = traded(paper, feed, at(row), trade.side === 'buy' ? trade.size : -trade.size);
          }
        }
      }),
      { numRuns: 15 },
    );
  });
});
