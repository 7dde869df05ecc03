import { expect, it } from '@jest/globals';
import { describeOnDrift } from '../../../../localnet/tests/support/drift-program.ts';
import type { PerpsBooks } from '../../../../src/venues/solana-perps/books/perps-books.ts';
import { equityOf } from '../../../../src/venues/solana-perps/read/equity.ts';
import { type BooksChain, booksChain, ENGINE, SOL, USD } from './books-chain.ts';
import { fundingOnChain } from './chain-truth.ts';

const sum = (amounts: readonly bigint[]): bigint => amounts.reduce((total, amount) => total + amount, 0n);

async function funded(chain: BooksChain): Promise<void> {
  await chain.ours(chain.us.initialize());
  await chain.ours(chain.us.deposit('SOL', 10n * SOL));
  await chain.ours(chain.us.deposit('USDC', 1_000n * USD));
}

async function kept(chain: BooksChain, books: PerpsBooks) {
  await chain.finalize();
  await books.keep(chain.reader);
  const row = await chain.store().load();
  if (row === null) throw new Error('there are no books');
  return row.state;
}

describeOnDrift('the books of a live account', () => {
  it('explain a deposit, an open, a fill by a keeper and a close to the unit', async () => {
    const chain = await booksChain();
    const books = chain.bookkeeper();
    await books.keep(chain.reader);
    await funded(chain);
    await chain.trade({ direction: 'short', size: 5n * SOL });

    const early = await chain.reader.read('confirmed');
    const { sources, equityBaseline, ledger } = await books.figures(early);
    expect(ledger).toEqual({ own: -5n * SOL, foreign: 0n, liquidated: 0n, unexplained: 0 });
    expect((equityBaseline ?? 0n) + sum(Object.values(sources ?? {}))).toBe(equityOf(early));
    expect((await chain.journal.trades({ limit: 10 })).items).toEqual([]);

    await chain.price(155);
    await chain.trade({ direction: 'long', size: 5n * SOL, reduceOnly: true });
    const state = await kept(chain, books);
    const account = await chain.reader.read('finalized');
    expect(state.baseline + sum(Object.values(state.sources))).toBe(equityOf(account));
    expect(state.sources).toMatchObject({ unexplained: 0n, external: 0n, transfers: 0n, funding: 0n });
    const trades = (await chain.journal.trades({ limit: 10 })).items;
    expect(trades.map(({ side, size, operationId }) => ({ side, size, operationId }))).toEqual([
      { side: 'buy', size: '5000000000', operationId: 'operation-5' },
      { side: 'sell', size: '5000000000', operationId: 'operation-4' },
    ]);
    expect(-state.sources.fees).toBe(sum(trades.map(({ fee }) => BigInt(fee))) * 1_000_000_000n);
    const [row] = (await chain.journal.equity({ limit: 1 })).items;
    const { equity, baseline, price, basis, slippage, funding, interest, fees, gas, transfers, external, unexplained } =
      row as NonNullable<typeof row>;
    const parts = [price, basis, slippage, funding, interest, fees, gas, transfers, external, unexplained];
    expect(BigInt(equity) - BigInt(baseline)).toBe(sum(parts.map(BigInt)));
  });

  it('pays funding by period, to the unit of what the chain paid, also when it was paid for hours at once', async () => {
    const chain = await booksChain();
    const books = chain.bookkeeper();
    await books.keep(chain.reader);
    const begun = (await chain.store().load())?.state.slot ?? 0;
    await funded(chain);
    await chain.trade({ direction: 'short', size: 5n * SOL });
    for (let hour = 0; hour < 4; hour += 1) {
      await chain.hours(1);
      // Each period's end is seen while it stands.
      if (hour < 3) await kept(chain, books);
    }
    await chain.land(chain.other.settleFunding(chain.us.address));
    const state = await kept(chain, books);
    const rows = (await chain.journal.funding({ limit: 10 })).items;
    const paid = await fundingOnChain(chain, begun);
    expect(paid).toHaveLength(1);
    expect(rows).toHaveLength(4);
    expect(sum(rows.map(({ amount }) => BigInt(amount)))).toBe(sum(paid.map(({ payment }) => payment)));
    expect(state.sources.funding).toBe(sum(paid.map(({ payment }) => payment)) * 1_000_000_000n);
    expect(sum(paid.map(({ payment }) => payment))).not.toBe(0n);
    expect(rows.map(({ position }) => position)).toEqual(rows.map(() => '-5000000000'));
    expect(new Set(rows.map(({ periodTsMs }) => periodTsMs % 3_600_000))).toEqual(new Set([0]));
    for (const { amount, rate, position } of rows) {
      const expected = (-Number(position) / 1e9) * 150 * (Number(rate) / 1e9);
      expect(Number(amount) / 1e6).toBeCloseTo(expected, 3);
    }
    expect(await chain.journal.fundingTotal(ENGINE, 'SOL-PERP')).toBe(
      sum(paid.map(({ payment }) => payment)).toString(),
    );
  });

  it('tell a stranger’s order, a stranger’s settle, a transfer and a manual deposit from what was ours', async () => {
    const chain = await booksChain();
    const books = chain.bookkeeper();
    await books.keep(chain.reader);
    await funded(chain);
    await chain.trade({ direction: 'short', size: 5n * SOL });
    const before = await kept(chain, books);
    await chain.trade({ direction: 'long', size: 2n * SOL }, false);
    await chain.price(148);
    await chain.land(chain.other.settlePnl(chain.us.address));
    await chain.land(chain.us.deposit('USDC', 10n * USD));
    chain.net.airdrop(chain.us.address, 3n * SOL);
    await chain.net.advance(2);
    const state = await kept(chain, books);
    expect(state.ledger).toEqual({ own: -5n * SOL, foreign: 2n * SOL, liquidated: 0n, unexplained: 0 });
    expect(state.sources.unexplained).toBe(0n);
    expect(state.sources.external).not.toBe(before.sources.external);
    expect(state.sources.basis).toBe(before.sources.basis);
    expect(state.sources.transfers).toBe(3n * SOL * 148n * USD);
    const trades = (await chain.journal.trades({ limit: 10 })).items;
    expect(trades.map(({ side, operationId }) => ({ side, operationId }))).toEqual([
      { side: 'buy', operationId: null },
      { side: 'sell', operationId: 'operation-4' },
    ]);
  });

  it('book a liquidation as external, and tell of it', async () => {
    const chain = await booksChain();
    const books = chain.bookkeeper();
    await books.keep(chain.reader);
    await chain.land(chain.other.initialize());
    await chain.land(chain.other.deposit('USDC', 500_000n * USD));
    await chain.ours(chain.us.initialize());
    await chain.ours(chain.us.deposit('USDC', 200n * USD));
    await chain.trade({ direction: 'short', size: 15n * SOL });
    await kept(chain, books);
    for (const usd of [154, 158, 162]) await chain.price(usd);
    await chain.land(chain.other.liquidate(chain.us.address));
    await chain.net.advance(2);
    const early = await books.figures(await chain.reader.read('confirmed'));
    expect(early.ledger?.liquidated).toBeGreaterThan(0n);
    const state = await kept(chain, books);
    expect(state.ledger.own).toBe(-15n * SOL);
    expect(state.ledger.liquidated).toBeGreaterThan(0n);
    expect(state.sources.unexplained).toBe(0n);
    expect(state.sources.external).toBeLessThan(0n);
    expect(state.lastLiquidationMs).not.toBeNull();
    const [trade] = (await chain.journal.trades({ limit: 1 })).items;
    expect(trade).toMatchObject({ operationId: null, side: 'buy' });
  });
});
