import { expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { describeOnDrift } from '../../../../localnet/tests/support/drift-program.ts';
import type { RpcPool } from '../../../../src/chain/rpc-pool.ts';
import type { Journal } from '../../../../src/journal/journal.ts';
import type { PerpsBooks } from '../../../../src/venues/solana-perps/books/perps-books.ts';
import { equityOf } from '../../../../src/venues/solana-perps/read/equity.ts';
import { type BooksChain, booksChain, SOL, USD } from './books-chain.ts';
import { fundingOnChain } from './chain-truth.ts';

jest.setTimeout(600_000);

const RUNS = Number(process.env.BOOKS_RUNS ?? 20);
/** Fixed, so that every run holds what the last lines ask for; another is as good: BOOKS_SEED. */
const SEED = Number(process.env.BOOKS_SEED ?? 3);
const MAX_POSITION = 8n * SOL;

const SIZE = fc.integer({ min: 1, max: 30 }).map((tenths) => (BigInt(tenths) * SOL) / 10n);
const STEP = fc.oneof(
  fc.record({
    do: fc.constant('trade' as const),
    size: SIZE,
    direction: fc.constantFrom('long' as const, 'short' as const),
    own: fc.boolean(),
  }),
  fc.record({ do: fc.constant('deposit' as const), own: fc.boolean(), sol: fc.boolean() }),
  fc.record({ do: fc.constant('withdraw' as const), fails: fc.boolean() }),
  fc.record({ do: fc.constant('price' as const), move: fc.integer({ min: -30, max: 30 }) }),
  fc.record({ do: fc.constant('quote price' as const), move: fc.integer({ min: -5, max: 5 }) }),
  fc.record({ do: fc.constant('hours' as const), count: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ do: fc.constant('settle' as const), by: fc.constantFrom('us' as const, 'other' as const) }),
  fc.record({ do: fc.constant('settleFunding' as const) }),
  fc.record({ do: fc.constant('airdrop' as const) }),
  fc.record({
    do: fc.constant('keep' as const),
    how: fc.constantFrom(
      'whole' as const,
      'killed at a question' as const,
      'killed at the commit' as const,
      'two' as const,
    ),
    after: fc.integer({ min: 0, max: 9 }),
  }),
  fc.record({ do: fc.constant('figures' as const) }),
);
type Step = typeof STEP extends fc.Arbitrary<infer T> ? T : never;

class Killed extends Error {}

/** Answers so many questions, then the process is gone. */
function dyingPool(pool: RpcPool, after: number): RpcPool {
  let left = after;
  const spend = () => {
    if (left === 0) throw new Killed();
    left -= 1;
  };
  const read: RpcPool['read'] = async (...question) => {
    spend();
    return await pool.read(...question);
  };
  const readKnown: RpcPool['readKnown'] = async (...question) => {
    spend();
    return await pool.readKnown(...question);
  };
  return { read, readKnown } as RpcPool;
}

/** The process is gone when all is written and nothing committed. */
function dyingJournal(journal: Journal): Journal {
  const transaction = () => ({
    execute: async (work: (trx: unknown) => Promise<unknown>) =>
      await journal.db.transaction().execute(async (trx) => {
        await work(trx);
        throw new Killed();
      }),
  });
  const db = new Proxy(journal.db, {
    get: (target, name) => {
      if (name === 'transaction') return transaction;
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
  return { ...journal, db };
}

const killed = async (work: Promise<void>): Promise<void> => {
  await work.catch((error: unknown) => {
    if (!(error instanceof Killed)) throw error;
  });
};

async function perform(chain: BooksChain, books: PerpsBooks, engineId: string, step: Step): Promise<void> {
  const { us, other } = chain;
  switch (step.do) {
    case 'trade': {
      const held = (await chain.reader.read('confirmed')).account?.perps[0]?.baseAmount ?? 0n;
      const enlarges = step.direction === 'long' ? held > 0n : held < 0n;
      const direction =
        enlarges && (held < 0n ? -held : held) > MAX_POSITION - step.size ? opposite(step.direction) : step.direction;
      await chain.trade({ direction, size: step.size }, step.own);
      return;
    }
    case 'deposit': {
      const sent = step.sol ? us.deposit('SOL', SOL / 7n) : us.deposit('USDC', 3n * USD + 1n);
      await (step.own ? chain.ours(sent) : chain.land(sent));
      return;
    }
    case 'withdraw':
      await chain.ours(us.withdraw('SOL', step.fails ? 100_000n * SOL : SOL / 9n));
      return;
    case 'price': {
      const now = chain.net.oracles.sol.price;
      await chain.price(Math.min(180, Math.max(120, now * (1 + step.move / 1_000))));
      return;
    }
    case 'quote price':
      await chain.quotePrice(1 + step.move / 1_000);
      return;
    case 'hours':
      await chain.hours(step.count);
      return;
    case 'settle':
      await (step.by === 'us' ? chain.ours(us.settlePnl()) : chain.land(other.settlePnl(us.address)));
      return;
    case 'settleFunding':
      await chain.land(other.settleFunding(us.address));
      return;
    case 'airdrop':
      chain.net.airdrop(us.address, SOL / 3n);
      await chain.net.advance(1);
      return;
    case 'keep':
      await chain.net.advance(step.after);
      if (step.how === 'whole') await books.keep(chain.reader);
      if (step.how === 'two')
        await Promise.all([books.keep(chain.reader), chain.bookkeeper({ engineId }).keep(chain.reader)]);
      if (step.how === 'killed at a question') {
        await killed(chain.bookkeeper({ engineId, pool: dyingPool(chain.pool, step.after) }).keep(chain.reader));
      }
      if (step.how === 'killed at the commit') {
        await killed(chain.bookkeeper({ engineId, journal: dyingJournal(chain.journal) }).keep(chain.reader));
      }
      return;
    case 'figures': {
      const read = await chain.reader.read('confirmed');
      const { equityBaseline, sources } = await books.figures(read);
      expect(sources?.unexplained).toBe(0n);
      expect((equityBaseline ?? 0n) + sum(Object.values(sources ?? {}))).toBe(equityOf(read));
      return;
    }
  }
}

const nameOf = ({ signature, index }: { signature: string; index: number }): string => `${signature}:${index}`;
const opposite = (direction: 'long' | 'short') => (direction === 'long' ? 'short' : 'long');
const sum = (amounts: readonly bigint[]): bigint => amounts.reduce((total, amount) => total + amount, 0n);

describeOnDrift('the books of a live account, whatever happens to it and to the bookkeeper', () => {
  it(`add up to the unit, double nothing and miss nothing, in ${RUNS} random histories`, async () => {
    const chain = await booksChain();
    await chain.ours(chain.us.initialize());
    await chain.ours(chain.us.deposit('SOL', 10n * SOL));
    await chain.ours(chain.us.deposit('USDC', 2_000n * USD));
    let run = 0;
    const met = { ours: 0, foreign: 0, payments: 0, killed: 0 };
    await fc.assert(
      fc.asyncProperty(fc.array(STEP, { minLength: 3, maxLength: 12 }), async (steps) => {
        run += 1;
        const engineId = `engine:drift:property:${run}`;
        const books = chain.bookkeeper({ engineId });
        await chain.finalize();
        await books.keep(chain.reader);
        const begun = await chain.store(engineId).load();
        // What the chain told of the time before these books.
        const pastFunding = BigInt(await chain.journal.fundingTotal(engineId, 'SOL-PERP'));
        const past = new Set((await chain.journal.trades({ engineId, limit: 500 })).items.map(nameOf));
        for (const step of steps) await perform(chain, books, engineId, step);
        await chain.finalize();
        await books.keep(chain.reader);

        const state = (await chain.store(engineId).load())?.state;
        const read = await chain.reader.read('finalized');
        expect(state?.slot).toBe(read.slot);
        if (state === undefined || begun === null) throw new Error('there are no books');
        expect(state.sources.unexplained).toBe(0n);
        expect(state.baseline).toBe(begun.state.baseline);
        expect(state.baseline + sum(Object.values(state.sources))).toBe(equityOf(read));
        const alerts = (await chain.journal.alerts({ engineId, limit: 10 })).items;
        expect(alerts.filter(({ code }) => code !== 'BOOKS_BEGUN')).toEqual([]);

        const payments = await fundingOnChain(chain, begun.state.slot);
        const paid = sum(payments.map(({ payment }) => payment));
        met.payments += payments.length;
        expect(state.sources.funding).toBe(paid * 1_000_000_000n);
        expect(await chain.journal.fundingTotal(engineId, 'SOL-PERP')).toBe((pastFunding + paid).toString());

        const all = (await chain.journal.trades({ engineId, limit: 500 })).items;
        const trades = all.filter((trade) => !past.has(nameOf(trade)));
        const signed = ({ side, size }: (typeof trades)[number]) => (side === 'buy' ? BigInt(size) : -BigInt(size));
        const own = trades.filter(({ operationId }) => operationId !== null);
        met.ours += own.length;
        met.foreign += trades.length - own.length;
        met.killed += steps.filter((step) => step.do === 'keep' && step.how.startsWith('killed')).length;
        expect(sum(trades.map(signed))).toBe(state.perp.base - begun.state.perp.base);
        expect(sum(own.map(signed))).toBe(state.ledger.own);
      }),
      { numRuns: RUNS, seed: SEED, endOnFailure: true },
    );
    for (const count of Object.values(met)) expect(count).toBeGreaterThan(0);
  });
});
