/** The nodes are unavailable for a while, then only the sockets: what is reported, what is refused, and what runs first afterwards. */

import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeOnDrift } from '../../localnet/tests/support/drift-program.ts';
import { confirmed, type LiveProduct, liveProduct } from '../support/live-product.ts';
import { longOnly } from '../support/long.ts';
import { until } from '../support/product.ts';
import type { Caller } from '../support/product-caller.ts';
import type { StateView } from '../support/product-run.ts';
import { withContext } from '../support/with-context.ts';

const TIMEOUT_MS = 400_000;
/** At least. */
const AWAY_MS = 60_000;
const MARKET = { market: 'SOL-PERP' };
const SHORT = { ...MARKET, direction: 'short' };
const SOL = 1_000_000_000n;
const AWAY = /^Driftless cannot read the account, so nothing can trade: No node answered .* tries again every 10 s\.$/;

longOnly(describeOnDrift)('nodes that are away', () => {
  let live: LiveProduct;
  let caller: Caller;

  beforeAll(async () => {
    live = await liveProduct();
    const owner = live.net.actor(live.net.wallet.secretKey);
    await owner.done(owner.initialize());
    await owner.done(owner.deposit('SOL', 3n * SOL));
    await live.run.start();
    caller = await live.run.caller();
    const { end } = await confirmed(caller, 'DRIFT_OPEN_POSITION', { ...SHORT, size: '1.5' });
    expect(end).toMatchObject({ success: true, data: { filled_size: 1.5 } });
    await until('the position', async () => (await perp()) === -1.5);
    await quiet();
  }, TIMEOUT_MS);

  afterAll(async () => await live?.end(), TIMEOUT_MS);

  const engine = async (): Promise<StateView> => (await live.run.state()).engine;
  const perp = async (): Promise<number> => (await live.run.state()).drift_state.positions?.[0]?.amount ?? 0;
  const quiet = () => until('the slot to be free', async () => (await engine()).operation === null);
  const kinds = async () => (await live.run.list('operations')).map(({ kind }) => kind);
  const statuses = (from: number) =>
    caller.broadcasts.slice(from).flatMap(({ type, data }) => (type === 'ENGINE_STATUS' ? [data as StateView] : []));
  const halted = () =>
    until('a halt', async () => (await engine()).holds.some((one: StateView) => one.code === 'connection'));

  it(
    'for a while: halted in one sentence, risk refused with it, and what happened meanwhile is known before anything trades',
    async () => {
      const from = caller.broadcasts.length;
      const before = await kinds();
      const { id } = live.net.addFault({ kind: 'gone' });
      const goneAt = performance.now();
      await halted();
      const told = await caller.broadcast(
        'the halt',
        ({ type, data }) => type === 'ENGINE_STATUS' && data.trading_state === 'halted',
        from,
      );
      expect(told.data.reason).toMatch(AWAY);
      for (const [action, data] of [
        ['DRIFT_OPEN_POSITION', { ...SHORT, size: '0.5' }],
        ['REBALANCE', {}],
        ['DRIFT_WITHDRAW', { amount: '0.1' }],
      ] as const) {
        const refused = await caller.first(action, data);
        withContext(action, () => expect(refused).toMatchObject({ success: false, error: { code: 'ENGINE_HALTED' } }));
        expect(refused.message).toContain('every 10 s');
      }
      expect((await caller.first('DRIFT_DEPOSIT', { amount: '0.1' })).error).toMatchObject({
        code: expect.stringMatching(/^RPC_/),
        details: { part: 'venue', retry_after_s: 10 },
      });
      // Somebody with the same key, by another node.
      const owner = live.net.actor(live.net.wallet.secretKey);
      await owner.done(owner.trade({ direction: 'long', size: SOL / 2n, reduceOnly: true }));
      await until('the time', () => performance.now() - goneAt > AWAY_MS);
      expect((await engine()).holds.map((one: StateView) => one.code)).not.toContain('foreign_trade');
      live.net.removeFault(id);
      const hold = await until('what somebody else did', async () =>
        (await engine()).holds.find((one: StateView) => one.code === 'foreign_trade'),
      );
      expect(hold).toMatchObject({ permits: 'reducing', cleared_by: 'person' });
      // Never active from the halt on: nothing could start before the account was looked at. Target 0.5 wants it back.
      const states = statuses(from).map(({ trading_state }) => trading_state);
      expect(states.slice(states.indexOf('halted'))).not.toContain('active');
      expect(await kinds()).toEqual(before);
      const alerts = await live.run.list('alerts');
      expect(alerts.map(({ code, kind }) => `${code} ${kind}`)).toEqual(
        expect.arrayContaining(['CONNECTION_LOST alert', 'CONNECTION_LOST recovered', 'FOREIGN_TRADE alert']),
      );
      expect((await caller.end('RESUME')).success).toBe(true);
      await until('the new target', async () => Math.abs((await engine()).hedge_target - 1 / 3) < 1e-3);
      expect(await engine()).toMatchObject({ trading_state: 'active', holds: [] });
    },
    TIMEOUT_MS,
  );

  it(
    'the sockets alone: nothing halts, and a settle ends all the same',
    async () => {
      const from = caller.broadcasts.length;
      const { id } = live.net.addFault({ kind: 'silent' });
      live.net.oracles.sol.follow({ kind: 'fixed', price: 145 });
      const end = await until('something to settle', async () => {
        const answer = await caller.end('SETTLE_PNL', MARKET);
        return answer.error?.code !== 'NO_POSITION' && answer;
      });
      withContext(JSON.stringify(end), () => expect(end).toMatchObject({ success: true }));
      expect(statuses(from).map(({ trading_state }) => trading_state)).not.toContain('halted');
      live.net.removeFault(id);
      await quiet();
    },
    TIMEOUT_MS,
  );

  it(
    'a way out that was sent meanwhile is pending, and the first thing done when they are back',
    async () => {
      const before = (await kinds()).length;
      const { id } = live.net.addFault({ kind: 'gone' });
      await halted();
      const commandId = crypto.randomUUID();
      const closing = caller.end('DRIFT_CLOSE_POSITION', MARKET, commandId);
      await until('a first answer', () => caller.sent.get(commandId)?.answers[0]);
      expect(caller.sent.get(commandId)?.answers[0]).toMatchObject({ success: true, data: { status: 'pending' } });
      expect(await kinds()).toHaveLength(before);
      live.net.removeFault(id);
      expect(await closing).toMatchObject({ success: true, data: { filled_size: 1, closed_by: 'us' } });
      // Who acts on the answer finds the engine where the answer says that it is.
      expect(await caller.end('STOP_ENGINE')).toMatchObject({ success: true, data: { position_open: false } });
      expect(await kinds()).toHaveLength(before + 1);
      const [newest] = await live.run.list('equity');
      expect(newest?.unexplained).toBe(0);
    },
    TIMEOUT_MS,
  );
});
