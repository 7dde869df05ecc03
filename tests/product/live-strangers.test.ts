/** Foreign changes, and operations whose end no process saw: each ends once and is reported as what it was. */

import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeOnDrift } from '../../localnet/tests/support/drift-program.ts';
import { confirmed, type LiveProduct, liveProduct } from '../support/live-product.ts';
import { longOnly } from '../support/long.ts';
import { until } from '../support/product.ts';
import type { Caller } from '../support/product-caller.ts';
import type { StateView } from '../support/product-run.ts';
import { withContext } from '../support/with-context.ts';

const TIMEOUT_MS = 400_000;
const MARKET = { market: 'SOL-PERP' };
const SOL = 1_000_000_000n;
const USDC = 1_000_000n;
/** So late a transaction lands that the process is dead by then. */
const LATE_SLOTS = 25;

longOnly(describeOnDrift)('others on the account, and deaths of our own', () => {
  let live: LiveProduct;
  let caller: Caller;

  beforeAll(async () => {
    // The guard would reduce the position before the liquidator takes it.
    live = await liveProduct({ GUARD: 'off' });
    const owner = me();
    await owner.done(owner.initialize());
    await owner.done(owner.deposit('SOL', 3n * SOL));
    await owner.done(owner.deposit('USDC', 100n * USDC));
    await owner.done(owner.trade({ direction: 'short', size: SOL }));
    await until('their short to be filled', () => live.net.keeper.orders.length === 0);
    await live.run.start();
    caller = await live.run.caller();
  }, TIMEOUT_MS);

  afterAll(async () => await live?.end(), TIMEOUT_MS);

  const me = () => live.net.actor(live.net.wallet.secretKey);
  const state = async (): Promise<StateView> => await live.run.state();
  const engine = async (): Promise<StateView> => (await state()).engine;
  const held = async (code: string): Promise<StateView> =>
    await until(`the hold ${code}`, async () => (await engine()).holds.find((one: StateView) => one.code === code));
  const perp = async (): Promise<number> => (await state()).drift_state.positions?.[0]?.amount ?? 0;
  const alerts = async (): Promise<readonly string[]> => (await live.run.list('alerts')).map(({ code }) => code);
  const operations = (kind: string) =>
    live.run.list('operations').then((all) => all.filter((one) => one.kind === kind));
  const active = () =>
    until('an engine at rest', async () => {
      const { trading_state, operation } = await engine();
      return trading_state === 'active' && operation === null;
    });
  const nothingUnexplained = async () => {
    for (const row of await live.run.list('equity')) expect(row.unexplained).toBe(0);
    expect((await alerts()).filter((code) => /DESYNC|UNEXPLAINED|STORES/.test(code))).toEqual([]);
  };

  it(
    'a position that stood before us is nobody’s to trade until it is adopted',
    async () => {
      expect(await held('foreign_trade')).toMatchObject({ permits: 'reducing', cleared_by: 'person' });
      expect(await alerts()).toContain('FOREIGN_POSITION');
      expect((await engine()).hedge_target).toBe(0);
      expect(await caller.end('ADOPT_POSITION', MARKET)).toMatchObject({ success: true, data: { changed: true } });
      await active();
      expect((await engine()).hedge_target).toBeCloseTo(1 / 3, 3);
      expect(await perp()).toBe(-1);
    },
    TIMEOUT_MS,
  );

  it(
    'settles and deposits of others are normal: no hold, no alert, nothing unexplained',
    async () => {
      const told = (await alerts()).length;
      live.net.oracles.sol.follow({ kind: 'fixed', price: 148 });
      const anybody = live.net.maker;
      await anybody.done(anybody.settlePnl(live.net.wallet.address));
      await anybody.done(anybody.settleFunding(live.net.wallet.address));
      const owner = me();
      await owner.done(owner.deposit('USDC', 50n * USDC));
      await owner.done(owner.withdraw('USDC', 20n * USDC));
      await until('the new balance', async () => (await state()).account?.spot_quote > 125);
      expect(await engine()).toMatchObject({ trading_state: 'active', holds: [] });
      expect((await alerts()).length).toBe(told);
      await nothingUnexplained();
    },
    TIMEOUT_MS,
  );

  it.each([
    ['DRIFT_WITHDRAW', 'withdraw', { amount: '50', asset: 'USDC' }],
    ['SETTLE_PNL', 'settle', MARKET],
  ] as const)(
    '%s: killed between sending and landing, it ends once',
    async (action, kind, data) => {
      const before = (await operations(kind)).length;
      if (kind === 'settle') live.net.oracles.sol.follow({ kind: 'fixed', price: 150 });
      const late = live.net.addFault({ kind: 'late', slots: LATE_SLOTS });
      const from = caller.broadcasts.length;
      const ending = confirmed(caller, action, data);
      const sent = await caller.broadcast(
        'the sending',
        ({ type, data: told }) => type === 'TRANSACTION_UPDATE' && told.stage === 'submitted',
        from,
      );
      await live.run.killNode();
      expect(live.net.record(String(sent.data.signature)).filter(({ counts }) => counts)).toEqual([]);
      live.net.removeFault(late.id);
      await live.run.start();
      const { end } = await ending;
      withContext(JSON.stringify(end), () =>
        expect(end).toMatchObject({ success: true, data: { commitment: 'confirmed' } }),
      );
      await active();
      const done = await operations(kind);
      expect(done).toHaveLength(before + 1);
      expect(done[0]?.attempts).toHaveLength(1);
      expect(live.net.record(String(sent.data.signature)).filter(({ counts }) => counts)).toHaveLength(1);
      await nothingUnexplained();
    },
    TIMEOUT_MS,
  );

  it(
    'a fill that overtakes the cancel of our own way out is counted, and the way out still ends flat',
    async () => {
      live.net.keeper.set({ fills: false, racesCancels: true });
      const from = caller.broadcasts.length;
      const opening = confirmed(caller, 'DRIFT_OPEN_POSITION', { ...MARKET, direction: 'short', size: '0.5' });
      await caller.broadcast(
        'the landed placement',
        ({ type, data }) => type === 'TRANSACTION_UPDATE' && data.stage === 'confirmed',
        from,
      );
      live.net.keeper.set({ fills: true });
      const end = await caller.end('DRIFT_CLOSE_POSITION', MARKET);
      withContext(JSON.stringify(end), () => expect(end).toMatchObject({ success: true }));
      await opening;
      await until('no position', async () => (await perp()) === 0);
      live.net.keeper.set({ racesCancels: false });
      await active();
      expect((await engine()).hedge_target).toBe(0);
      await nothingUnexplained();
    },
    TIMEOUT_MS,
  );

  it(
    'an increase of others is told, and its liquidation halts',
    async () => {
      const owner = me();
      await owner.done(owner.trade({ direction: 'short', size: 15n * SOL }));
      await held('foreign_trade');
      live.net.oracles.sol.follow({ kind: 'ramp', to: 185, seconds: 4 });
      expect(await held('liquidation')).toMatchObject({ permits: 'nothing', cleared_by: 'person' });
      expect(await alerts()).toEqual(expect.arrayContaining(['LIQUIDATED', 'FOREIGN_POSITION']));
      expect(await engine()).toMatchObject({ trading_state: 'halted' });
      await until('the books to have it', async () => {
        const [newest] = await live.run.list('equity');
        return newest !== undefined && newest.external < 0;
      });
      await nothingUnexplained();
    },
    TIMEOUT_MS,
  );
});
