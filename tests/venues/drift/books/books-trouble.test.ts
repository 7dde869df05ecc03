import { expect, it } from '@jest/globals';
import { describeOnDrift } from '../../../../localnet/tests/support/drift-program.ts';
import type { PositionLedger } from '../../../../src/domain/account/snapshot.ts';
import type { PerpsBooks } from '../../../../src/venues/solana-perps/books/perps-books.ts';
import { equityOf } from '../../../../src/venues/solana-perps/read/equity.ts';
import { itLong } from '../../../support/long.ts';
import { type BooksChain, booksChain, ENGINE, SOL, USD } from './books-chain.ts';

const sum = (amounts: readonly bigint[]): bigint => amounts.reduce((total, amount) => total + amount, 0n);

async function opened(patienceMs = 0): Promise<{ readonly chain: BooksChain; readonly books: PerpsBooks }> {
  const chain = await booksChain();
  await chain.ours(chain.us.initialize());
  await chain.ours(chain.us.deposit('SOL', 10n * SOL));
  await chain.ours(chain.us.deposit('USDC', 1_000n * USD));
  await chain.finalize();
  const books = chain.bookkeeper({ patienceMs });
  await books.keep(chain.reader);
  return { chain, books };
}

const trades = async ({ journal }: BooksChain) => (await journal.trades({ limit: 100 })).items;
/** Beside the word that they began, which these books do with an account that is there. */
const alerts = async ({ journal }: BooksChain) =>
  (await journal.alerts({ limit: 100 })).items.map(({ code }) => code).filter((code) => code !== 'BOOKS_BEGUN');
const stateOf = async (chain: BooksChain) => {
  const kept = await chain.store().load();
  if (kept === null) throw new Error('there are no books');
  return kept.state;
};

describeOnDrift('the books, when something is wrong', () => {
  it('write no row of what a fork may take back, and forget it with the fork', async () => {
    const { chain, books } = await opened();
    await chain.ours(chain.us.trade({ direction: 'short', size: 2n * SOL }));
    let filled: PositionLedger | null = null;
    for (let slots = 0; slots < 80 && (filled === null || filled.own === 0n); slots += 1) {
      await chain.net.advance(1);
      filled = (await books.figures(await chain.reader.read('confirmed'))).ledger;
    }
    expect(filled?.own).toBe(-2n * SOL);
    await books.keep(chain.reader);
    expect(await trades(chain)).toEqual([]);

    chain.net.keeper.set({ fills: false });
    chain.net.fork({ depth: 4, fate: 'never' });
    await chain.net.advance(6);
    const read = await chain.reader.read('confirmed');
    const after = await books.figures(read);
    expect(after.ledger?.own).toBe(0n);
    expect((after.equityBaseline ?? 0n) + sum(Object.values(after.sources ?? {}))).toBe(equityOf(read));
    await chain.finalize();
    await books.keep(chain.reader);
    expect(await trades(chain)).toEqual([]);
    expect((await stateOf(chain)).sources.unexplained).toBe(0n);
  });

  it('pay the keeper that takes an expired order off: a fee of ours, and external where the order was somebody else’s', async () => {
    const { chain, books } = await opened();
    await chain.trade({ direction: 'short', size: 2n * SOL });
    await chain.finalize();
    await books.keep(chain.reader);
    const expire = async (own: boolean): Promise<void> => {
      chain.net.keeper.set({ fills: false });
      await chain.trade({ direction: 'short', size: SOL, maxTs: chain.net.chain.head.time + 10 }, own);
      chain.net.keeper.set({ fills: true, amm: false });
      chain.net.jump({ seconds: 60 });
      await chain.net.advance(60);
      await chain.finalize();
      await books.keep(chain.reader);
    };
    const before = (await stateOf(chain)).sources;
    await expire(true);
    const ours = (await stateOf(chain)).sources;
    const flatFee = ours.fees - before.fees;
    expect(flatFee).toBeLessThan(0n);
    await expire(false);
    const theirs = await stateOf(chain);
    expect(theirs.sources.external - ours.external).toBe(flatFee);
    expect(theirs.sources.fees).toBe(ours.fees);
    expect(theirs.sources.unexplained).toBe(0n);
    expect(theirs.baseline + sum(Object.values(theirs.sources))).toBe(equityOf(await chain.reader.read('finalized')));
    expect(await alerts(chain)).toEqual([]);
  });

  it('that were lost with the journal get fills and funding back from the chain, with a new baseline that is told', async () => {
    const { chain, books } = await opened();
    await chain.trade({ direction: 'short', size: 5n * SOL });
    await chain.hours(2);
    await chain.land(chain.us.settleFunding(chain.us.address));
    await chain.trade({ direction: 'long', size: 2n * SOL });
    await chain.finalize();
    await books.keep(chain.reader);
    const of = async (engineId: string) => ({
      trades: (await chain.journal.trades({ engineId, limit: 100 })).items.map(({ engineId: _, ...trade }) => trade),
      funding: (await chain.journal.funding({ engineId, limit: 100 })).items.map(({ engineId: _, ...row }) => row),
    });
    const before = await of(ENGINE);
    expect(before.trades.length).toBeGreaterThanOrEqual(2);
    expect(before.funding.length).toBeGreaterThanOrEqual(1);

    const anew = 'engine:drift:anew:0';
    const again = chain.bookkeeper({ engineId: anew });
    await again.keep(chain.reader);
    const after = await of(anew);
    const sizes = (rows: typeof before) => rows.trades.map(({ signature, index }) => `${signature}:${index}`);
    expect(sizes(after)).toEqual(sizes(before));
    const paid = (rows: typeof before) => sum(rows.funding.map(({ amount }) => BigInt(amount)));
    expect(paid(after)).toBe(paid(before));
    const read = await chain.reader.read('finalized');
    const figures = await again.figures(read);
    expect(figures.equityBaseline).toBe(equityOf(read));
    expect(Object.values(figures.sources ?? {}).every((amount) => amount === 0n)).toBe(true);
    const told = (await chain.journal.alerts({ limit: 100 })).items.filter(({ engineId }) => engineId === anew);
    expect(told).toMatchObject([
      { code: 'BOOKS_BEGUN', severity: 'info', message: expect.stringContaining('baseline') },
    ]);
    await again.keep(chain.reader);
    expect(sizes(await of(anew))).toEqual(sizes(before));
  });

  itLong('call a difference unexplained after three steps, tell it as critical, and go on from there', async () => {
    const { chain, books } = await opened();
    const { slot } = await stateOf(chain);
    // No transaction brought these.
    chain.net.giveUsdc(chain.us.address, 70n * USD);
    for (const told of [false, false, true]) {
      await chain.finalize();
      await books.keep(chain.reader);
      expect((await alerts(chain)).includes('BOOKS_UNEXPLAINED')).toBe(told);
      expect((await stateOf(chain)).slot > slot).toBe(told);
    }
    const state = await stateOf(chain);
    expect(state.sources.unexplained).toBe(70n * USD * 1_000_000_000n);
    expect(state.ledger.unexplained).toBe(1);
    await chain.trade({ direction: 'short', size: SOL });
    await chain.finalize();
    await books.keep(chain.reader);
    expect((await stateOf(chain)).sources.unexplained).toBe(state.sources.unexplained);
    expect(await trades(chain)).toHaveLength(1);
  });

  it('name a gap where the nodes have forgotten, and give equity a new baseline', async () => {
    const { chain } = await opened();
    const before = await stateOf(chain);
    await chain.trade({ direction: 'short', size: 2n * SOL });
    await chain.ours(chain.us.deposit('SOL', SOL));
    await chain.net.advance(60);
    const fault = chain.net.addFault({ kind: 'pruned', slots: 30 });
    const later = chain.bookkeeper();
    for (let step = 0; step < 3; step += 1) {
      await chain.net.advance(2);
      await later.keep(chain.reader);
    }
    expect(await alerts(chain)).toEqual(['HISTORY_GAP']);
    const state = await stateOf(chain);
    expect(state.baseline).not.toBe(before.baseline);
    expect(state.sources.unexplained).toBe(0n);
    expect(state.perp.base).toBe(-2n * SOL);
    expect(state.baseline + sum(Object.values(state.sources))).toBe(equityOf(await chain.reader.read('finalized')));
    chain.net.removeFault(fault.id);
    await chain.trade({ direction: 'long', size: SOL });
    await chain.finalize();
    await later.keep(chain.reader);
    expect(await alerts(chain)).toEqual(['HISTORY_GAP']);
    expect(await trades(chain)).toHaveLength(1);
  });

  itLong('wait for an operation that the journal does not know yet, and give it its trade', async () => {
    const { chain, books } = await opened(60_000);
    const signature = chain.us.trade({ direction: 'short', size: SOL });
    await chain.land(signature);
    await chain.net.advance(60);
    await chain.finalize();
    await books.keep(chain.reader);
    expect(await trades(chain)).toEqual([]);
    const operationId = await chain.ours(signature);
    await chain.net.advance(1);
    await books.keep(chain.reader);
    expect((await trades(chain)).map((trade) => trade.operationId)).toEqual([operationId]);
    expect((await stateOf(chain)).ledger).toMatchObject({ own: -SOL, foreign: 0n });
  });

  itLong('give a trade to its operation when that becomes known after all', async () => {
    const { chain, books } = await opened();
    const signature = await chain.trade({ direction: 'short', size: SOL }, false);
    await chain.finalize();
    await books.keep(chain.reader);
    expect((await trades(chain)).map((trade) => trade.operationId)).toEqual([null]);
    const operationId = await chain.ours(signature);
    await chain.net.advance(1);
    await books.keep(chain.reader);
    expect((await trades(chain)).map((trade) => trade.operationId)).toEqual([operationId]);
  });

  it('leave a read alone when nodes do not tell of the past, and catch up when they do', async () => {
    const { chain, books } = await opened();
    const before = await stateOf(chain);
    const fault = chain.net.addFault({ kind: 'http', methods: ['getSignaturesForAddress'], status: 500 });
    await chain.trade({ direction: 'short', size: SOL });
    const blind = await books.figures(await chain.reader.read('confirmed'));
    expect(blind).toMatchObject({ sources: null, ledger: null });
    await chain.finalize();
    await expect(books.keep(chain.reader)).rejects.toMatchObject({ category: 'transient' });
    expect(await stateOf(chain)).toEqual(before);
    chain.net.removeFault(fault.id);
    await books.keep(chain.reader);
    expect(await trades(chain)).toHaveLength(1);
    expect(await alerts(chain)).toEqual([]);
  });

  itLong('write at most once a minute while nothing happens, and at once when something does', async () => {
    const { chain } = await opened();
    const before = await stateOf(chain);
    const resting = chain.bookkeeper({ idleMs: 60_000 });
    await chain.price(151);
    await chain.finalize();
    await resting.keep(chain.reader);
    expect(await stateOf(chain)).toEqual(before);
    const read = await chain.reader.read('confirmed');
    const { sources, equityBaseline } = await resting.figures(read);
    expect((equityBaseline ?? 0n) + sum(Object.values(sources ?? {}))).toBe(equityOf(read));
    await chain.ours(chain.us.deposit('SOL', SOL));
    await chain.finalize();
    await resting.keep(chain.reader);
    expect((await stateOf(chain)).slot).toBeGreaterThan(before.slot);
  });

  itLong('count an order of ours that a keeper fills late as ours, whoever asks when', async () => {
    const { chain, books } = await opened();
    chain.net.keeper.set({ fills: false });
    await chain.ours(chain.us.trade({ direction: 'short', size: 2n * SOL }));
    await chain.net.advance(30);
    await chain.finalize();
    await books.keep(chain.reader);
    chain.net.keeper.set({ fills: true });
    await chain.net.advance(40);
    const { ledger } = await books.figures(await chain.reader.read('confirmed'));
    expect(ledger).toMatchObject({ own: -2n * SOL, foreign: 0n });
    await chain.finalize();
    await books.keep(chain.reader);
    expect((await trades(chain)).map(({ operationId }) => operationId)).toEqual(['operation-4']);
  });
});
