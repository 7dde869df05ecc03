import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { encodeSnapshot } from '../../src/domain/account/snapshot.ts';
import type { DecisionContext } from '../../src/domain/engine/decide.ts';
import { DEFAULT_POLICY } from '../../src/domain/hedge/policy.ts';
import type { Journal } from '../../src/journal/journal.ts';
import type { EngineRecord } from '../../src/journal/records.ts';
import { alertOf } from '../journal/records.ts';
import { type Client, ENGINE_ID, journalThatDoes, type TestBridge, testBridge } from '../support/bridge.ts';
import { openTestJournal } from '../support/journal.ts';
import { type Scenario, snapshotOf } from '../support/snapshots.ts';
import { withContext } from '../support/with-context.ts';

let real: Journal;
let way: 'works' | 'down' | 'hangs' = 'works';
let bridge: TestBridge;
let client: Client;
let generation = 0;
let sequence = 0;

const nextSequence = (): number => {
  sequence += 1;
  return sequence;
};

const record = (change: Partial<EngineRecord> = {}): EngineRecord => ({
  engineId: ENGINE_ID,
  mode: 'paper',
  feed: 'synthetic:7',
  state: 'running',
  tradingState: 'active',
  reason: 'nothing holds it',
  hedgeTarget: 0.5,
  cooldownUntilMs: Date.UTC(2026, 0, 15, 13),
  cooldownEndsAtMs: Date.now() + 60_000,
  operation: { operationId: 'op-1', kind: 'open', stage: 'confirm' },
  unresolved: ['op-0'],
  holds: [
    {
      code: 'backoff',
      sinceMs: Date.UTC(2026, 0, 15),
      permits: 'reducing',
      clearedBy: 'itself',
      reason: 'a trade failed',
    },
  ],
  epoch: 'epoch-1',
  sequence: nextSequence(),
  updatedAtMs: Date.now() + sequence,
  ...change,
});

const writeSnapshot = async (scenario: Scenario, takenAtMs = Date.now()): Promise<void> => {
  generation += 1;
  const snapshot = { ...snapshotOf(scenario), engineId: ENGINE_ID, takenAtMs };
  await real.recordSnapshot({ engineId: ENGINE_ID, generation, attempt: 1 }, encodeSnapshot(snapshot));
};

beforeAll(async () => {
  real = await openTestJournal();
  bridge = await testBridge({
    journal: journalThatDoes(real, () => way),
    settings: { mode: 'live', explorerUrl: 'https://explorer.example/tx/{signature}?cluster=x' },
  });
  client = await bridge.connect();
});
afterEach(() => {
  way = 'works';
});
afterAll(async () => {
  client.close();
  await bridge.close();
  await real.close();
});

// biome-ignore lint/suspicious/noExplicitAny: tests read whatever came over the wire
const statsWhere = (fits: (data: any) => boolean, within?: number) =>
  client.next((message) => message.type === 'SYSTEM_STATS' && fits(message.data), within);

describe('SYSTEM_STATS', () => {
  it('come each second, unknown as null before anything is known', async () => {
    const times: number[] = [];
    for (let got = 0; got < 4; got += 1) {
      const { data } = await client.ofType('SYSTEM_STATS');
      times.push(Date.now());
      expect(data).toMatchObject({ drift_state: { health: null, positions: null }, as_of: null, age_ms: null });
    }
    expect((times[3] ?? 0) - (times[1] ?? 0)).toBeGreaterThan(1_000);
  });

  it("are the seed's drift_state field for field, as numbers in SOL, USD and per cent", async () => {
    await writeSnapshot({ perp: -5, entryUsd: 145, oracleUsd: 150 });
    const { data } = await statsWhere(({ as_of }) => as_of !== null);
    const state = data.drift_state;
    expect(Object.keys(state).sort()).toEqual([
      'drift_pct',
      'free_collateral',
      'health',
      'leverage',
      'maintenance_margin',
      'net_delta',
      'positions',
      'total_collateral',
    ]);
    expect(state.positions).toHaveLength(1);
    expect(Object.keys(state.positions[0]).sort()).toEqual([
      'amount',
      'entry_price',
      'liq_price',
      'mark_price',
      'market',
      'pnl',
    ]);
    expect(state.positions[0]).toMatchObject({
      market: 'SOL-PERP',
      amount: -5,
      entry_price: 145,
      mark_price: 150,
      pnl: -25,
    });
    expect(state.net_delta).toBe(5);
    expect(state.drift_pct).toBeCloseTo(50, 9);
    for (const figure of ['health', 'leverage', 'total_collateral', 'free_collateral', 'maintenance_margin']) {
      withContext(figure, () => expect(typeof state[figure]).toBe('number'));
    }
    expect(data.account).toMatchObject({ exists: true, spot_sol: 10, wallet_sol: 5 });
    expect(data.market).toMatchObject({ market: 'SOL-PERP', oracle_price: 150 });
    expect(new Date(data.as_of).toISOString()).toBe(data.as_of);
  });

  it('follow a new snapshot at once, well under 500 ms', async () => {
    const seen: number[] = [];
    for (let size = 1; size <= 5; size += 1) {
      const at = Date.now();
      await writeSnapshot({ perp: -size / 10 });
      await statsWhere(({ drift_state }) => drift_state.positions[0]?.amount === -size / 10, 1_000);
      seen.push(Date.now() - at);
    }
    expect(seen.toSorted((a, b) => a - b)[2]).toBeLessThan(500);
  });

  it('show what is unknown as null, never as zero or healthy: a snapshot without a price', async () => {
    await writeSnapshot({ perp: -5, oracleUsd: null });
    const { data } = await statsWhere(({ drift_state }) => drift_state.health === null);
    expect(data.drift_state).toMatchObject({ health: null, leverage: null, total_collateral: null });
    expect(data.drift_state.positions[0]).toMatchObject({ amount: -5, mark_price: null, pnl: null, liq_price: null });
  });

  it('name the engine, its holds and its cooldown', async () => {
    await real.publishEngine(record());
    const { data } = await statsWhere(({ engine }) => engine.state === 'running');
    expect(data.engine).toMatchObject({
      engine_id: ENGINE_ID,
      mode: 'paper',
      state: 'running',
      trading_state: 'active',
      feed: 'synthetic:7',
      hedge_target: 0.5,
      cooldown_until: '2026-01-15T13:00:00.000Z',
      operation: { operation_id: 'op-1', kind: 'open', stage: 'confirm' },
      unresolved: ['op-0'],
      holds: [
        {
          code: 'backoff',
          since: '2026-01-15T00:00:00.000Z',
          permits: 'reducing',
          cleared_by: 'itself',
          reason: 'a trade failed',
        },
      ],
    });
    expect(data.engine.cooldown_remaining_ms).toBeGreaterThan(50_000);
  });

  it('announce what the engine will decide by its own context: nothing while what a fork dropped is open', async () => {
    const context: DecisionContext = {
      hedgeTargetPpm: 1_000_000,
      confirmedExcess: null,
      cooldownUntilMs: null,
      holds: [],
      engineRunning: true,
      busy: false,
      carryWarnedAtMs: null,
    };
    const free: Partial<EngineRecord> = { operation: null, holds: [], hedgeTarget: 1 };
    const decisionOf = async (decisionContext: DecisionContext, code: string) => {
      await real.publishEngine(record({ ...free, decisionContext }));
      return await statsWhere(({ engine }) => engine.decision?.code === code);
    };
    await writeSnapshot({ perp: -5 });
    await decisionOf(context, 'CORRECT');
    await decisionOf({ ...context, busy: true }, 'BUSY');
    // A record of an older version does not say.
    await real.publishEngine(record(free));
    await statsWhere(({ engine }) => engine.hedge_target === 1 && engine.decision === null);
  });

  it('show the settings that the engine decides by, and decide by them', async () => {
    const policy = { ...DEFAULT_POLICY, maxLeverage: 3, driftTolerancePct: 90 };
    const hedged: DecisionContext = {
      hedgeTargetPpm: 1_000_000,
      confirmedExcess: null,
      cooldownUntilMs: null,
      holds: [],
      engineRunning: true,
      busy: false,
      carryWarnedAtMs: null,
    };
    const free: Partial<EngineRecord> = { operation: null, holds: [], hedgeTarget: 1, decisionContext: hedged };
    await writeSnapshot({ perp: -5 });
    await real.publishEngine(record({ ...free, policy }));
    const lenient = (await statsWhere(({ policy }) => policy.max_leverage === 3)).data;
    expect(lenient.policy.drift_tolerance_pct).toBe(90);
    expect(lenient.engine.decision?.code).not.toBe('CORRECT');
    await real.publishEngine(record({ ...free, policy: DEFAULT_POLICY }));
    const isDefault = (policy: { readonly max_leverage: number }) => policy.max_leverage === DEFAULT_POLICY.maxLeverage;
    // What was read beside the change of the row says no decision yet.
    await statsWhere(({ policy, engine }) => isDefault(policy) && engine.decision?.code === 'CORRECT');
  });

  it('go on with the last figures and a growing age while the journal is down', async () => {
    await writeSnapshot({ perp: -3 });
    await statsWhere(({ drift_state }) => drift_state.positions[0]?.amount === -3);
    way = 'down';
    client.received.length = 0;
    const first = (await client.ofType('SYSTEM_STATS')).data;
    const second = (await client.ofType('SYSTEM_STATS')).data;
    expect(second.drift_state).toEqual(first.drift_state);
    expect(second.age_ms).toBeGreaterThan(first.age_ms);
    expect(second.drift_state.positions[0].amount).toBe(-3);
  });

  it('meet a new socket with the current state at once', async () => {
    const late = await bridge.connect();
    const status = await late.ofType('ENGINE_STATUS', 900);
    const stats = await late.ofType('SYSTEM_STATS', 900);
    expect(status.data).toMatchObject({ engine_id: ENGINE_ID, state: 'running' });
    expect(stats.data.drift_state.positions[0].amount).toBe(-3);
    late.close();
  });
});

describe('ENGINE_STATUS', () => {
  it('is told when it changes, and not when it does not', async () => {
    client.received.length = 0;
    await real.publishEngine(record({ hedgeTarget: 0.6 }));
    await statsWhere(({ engine }) => engine.hedge_target === 0.6);
    expect(client.received.filter((message) => message.type === 'ENGINE_STATUS')).toEqual([]);
    await real.publishEngine(record({ tradingState: 'halted', reason: 'stopped by command', state: 'stopped' }));
    expect((await client.ofType('ENGINE_STATUS')).data).toEqual({
      engine_id: ENGINE_ID,
      mode: 'paper',
      state: 'stopped',
      trading_state: 'halted',
      reason: 'stopped by command',
    });
  });
});

describe('TRANSACTION_UPDATE', () => {
  it('tells each step once, in order, with links for a person', async () => {
    await real.openOperation({
      operationId: 'op-5',
      engineId: ENGINE_ID,
      commandId: 'c-5',
      kind: 'deposit',
      status: 'running',
      createdAtMs: Date.now(),
      intent: {},
    });
    const stages = ['simulate', 'sign', 'submit', 'confirm', 'done'];
    for (const [index, stage] of stages.entries()) {
      await real.recordTransition({
        operationId: 'op-5',
        sequence: index,
        atMs: Date.now(),
        stage,
        attempt: 1,
        signature: index > 0 ? 'sig/1' : null,
        outcome: index === 4 ? 'confirmed' : null,
        detail: null,
      });
    }
    const told = [];
    for (const _ of stages) told.push((await client.ofType('TRANSACTION_UPDATE')).data);
    expect(told.map((update) => update.stage)).toEqual(stages);
    expect(told[4]).toMatchObject({
      operation_id: 'op-5',
      command_id: 'c-5',
      attempt: 1,
      signature: 'sig/1',
      outcome: 'confirmed',
      explorer_url: 'https://explorer.example/tx/sig%2F1?cluster=x',
      temporal_url: 'http://127.0.0.1:8233/namespaces/default/workflows/operation%3Aop-5',
    });
    await client.roundTrip();
    expect(client.received.filter((message) => message.type === 'TRANSACTION_UPDATE')).toEqual([]);
  });
});

describe('FUNDING_UPDATE', () => {
  it('tells each period once, in order, with the total so far', async () => {
    const period = (index: number) => ({
      engineId: ENGINE_ID,
      market: 'SOL-PERP',
      periodTsMs: Date.UTC(2026, 0, 15, index),
      rate: '12500',
      position: '-1500000000',
      amount: String(index * 1_000_000),
      tsMs: Date.now(),
    });
    await real.recordFunding([period(1)]);
    await real.recordFunding([period(2), period(3)]);
    const told = [];
    for (let got = 0; got < 3; got += 1) told.push((await client.ofType('FUNDING_UPDATE')).data);
    expect(told).toEqual([
      { market: 'SOL-PERP', period_ts: '2026-01-15T01:00:00.000Z', rate: 0.0000125, amount: 1, total: 1 },
      { market: 'SOL-PERP', period_ts: '2026-01-15T02:00:00.000Z', rate: 0.0000125, amount: 2, total: 3 },
      { market: 'SOL-PERP', period_ts: '2026-01-15T03:00:00.000Z', rate: 0.0000125, amount: 3, total: 6 },
    ]);
    await real.recordFunding([period(2)]);
    await client.ofType('SYSTEM_STATS');
    expect(client.received.filter((message) => message.type === 'FUNDING_UPDATE')).toEqual([]);
  });
});

describe('ALERT', () => {
  it('is told once, whoever it concerns of us, and not those of another engine', async () => {
    const alert = (id: string, engineId: string | null) => ({
      id,
      engineId,
      kind: 'alert' as const,
      severity: 'critical' as const,
      code: 'HEALTH_CRITICAL',
      message: 'Health is 18.',
      action: 'Deposit or close.',
      operationId: null,
      details: { health: 18 },
      tsMs: Date.now(),
    });
    await real.raiseAlert(alert('foreign', 'engine:paper:synthetic:9:0'));
    await real.raiseAlert(alert('ours', ENGINE_ID));
    await real.raiseAlert(alert('ours', ENGINE_ID));
    await real.raiseAlert(alert('of the process', null));
    const ours = (await client.ofType('ALERT')).data;
    expect(ours).toMatchObject({
      id: 'ours',
      kind: 'alert',
      severity: 'critical',
      code: 'HEALTH_CRITICAL',
      action: 'Deposit or close.',
    });
    expect(ours).not.toHaveProperty('operation_id');
    expect((await client.ofType('ALERT')).data.id).toBe('of the process');
  });

  it('arrives while the journal is away, and not again when the journal has it', async () => {
    const raised = alertOf({ id: 'raised while away', engineId: ENGINE_ID, tsMs: Date.now() });
    bridge.channels.announce(raised);
    expect((await client.ofType('ALERT')).data.id).toBe('raised while away');
    await real.raiseAlert(raised);
    await real.raiseAlert({ ...raised, id: 'the next' });
    expect((await client.ofType('ALERT')).data.id).toBe('the next');
  });
});
