/** The seed's full paper cycle, as a program sees it over the socket. */

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LONG } from '../support/long.ts';
import { until } from '../support/product.ts';
import type { Caller } from '../support/product-caller.ts';
import { ProductRun, type StateView } from '../support/product-run.ts';
import { imbalances } from '../support/product-sums.ts';
import { withContext } from '../support/with-context.ts';

const PERIOD_SECONDS = 2;
const PERIODS = LONG ? 10 : 4;
const ENGINE_ID = 'engine:paper:synthetic:7:0';
const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

let run: ProductRun;
let caller: Caller;

beforeAll(async () => {
  run = await ProductRun.open({
    MARKET_FEED: 'synthetic:7',
    FUNDING_PERIOD_SECONDS: String(PERIOD_SECONDS),
    LOOP_INTERVAL_SECONDS: '1',
  });
  await run.start();
  caller = await run.caller();
});
afterAll(() => run.end());

const perp = async (): Promise<string> => (await run.state()).account.perp_sol_base;
const operationsOf = async (kind: string): Promise<readonly StateView[]> =>
  (await run.list('operations')).filter((operation) => operation.kind === kind);
const answered = (more: object) => ({ engine_id: ENGINE_ID, mode: 'paper', ...more });
const landed = (more: object = {}) =>
  answered({
    status: 'done',
    commitment: 'confirmed',
    operation_id: expect.stringMatching(/^[\w-]+$/),
    tx_signature: expect.stringMatching(/^[1-9A-HJ-NP-Za-km-z]{64,90}$/),
    ...more,
  });

describe('the full paper cycle over the socket', () => {
  it('starts: it runs already, which changes nothing', async () => {
    const started = await caller.end('START_ENGINE', { mode: 'paper' });
    expect(started).toMatchObject({ type: 'COMMAND_RESULT', action: 'START_ENGINE', success: true });
    expect(started.data).toMatchObject(answered({ status: 'done', changed: false }));
    expect(started.error).toBeUndefined();
    const stopped = await caller.end('STOP_ENGINE');
    expect(stopped.data).toMatchObject(answered({ status: 'done', changed: true }));
    const again = await caller.end('START_ENGINE', { mode: 'paper' });
    expect(again.data).toMatchObject(answered({ status: 'done', changed: true }));
  });

  it('opens a short of the whole spot, and every socket sees it within a second', async () => {
    const from = caller.broadcasts.length;
    const opened = await caller.end('DRIFT_OPEN_POSITION', { market: 'SOL-PERP', direction: 'short', size: 10 });
    const at = performance.now();
    expect(opened).toMatchObject({ action: 'DRIFT_OPEN_POSITION', success: true });
    expect(opened.data).toMatchObject(landed({ requested_size: 10, filled_size: 10 }));
    expect(opened.data.average_price).toBeGreaterThan(0);
    await caller.broadcast(
      'the position',
      ({ type, data }) => type === 'SYSTEM_STATS' && data.drift_state.positions?.[0]?.amount === -10,
      from,
    );
    expect(performance.now() - at).toBeLessThan(1_000);
    const stages = caller.broadcasts.slice(from).filter(({ type }) => type === 'TRANSACTION_UPDATE');
    expect(stages.length).toBeGreaterThan(0);
    for (const { data } of stages) {
      expect(Object.keys(data)).toEqual(
        expect.arrayContaining(['operation_id', 'command_id', 'attempt', 'stage', 'signature', 'outcome']),
      );
      expect(data.temporal_url).toContain(encodeURIComponent(`operation:${opened.data.operation_id}`));
    }
  });

  it('ticks each second with the state, field for field', async () => {
    // The engine's row comes beside the answer, a moment later.
    await until('the hedge target', () => {
      const last = caller.broadcasts.filter(({ type }) => type === 'SYSTEM_STATS').at(-1);
      return last?.data.engine.hedge_target === 1;
    });
    const from = caller.broadcasts.length;
    const startedAt = performance.now();
    const ticks = await until('five ticks', () => {
      const seen = caller.broadcasts.slice(from).filter(({ type }) => type === 'SYSTEM_STATS');
      return seen.length >= 5 && performance.now() - startedAt > 4_000 && seen;
    });
    for (const { data } of ticks) {
      expect(data.as_of).toMatch(ISO_TIME);
      expect(data.age_ms).toBeLessThan(30_000);
      expect(data.engine).toMatchObject({
        ...{ engine_id: ENGINE_ID, mode: 'paper', state: 'running', trading_state: 'active', feed: 'synthetic:7' },
        ...{ hedge_target: 1, cooldown_until: null, unresolved: [], holds: [] },
      });
      const { drift_state: drift } = data;
      expect(Object.keys(drift).sort()).toEqual(
        [
          ...['health', 'leverage', 'total_collateral', 'free_collateral', 'maintenance_margin'],
          ...['positions', 'net_delta', 'drift_pct'],
        ].sort(),
      );
      for (const field of ['health', 'leverage', 'total_collateral', 'free_collateral', 'maintenance_margin']) {
        withContext(field, () => expect(drift[field]).toEqual(expect.any(Number)));
      }
      expect(drift.positions).toHaveLength(1);
      expect(drift.positions[0]).toMatchObject({ market: 'SOL-PERP', amount: -10 });
      // Interest on the spot leg is all that there can be.
      expect(Math.abs(drift.net_delta)).toBeLessThan(0.001);
    }
  });

  it('deposits, and corrects the hedge by itself', async () => {
    const deposited = await caller.end('DRIFT_DEPOSIT', { amount: '1.5' });
    expect(deposited.message).toBe('Deposited 1.5 SOL');
    expect(deposited.data).toMatchObject(landed());
    await until('the correction', async () => (await perp()) === '-11500000000');
    const [correction, ...others] = await operationsOf('rebalance');
    expect(others).toEqual([]);
    expect(correction).toMatchObject({ command_id: null });
    await until('the cooldown', async () => (await run.state()).engine.cooldown_until !== null);
  });

  it('refuses REBALANCE during the cooldown, and corrects nothing by itself', async () => {
    const within = await caller.end('REBALANCE');
    expect(within.data).toMatchObject(answered({ status: 'done', changed: false }));
    const { cooldown_until } = (await run.state()).engine;
    expect(cooldown_until).toMatch(ISO_TIME);
    await caller.end('DRIFT_DEPOSIT', { amount: 1 });
    const refused = await caller.end('REBALANCE');
    expect(refused).toMatchObject({ success: false, error: { code: 'GATE_BLOCKED' } });
    expect(refused.data).toMatchObject(answered({ status: 'rejected' }));
    const gate = ((refused.error?.details?.gates ?? []) as StateView[]).find(({ code }) => code === 'COOLDOWN');
    expect(gate).toMatchObject({ pass: false, unit: 's', need: 0, remedy: expect.any(String) });
    expect(gate?.have).toBeGreaterThan(0);
    expect((await run.state()).engine.cooldown_until).toBe(cooldown_until);
    expect(await perp()).toBe('-11500000000');
  });

  it('pays its funding periods, each told once, and a moving price triggers nothing', async () => {
    const from = caller.broadcasts.length;
    const before = await run.list('trades');
    const updates = await until('the funding periods', () => {
      const seen = caller.broadcasts.slice(from).filter(({ type }) => type === 'FUNDING_UPDATE');
      return seen.length >= PERIODS && seen;
    });
    const periods = updates.map(({ data }) => Date.parse(data.period_ts));
    for (const [index, { data }] of updates.entries()) {
      expect(data).toMatchObject({ market: 'SOL-PERP', amount: expect.any(Number), total: expect.any(Number) });
      if (index > 0) {
        expect((periods[index] as number) - (periods[index - 1] as number)).toBe(PERIOD_SECONDS * 1_000);
        const { total, amount } = data;
        expect(total).toBeCloseTo(updates[index - 1]?.data.total + amount, 6);
      }
    }
    const rows = await run.list('funding');
    for (const { data } of updates) {
      const row = rows.find(({ period_ts }) => period_ts === data.period_ts);
      expect(row).toMatchObject({ amount: data.amount, rate: data.rate, position: -11.5 });
    }
    const prices = new Set(
      caller.broadcasts
        .slice(from)
        .filter(({ type }) => type === 'SYSTEM_STATS')
        .map(({ data }) => data.market.oracle_price),
    );
    expect(prices.size).toBeGreaterThan(3);
    expect(await run.list('trades')).toEqual(before);
    const last = updates.at(-1)?.data;
    const upTo = rows.filter(({ period_ts }) => period_ts <= last.period_ts);
    expect(upTo.reduce((sum, row) => sum + row.amount, 0)).toBeCloseTo(last.total, 6);
  });

  it('closes', async () => {
    const closed = await caller.end('DRIFT_CLOSE_POSITION', { market: 'SOL-PERP' });
    expect(closed).toMatchObject({ success: true });
    expect(closed.data).toMatchObject(landed({ requested_size: 11.5, filled_size: 11.5, closed_by: 'us' }));
    expect(closed.data.average_price).toBeGreaterThan(0);
    await until('the position to be gone', async () => (await run.state()).drift_state.positions.length === 0);
    // CLOSE is answered at its fill; the same operation settles the realized PnL afterwards.
    // The engine's row is written beside the answer, and not for each step of an operation that is quick.
    await until('the close to settle', async () => {
      const { engine } = await run.state();
      return engine.operation === null && engine.hedge_target === 0;
    });
    const again = await caller.end('DRIFT_CLOSE_POSITION', { market: 'SOL-PERP' });
    expect(again).toMatchObject({ success: false, data: { status: 'rejected' }, error: { code: 'NO_POSITION' } });
  });

  it('stops, opens nothing then, and withdraws', async () => {
    const stopped = await caller.end('STOP_ENGINE');
    expect(stopped.data).toMatchObject(answered({ status: 'done', changed: true, state: 'stopped' }));
    const again = await caller.end('STOP_ENGINE');
    expect(again.data).toMatchObject(answered({ status: 'done', changed: false }));
    const open = await caller.end('DRIFT_OPEN_POSITION', { market: 'SOL-PERP', direction: 'short', size: 1 });
    expect(open).toMatchObject({ success: false, data: { status: 'rejected' }, error: { code: 'ENGINE_STOPPED' } });
    const withdrawn = await until('a withdrawal, once the last close is final', async () => {
      const answer = await caller.end('DRIFT_WITHDRAW', { amount: '2.25' });
      return answer.success && answer;
    });
    expect(withdrawn.message).toBe('Withdrew 2.25 SOL');
    expect(withdrawn.data).toMatchObject(landed());
  });

  it('leaves sums that add up to the unit, everywhere', async () => {
    await until('every operation to be final', async () =>
      (await run.list('operations')).every(({ ended_at }) => ended_at !== null),
    );
    expect(await imbalances(run)).toEqual([]);
    const kinds = (await run.list('operations')).map(({ kind }) => kind).sort();
    expect(kinds).toEqual(['close', 'deposit', 'deposit', 'open', 'rebalance', 'withdraw']);
    for (const sent of caller.sent.values()) {
      for (const wait of sent.waits) expect(wait).toBeLessThan(5_000);
    }
  });
});
