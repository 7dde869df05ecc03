/** In which unit the books count, whatever the quote asset's price does. Cases: docs/architecture/books.md. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { NO_SOURCES } from '../../../src/domain/figures/equity-sources.ts';
import { lamports, microUsd, price } from '../../../src/domain/money/units.ts';
import { applyTransactions, type BooksOf } from '../../../src/venues/solana-perps/books/apply.ts';
import type { ChainTransaction } from '../../../src/venues/solana-perps/books/chain-record.ts';
import type { BooksState, SpotTokens } from '../../../src/venues/solana-perps/books/state.ts';
import { atPrices, equityRecord, tokensOf, worthOf } from '../../../src/venues/solana-perps/books/value.ts';
import type { PerpsEvent } from '../../../src/venues/solana-perps/perps-event.ts';

const FEMTO = 1_000_000_000n;
const SOL = 1_000_000_000n;
const USD = 1_000_000n;

const spot = (tokens: bigint): SpotTokens => ({
  ...{ tokens, moved: 0n, turnover: 0n, moves: 0 },
  ...{ depositIndex: 10_000_000_000n, borrowIndex: 10_000_000_000n },
});

interface Held {
  readonly sol: bigint;
  readonly quote: bigint;
  readonly perpBase: bigint;
  readonly perpQuote: bigint;
  readonly at: { readonly sol: bigint; readonly quote: bigint };
}

function begun({ sol, quote, perpBase, perpQuote, at }: Held): BooksState {
  const state: BooksState = {
    ...{ version: 2, slot: 1, base: spot(sol), quote: spot(quote), other: 0n, premium: 30_000n },
    wallet: { sol: lamports(sol / 2n), quote: microUsd(quote / 2n) },
    perp: { base: lamports(perpBase), quote: microUsd(perpQuote) },
    prices: { base: price(at.sol), perp: price(at.sol), quote: price(at.quote) },
    ...{ baseline: 0n, sources: NO_SOURCES, lastLiquidationMs: null },
    ledger: { own: lamports(0n), foreign: lamports(0n), liquidated: lamports(0n), unexplained: 0 },
    ...{ since: { liquidated: false, unclear: [] }, orders: [{ orderId: 7, signature: 'placed' }] },
    ...{ unclaimed: [], periods: [], paidPeriods: [] },
  };
  return { ...state, baseline: worthOf(state) };
}

const OF: Omit<BooksOf, 'program'> = {
  ...{ engineId: 'engine:velocity:units', programId: 'program', user: 'user', userStats: 'stats', authority: 'wallet' },
  ...{ quoteTokenAccount: 'tokens', market: 'SOL-PERP', perpIndex: 0, baseIndex: 1, quoteIndex: 0 },
  ...{ fundingPeriodMs: 3_600_000, oneOracle: true },
};

interface Landed {
  readonly events: readonly PerpsEvent[];
  readonly sol: bigint;
  readonly quote: bigint;
}

/** As it lands: the wallet pays a fee besides what the events move. */
function land(state: BooksState, { events, sol, quote }: Landed, ours = true): BooksState {
  const FEE = 5_000n;
  const transaction: ChainTransaction = {
    ...{ signature: 'sent', slot: state.slot + 1, blockTimeMs: null, failed: false, fee: FEE, signers: ['wallet'] },
    ...{ keys: ['wallet', 'tokens'], lamportsBefore: [10n ** 15n, 0n], lamportsAfter: [10n ** 15n + sol - FEE, 0n] },
    ...{ tokensBefore: new Map([['tokens', 10n ** 15n]]), tokensAfter: new Map([['tokens', 10n ** 15n + quote]]) },
    logs: [],
  };
  const program = { events: () => ({ events: [...events], truncated: false }) };
  const operations = new Map(
    ours
      ? ([
          ['sent', 'operation'],
          ['placed', 'operation'],
        ] as const)
      : [],
  );
  return applyTransactions(state, [transaction], { ...OF, program }, operations).state;
}

const deposit = (marketIndex: number, amount: bigint, oraclePrice: bigint): PerpsEvent => ({
  ...{ kind: amount < 0n ? 'withdraw' : 'deposit', tsMs: 0, authority: 'wallet', user: 'user', recordId: 1n },
  ...{ amount: amount < 0n ? -amount : amount, marketIndex, oraclePrice, explanation: 'none' },
  ...{ cumulativeDepositInterest: 0n, cumulativeBorrowInterest: 0n, transferUser: null, signer: null },
});

const fill = (base: bigint, quote: bigint, fee: bigint, oraclePrice: bigint): PerpsEvent => ({
  ...{ kind: 'fill', tsMs: 0, explanation: 'order_filled_with_amm', marketIndex: 0, marketKind: 'perp' },
  ...{ filler: null, fillerReward: null, maker: null, oraclePrice, fillRecordId: 1n, takerFee: fee, makerFee: null },
  taker: {
    ...{ user: 'user', orderId: 7, direction: base < 0n ? ('short' as const) : ('long' as const) },
    ...{ size: 0n, filledBase: 0n, filledQuote: 0n },
  },
  ...{ base: base < 0n ? -base : base, quote },
});

const funding = (payment: bigint): PerpsEvent => ({
  ...{ kind: 'funding', tsMs: 3_600_000, user: 'user', marketIndex: 0, payment, baseAmount: -SOL },
  ...{ lastCumulativeRate: 0n, cumulativeRateLong: 1n, cumulativeRateShort: 1n },
});

const settle = (pnl: bigint, settlePrice: bigint): PerpsEvent => ({
  ...{ kind: 'settle', tsMs: 0, user: 'user', marketIndex: 0, pnl, baseAmount: 0n, quoteAmountAfter: 0n },
  ...{ quoteEntryAmount: 0n, settlePrice, explanation: 'none' },
});

const sum = (amounts: readonly bigint[]): bigint => amounts.reduce((total, amount) => total + amount, 0n);
const amount = (most: bigint) => fc.bigInt({ min: -most, max: most });
const QUOTE_AT = fc.bigInt({ min: 900_000n, max: 1_100_000n });
const SOL_AT = fc.bigInt({ min: 50n * USD, max: 300n * USD });
const HELD: fc.Arbitrary<Held> = fc.record({
  sol: fc.bigInt({ min: 0n, max: 100n * SOL }),
  quote: amount(10_000n * USD),
  perpBase: amount(100n * SOL),
  perpQuote: amount(20_000n * USD),
  at: fc.record({ sol: SOL_AT, quote: QUOTE_AT }),
});
const STEP = fc.oneof(
  fc.record({ do: fc.constant('quote price' as const), at: QUOTE_AT }),
  fc.record({ do: fc.constant('deposit' as const), sol: fc.boolean(), size: amount(SOL), at: SOL_AT }),
  fc.record({ do: fc.constant('fill' as const), base: amount(5n * SOL), at: SOL_AT, fee: amount(USD) }),
  fc.record({ do: fc.constant('funding' as const), paid: amount(USD) }),
  fc.record({ do: fc.constant('settle' as const), pnl: amount(50n * USD), at: SOL_AT }),
  fc.record({ do: fc.constant('from elsewhere' as const), sol: amount(SOL), quote: amount(100n * USD) }),
);

describe('books in the quote asset', () => {
  it('add up exactly, keep receipts to the unit and move nothing between sources, however the quote asset moves', () => {
    fc.assert(
      fc.property(HELD, fc.array(STEP, { maxLength: 25 }), (held, steps) => {
        let state = begun(held);
        const receipts = { funding: 0n, fees: 0n };
        let cameFromElsewhere = false;
        for (const step of steps) {
          const before = state;
          switch (step.do) {
            case 'quote price':
              state = atPrices(state, { quote: price(step.at) });
              break;
            case 'deposit':
              state = land(state, {
                events: [deposit(step.sol ? 1 : 0, step.size, step.at)],
                ...(step.sol ? { sol: -step.size, quote: 0n } : { sol: 0n, quote: -step.size }),
              });
              // Money that moves between our wallet and our account is no transfer.
              expect(state.sources.transfers).toBe(before.sources.transfers);
              break;
            case 'fill': {
              const quote = ((step.base < 0n ? -step.base : step.base) * step.at) / SOL;
              state = land(state, { events: [fill(step.base, quote, step.fee, step.at)], sol: 0n, quote: 0n });
              receipts.fees -= step.fee * FEMTO;
              break;
            }
            case 'funding':
              state = land(state, { events: [funding(step.paid)], sol: 0n, quote: 0n });
              receipts.funding += step.paid * FEMTO;
              break;
            case 'settle':
              state = land(state, { events: [settle(step.pnl, step.at)], sol: 0n, quote: 0n });
              break;
            case 'from elsewhere':
              state = land(state, { events: [], sol: step.sol, quote: step.quote }, false);
              cameFromElsewhere = true;
              break;
          }
          expect(state.baseline + sum(Object.values(state.sources))).toBe(worthOf(state));
          expect(state.baseline).toBe(before.baseline);
          expect(state.sources).toMatchObject({ ...receipts, interest: 0n, external: 0n, unexplained: 0n });
        }
        if (!cameFromElsewhere) expect(state.sources.transfers).toBe(0n);
        const spent = steps.filter((step) => step.do !== 'quote price').length;
        expect(state.sources.gas === 0n).toBe(spent === 0);
        const row = equityRecord(OF.engineId, state, { tsMs: 0, marketTimeMs: 0 });
        const { equity, baseline, quotePrice, engineId: _, tsMs: __, marketTimeMs: ___, ...sources } = row;
        expect(BigInt(baseline) + sum(Object.values(sources).map(BigInt))).toBe(BigInt(equity));
        expect(quotePrice).toBe(state.prices.quote.toString());
        // The same in floating point: SOL by two prices, everything else as it is.
        const inSol = Number(tokensOf(state.base) + state.wallet.sol) / 1e9;
        const inQuote = Number(tokensOf(state.quote) + state.wallet.quote + state.perp.quote) / 1e6;
        const position = (Number(state.perp.base) / 1e9) * (Number(state.prices.perp) / 1e6);
        const expected = (inSol * Number(state.prices.base)) / Number(state.prices.quote) + inQuote + position;
        expect(Math.abs(Number(equity) / 1e6 - expected)).toBeLessThan(1e-4);
      }),
    );
  });

  it('see neither gain nor loss in quote tokens and the position when only the quote asset moves', () => {
    fc.assert(
      fc.property(HELD, fc.array(QUOTE_AT, { minLength: 1, maxLength: 20 }), (held, path) => {
        const begins = begun({ ...held, sol: 0n });
        for (const at of path) {
          const moved = atPrices(begins, { quote: price(at) });
          expect(worthOf(moved)).toBe(worthOf(begins));
          expect(moved.sources).toEqual(NO_SOURCES);
        }
      }),
    );
  });

  it('book the settlement of a market that has ended as a close that nobody ordered', () => {
    const held = { sol: SOL, quote: 100n * USD, perpBase: -2n * SOL, perpQuote: 150n * USD };
    const begins = begun({ ...held, at: { sol: 80n * USD, quote: 990_000n } });
    // Bought back at 76 with 3 of fees, 5 are lost: 4 are taken from the balance, and 1 is left to settle.
    const expired: PerpsEvent = {
      ...{ kind: 'settle', tsMs: 0, user: 'user', marketIndex: 0, pnl: -5n * USD + USD, baseAmount: -2n * SOL },
      ...{ quoteAmountAfter: -USD, quoteEntryAmount: 150n * USD, settlePrice: 76n * USD },
      explanation: 'expired_position',
    };
    const ended = land(begins, { events: [expired], sol: 0n, quote: 0n });
    expect(ended.perp).toEqual({ base: 0n, quote: -USD });
    expect(tokensOf(ended.quote)).toBe(96n * USD);
    expect(ended.ledger).toMatchObject({ own: 0n, foreign: 2n * SOL });
    // At the oracle the position was worth 150 - 160; at its end it is worth -1 and -4 in the balance.
    expect(ended.sources).toMatchObject({ external: 5n * USD * FEMTO, price: 0n, fees: 0n, unexplained: 0n });
    expect(ended.baseline + sum(Object.values(ended.sources))).toBe(worthOf(ended));

    // Velocity logs the close as a fill as well, in an order of its own: the two are one close.
    const close = fill(2n * SOL, 152n * USD, 3n * USD, 76n * USD) as Extract<PerpsEvent, { readonly kind: 'fill' }>;
    const taker = close.taker === null ? null : { ...close.taker, orderId: 8 };
    const told = land(begins, {
      ...{ events: [{ ...close, taker, explanation: 'market_expired' }, expired], sol: 0n, quote: 0n },
    });
    expect(told.perp).toEqual(ended.perp);
    expect(tokensOf(told.quote)).toBe(tokensOf(ended.quote));
    expect(told.ledger).toEqual(ended.ledger);
    expect(told.sources).toMatchObject({ external: -3n * USD * FEMTO, fees: 0n, unexplained: 0n });
    expect(told.baseline + sum(Object.values(told.sources))).toBe(worthOf(told));
  });

  it('book a depeg of 1 SOL as its price: 100 USD are 100 of the quote asset at 1 USD, and 125 at 0.80', () => {
    const held = { sol: 0n, quote: 0n, perpBase: 0n, perpQuote: 0n, at: { sol: 100n * USD, quote: USD } };
    const begins = { ...begun(held), base: spot(SOL) };
    expect(worthOf(begins)).toBe(100n * USD * FEMTO);
    const fallen = atPrices(begins, { quote: price(800_000n) });
    expect(worthOf(fallen)).toBe(125n * USD * FEMTO);
    expect(fallen.sources).toEqual({ ...NO_SOURCES, price: 25n * USD * FEMTO });
  });
});
