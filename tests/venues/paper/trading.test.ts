import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Intent } from '../../../src/domain/order/intent.ts';
import type { Journal } from '../../../src/journal/journal.ts';
import { runs } from '../../support/long.ts';
import { deposit, land, memoryJournal, openBench, order, run, SLOT_MS, SOL, settle, USD, withdraw } from './support.ts';

let journal: Journal;
beforeAll(async () => {
  journal = await memoryJournal();
});
afterAll(() => journal.close());

type Bench = Awaited<ReturnType<typeof openBench>>;
const perpOf = async ({ venue }: Bench) => (await venue.read('confirmed')).account?.perps[0];
const baseOf = async (bench: Bench) => (await perpOf(bench))?.baseAmount ?? 0n;
const balancesOf = async ({ venue }: Bench) => {
  const { account, wallet } = await venue.read('confirmed');
  const [usdc, sol] = account?.spot ?? [];
  const signed = usdc?.kind === 'borrow' ? -usdc.scaledBalance : (usdc?.scaledBalance ?? 0n);
  return { sol: sol?.scaledBalance, usdc: signed / 1_000n, walletSol: wallet.sol, walletUsdc: wallet.quote };
};

describe('a new paper account', () => {
  it('holds 10 SOL and 500 USDC deposited and 5 SOL in the wallet', async () => {
    const bench = await openBench(journal);
    expect(await balancesOf(bench)).toEqual({
      sol: 10n * SOL,
      usdc: 500n * USD,
      walletSol: 5n * SOL,
      walletUsdc: 0n,
    });
    const snapshot = await bench.venue.read('confirmed');
    expect(snapshot.equity).toBe(snapshot.equityBaseline);
    expect(snapshot.account?.perps).toEqual([]);
  });

  it('is not made unless it is asked for, and is made once', async () => {
    const { venue, clock, engineId, feed } = await openBench(journal, { seed: false });
    await expect(venue.read('confirmed')).rejects.toMatchObject({
      code: 'PAPER_ACCOUNT_MISSING',
      category: 'critical',
    });
    const seeded = await openBench(journal, { engineId, clock, feed });
    await land(seeded.venue, deposit(SOL));
    const again = await openBench(journal, {
      engineId,
      clock,
      feed,
      defaults: { sol: 0n, usdc: 0n, walletSol: 0n } as never,
    });
    expect((await balancesOf(again)).sol).toBe(11n * SOL);
  });
});

describe('deposits and withdrawals', () => {
  it('move SOL and USDC between wallet and sub-account, and leave equity but for the gas', async () => {
    const bench = await openBench(journal);
    await land(bench.venue, deposit(SOL * 2n));
    await land(bench.venue, withdraw(SOL / 2n));
    await land(bench.venue, withdraw(200n * USD, 'USDC'));
    await land(bench.venue, deposit(50n * USD, 'USDC'));
    expect(await balancesOf(bench)).toEqual({
      sol: (23n * SOL) / 2n,
      usdc: 350n * USD,
      walletSol: (7n * SOL) / 2n - 20_000n,
      walletUsdc: 150n * USD,
    });
    const { equity, equityBaseline, sources } = await bench.venue.read('confirmed');
    expect((equity ?? 0n) - (equityBaseline ?? 0n)).toBe(sources?.gas);
    expect(sources).toMatchObject({ transfers: 0n, unexplained: 0n });
  });

  it.each<[string, Intent, string]>([
    ['more SOL than the wallet holds', deposit(6n * SOL), 'INSUFFICIENT_FUNDS'],
    ['all of the wallet, which leaves no gas', deposit(5n * SOL), 'INSUFFICIENT_FUNDS'],
    ['USDC that the wallet does not hold', deposit(1n, 'USDC'), 'INSUFFICIENT_FUNDS'],
    ['nothing', deposit(0n), 'INVALID_FIELD'],
    ['less than nothing', deposit(-1n), 'INVALID_FIELD'],
    ['a withdrawal beyond the deposit: it would borrow', withdraw(10n * SOL + 1n), 'INSUFFICIENT_FUNDS'],
    ['a withdrawal of nothing', withdraw(0n), 'INVALID_FIELD'],
    ['a market that is not there', order('sell', SOL, { market: 'BTC-PERP' }), 'UNKNOWN_MARKET'],
    ['settling one', { kind: 'settle', market: 'x' }, 'UNKNOWN_MARKET'],
    ['less than the minimum size', order('sell', 4_000_000n), 'BELOW_MINIMUM'],
    ['a size off the step', order('sell', SOL + 1n), 'INVALID_FIELD'],
    ['more than ten times the collateral', order('sell', 1_000n * SOL), 'INSUFFICIENT_FUNDS'],
  ])('refuse %s', async (_, intent, code) => {
    const bench = await openBench(journal);
    const before = await balancesOf(bench);
    expect(await bench.venue.simulate(intent)).toMatchObject({ ok: false, error: { code } });
    expect(await balancesOf(bench)).toEqual(before);
    expect((await run(bench.venue, intent)).sighting).toMatchObject({ kind: 'landed', error: { code } });
    expect(await balancesOf(bench)).toEqual({ ...before, walletSol: before.walletSol - 5_000n });
    expect(await baseOf(bench)).toBe(0n);
  });

  it('refuse what the margin of an open position needs', async () => {
    const bench = await openBench(journal);
    await land(bench.venue, order('sell', 10n * SOL));
    expect(await bench.venue.simulate(withdraw(500n * USD, 'USDC'))).toMatchObject({ ok: true });
    expect(await bench.venue.simulate(withdraw(10n * SOL))).toMatchObject({ ok: true });
    await land(bench.venue, withdraw(500n * USD, 'USDC'));
    expect(await bench.venue.simulate(withdraw(9n * SOL))).toMatchObject({
      ok: false,
      error: { code: 'INSUFFICIENT_FUNDS', details: { unit: 'micro-USD' } },
    });
  });
});

describe('orders', () => {
  it('never touch the spot leg', async () => {
    const bench = await openBench(journal);
    const before = await balancesOf(bench);
    await land(bench.venue, order('sell', 10n * SOL));
    await land(bench.venue, order('buy', 15n * SOL));
    expect(await balancesOf(bench)).toEqual({ ...before, walletSol: before.walletSol - 10_000n });
  });

  it('keep the long remainder when a buy crosses zero', async () => {
    const bench = await openBench(journal);
    await land(bench.venue, order('sell', 10n * SOL));
    const { effect } = await land(bench.venue, order('buy', 15n * SOL));
    const position = await perpOf(bench);
    const paid = BigInt(effect?.fills?.[0]?.price ?? 0);
    expect(position?.baseAmount).toBe(5n * SOL);
    expect(-(position?.quoteEntryAmount ?? 0n) / 5n).toBeGreaterThanOrEqual(paid - 1n);
    expect(-(position?.quoteEntryAmount ?? 0n) / 5n).toBeLessThanOrEqual(paid + 1n);
  });

  it('fill nothing beyond their price limit, and are gone', async () => {
    const bench = await openBench(journal);
    const mark = (await bench.venue.read('confirmed')).markets.perps[0]?.markPrice ?? 0n;
    for (const [side, limit] of [
      ['sell', mark],
      ['buy', mark],
    ] as const) {
      const { attempt, sighting } = await run(bench.venue, order(side, SOL, { priceLimit: limit.toString() }));
      expect(sighting).toMatchObject({ kind: 'landed', error: null, effect: { fills: [] } });
      expect(await bench.venue.order(attempt)).toMatchObject({ gone: true, fills: [], commitment: 'confirmed' });
    }
    expect(await baseOf(bench)).toBe(0n);
    await land(bench.venue, order('sell', SOL, { priceLimit: ((mark * 998n) / 1000n).toString() }));
    expect(await baseOf(bench)).toBe(-SOL);
  });

  it('reduce only, when told to: never across zero, and nothing on the wrong side or when flat', async () => {
    const bench = await openBench(journal);
    const reduce = { reduceOnly: true };
    expect(await land(bench.venue, order('buy', SOL, reduce))).toMatchObject({ effect: { fills: [] } });
    await land(bench.venue, order('sell', 3n * SOL));
    expect(await land(bench.venue, order('sell', SOL, reduce))).toMatchObject({ effect: { fills: [] } });
    expect(await baseOf(bench)).toBe(-3n * SOL);
    expect(await land(bench.venue, order('buy', 5n * SOL, reduce))).toMatchObject({
      effect: { fills: [{ size: (3n * SOL).toString() }] },
    });
    expect(await baseOf(bench)).toBe(0n);
  });

  it('pay the taker fee once per fill, rounded up', async () => {
    const bench = await openBench(journal);
    const { effect } = await land(bench.venue, order('sell', SOL));
    const fill = effect?.fills?.[0];
    const quote = (BigInt(fill?.price ?? 0) * SOL) / 1_000_000_000n;
    expect(BigInt(fill?.fee ?? 0)).toBe((quote * 250n + 999_999n) / 1_000_000n);
    expect((await perpOf(bench))?.quoteAmount).toBe(quote - BigInt(fill?.fee ?? 0));
  });

  it('are filled in part when the market is thin, and the rest is gone', async () => {
    const bench = await openBench(journal);
    bench.faults.onSubmit({ kind: 'fills', ppm: 333_333 });
    const { attempt } = await run(bench.venue, order('sell', 10n * SOL));
    expect(await bench.venue.order(attempt)).toMatchObject({ gone: true, fills: [{ size: '3333000000' }] });
    expect(await baseOf(bench)).toBe(-3_333_000_000n);
  });

  it('may rest until they are filled, and the report says when they are gone', async () => {
    const bench = await openBench(journal);
    const { venue, clock, faults } = bench;
    faults.onSubmit({ kind: 'fills', ppm: 1_000_000, afterSlots: 12 });
    const { attempt } = await run(venue, order('sell', 4n * SOL, { maxTsMs: clock.nowMs() + 30_000 }));
    expect(await venue.order(attempt)).toMatchObject({ gone: false, fills: [] });
    expect((await venue.read('confirmed')).account).toMatchObject({
      orders: [{ side: 'sell', size: 4n * SOL, filled: 0n }],
      perps: [{ baseAmount: 0n, openOrders: 1, openAsks: -4n * SOL }],
    });
    clock.passSlots(12);
    expect(await venue.order(attempt)).toMatchObject({ gone: true, commitment: 'confirmed', fills: [{}] });
    expect(await baseOf(bench)).toBe(-4n * SOL);
    clock.passSlots(32);
    expect(await venue.order(attempt)).toMatchObject({ gone: true, commitment: 'finalized' });
    expect((await venue.status(attempt)) as { effect?: unknown }).toMatchObject({ effect: { fills: [{}] } });
  });

  it('are forgotten after their time', async () => {
    const bench = await openBench(journal);
    const { venue, clock, faults } = bench;
    faults.onSubmit({ kind: 'fills', ppm: 1_000_000, afterSlots: 100 });
    const { attempt } = await run(venue, order('sell', 4n * SOL, { maxTsMs: clock.nowMs() + 10 * SLOT_MS }));
    clock.passSlots(11);
    expect(await venue.order(attempt)).toMatchObject({ gone: true, fills: [] });
    clock.passSlots(200);
    expect(await baseOf(bench)).toBe(0n);
    expect(await land(venue, order('sell', SOL, { maxTsMs: clock.nowMs() - SLOT_MS * 2 }))).toMatchObject({
      effect: { fills: [] },
    });
  });

  it.each([
    ['a cancellation', { kind: 'cancel_orders', market: 'SOL-PERP' } as const],
    ['a reducing trade that cancels', order('buy', SOL, { reduceOnly: true, cancelOpenOrders: true })],
  ])('are cancelled by %s', async (_, intent) => {
    const bench = await openBench(journal);
    const { venue, clock, faults } = bench;
    await land(venue, order('sell', 2n * SOL));
    faults.onSubmit({ kind: 'fills', ppm: 1_000_000, afterSlots: 20 });
    const { attempt } = await run(venue, order('sell', 4n * SOL));
    await land(venue, intent);
    expect(await venue.order(attempt)).toMatchObject({ gone: true, fills: [] });
    clock.passSlots(50);
    expect(await baseOf(bench)).toBe(intent.kind === 'order' ? -SOL : -2n * SOL);
  });

  it('of an attempt that has not landed cannot be reported', async () => {
    const { venue } = await openBench(journal);
    const attempt = await venue.sign(order('sell', SOL));
    await expect(venue.order(attempt)).rejects.toMatchObject({ code: 'ORDER_NOT_SEEN', category: 'transient' });
  });
});

describe('settling', () => {
  it('moves the unsettled PnL to USDC, keeps the entry, and leaves equity but for the gas', async () => {
    const bench = await openBench(journal);
    const { venue, clock } = bench;
    await land(venue, order('sell', 10n * SOL));
    clock.passHour();
    clock.passHour();
    const before = await venue.read('confirmed');
    const entry = before.account?.perps[0]?.quoteEntryAmount;
    const { effect } = await land(venue, settle);
    const after = await venue.read('confirmed');
    const pnl = BigInt(effect?.settledPnl ?? 0);
    expect(pnl).not.toBe(0n);
    expect((after.account?.spot[0]?.scaledBalance ?? 0n) / 1_000n).toBeGreaterThan(0n);
    expect(after.account?.perps[0]).toMatchObject({ quoteEntryAmount: entry, settledPnl: pnl });
    const moved = (after.equity ?? 0n) - (before.equity ?? 0n);
    const explained = ['gas', 'interest'] as const;
    expect(moved).toBe(
      explained.reduce((sum, source) => sum + (after.sources?.[source] ?? 0n) - (before.sources?.[source] ?? 0n), 0n),
    );
    expect(await land(venue, settle)).toMatchObject({ effect: { settledPnl: '0' } });
  });

  it('turns a loss beyond the USDC into a borrow', async () => {
    const bench = await openBench(journal);
    await land(bench.venue, withdraw(500n * USD, 'USDC'));
    await land(bench.venue, order('sell', 5n * SOL));
    await land(bench.venue, order('buy', 5n * SOL));
    const { effect } = await land(bench.venue, settle);
    expect(BigInt(effect?.settledPnl ?? 0)).toBeLessThan(0n);
    expect((await balancesOf(bench)).usdc).toBe(BigInt(effect?.settledPnl ?? 0));
    expect((await bench.venue.read('confirmed')).account?.perps).toEqual([]);
  });
});

const steps = (least: number, most: number) =>
  fc.integer({ min: least, max: most }).map((step) => BigInt(step) * 1_000_000n);
const anySide = fc.constantFrom('buy' as const, 'sell' as const);

describe('for any order', () => {
  it('Feature: delta-neutral-live-mode, Property 9: the executed price is 0.1 to 0.3 % from the mark, against the taker, larger sizes paying more', async () => {
    const rich = { sol: 100_000n * SOL, usdc: 1_000_000n * USD, walletSol: 5n * SOL } as never;
    const { venue, clock } = await openBench(journal, { defaults: rich });
    await fc.assert(
      fc.asyncProperty(anySide, steps(5, 3_000_000), fc.nat(7_200), async (side, size, seconds) => {
        clock.pass(seconds * 1_000);
        const mark = (await venue.read('confirmed')).markets.perps[0]?.markPrice ?? 0n;
        const { effect } = await land(venue, order(side, size));
        const price = BigInt(effect?.fills?.[0]?.price ?? 0);
        const worse = side === 'buy' ? price - mark : mark - price;
        expect(worse * 1_000n).toBeGreaterThanOrEqual(mark * 1n);
        expect(worse * 1_000n).toBeLessThanOrEqual(mark * 3n);
        if (size >= 1_000n * SOL) expect(worse * 1_000n).toBeGreaterThan(mark * 2n);
        if (size <= 10n * SOL) expect(worse * 1_000n).toBeLessThan(mark * 2n);
      }),
      { numRuns: runs(100) },
    );
  });

  it('Feature: delta-neutral-live-mode, Property 14: what simulation refuses does nothing when sent all the same, and what it allows lands', async () => {
    const amount = fc.bigInt({ min: -SOL, max: 14n * SOL });
    const intent: fc.Arbitrary<Intent> = fc.oneof(
      amount.map((value) => deposit(value)),
      amount.map((value) => withdraw(value)),
      fc.bigInt({ min: 0n, max: 700n * USD }).map((value) => withdraw(value, 'USDC')),
      fc
        .tuple(anySide, steps(1, 250_000), fc.boolean())
        .map(([side, size, reduceOnly]) => order(side, size, { reduceOnly })),
      fc.constant(settle),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(intent, { minLength: 1, maxLength: 3 }), intent, async (before, tried) => {
        const { venue } = await openBench(journal);
        for (const earlier of before) await run(venue, earlier);
        const was = await venue.read('confirmed');
        const simulation = await venue.simulate(tried);
        expect(await venue.read('confirmed')).toEqual(was);
        const { sighting } = await run(venue, tried);
        const is = await venue.read('confirmed');
        expect(sighting).toMatchObject({
          kind: 'landed',
          error: simulation.ok ? null : { code: simulation.error.code },
        });
        if (!simulation.ok) expect(is.account).toEqual(was.account);
      }),
      { numRuns: runs(100) },
    );
  });

  it('Feature: delta-neutral-live-mode, Property 15: closing leaves exactly zero', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(anySide, steps(5, 30_000), fc.integer({ min: 200_000, max: 1_000_000 })), {
          minLength: 1,
          maxLength: 4,
        }),
        async (opens) => {
          const bench = await openBench(journal);
          for (const [side, size, ppm] of opens) {
            bench.faults.onSubmit({ kind: 'fills', ppm });
            await run(bench.venue, order(side, size));
          }
          const base = await baseOf(bench);
          if (base === 0n) return;
          const size = base < 0n ? -base : base;
          await land(
            bench.venue,
            order(base < 0n ? 'buy' : 'sell', size, { reduceOnly: true, cancelOpenOrders: true }),
          );
          expect(await baseOf(bench)).toBe(0n);
          await land(bench.venue, settle);
          const { account, sources } = await bench.venue.read('confirmed');
          expect(account?.perps).toEqual([]);
          expect(sources?.unexplained).toBe(0n);
        },
      ),
      { numRuns: runs(100) },
    );
  });
});
