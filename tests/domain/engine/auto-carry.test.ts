/** The carry policy in the engine: docs/architecture/carry.md, row by row. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Snapshot } from '../../../src/domain/account/snapshot.ts';
import type { CarryBacktest } from '../../../src/domain/carry/carry-backtest.ts';
import { policyHash } from '../../../src/domain/carry/consent.ts';
import {
  type CARRY_ENDINGS,
  checkConsent,
  enableAutoCarry,
  endAutoCarry,
  endCarryIfOver,
  noteCarryTrade,
  noteUnproven,
} from '../../../src/domain/engine/auto-carry.ts';
import { type DecisionContext, decide } from '../../../src/domain/engine/decide.ts';
import {
  carriedEngine,
  decisionContext,
  type EngineCarried,
  initialEngine,
  startOperation,
  stopEngine,
  type TrackedOperation,
  takeReport,
} from '../../../src/domain/engine/engine-state.ts';
import { HOLD_CODES, type Hold } from '../../../src/domain/engine/hold.ts';
import {
  endHedge,
  flattenWithoutPosition,
  rememberLiquidation,
  restrict,
} from '../../../src/domain/engine/transitions.ts';
import { DEFAULT_POLICY, decodePolicy, type PolicyJson } from '../../../src/domain/hedge/policy.ts';
import type { OperationReport } from '../../../src/domain/operation/operation-report.ts';
import {
  autoCarryQuestion,
  refusalOfBacktest,
  refusalOfConsent,
} from '../../../src/domain/planning/plan-auto-carry.ts';
import { HOUR_MS, NOW_MS, type Scenario, snapshotOf, sol } from '../../support/snapshots.ts';

const ENGINE_ID = 'engine:paper:synthetic:1:0';
const LIMITS = {
  carryPolicy: 'auto',
  maxHedgeSol: sol(8).toString(),
  maxTradesPerDay: 2,
  maxAutoTradeUsd: '5000000000',
} as const;
const policyOf = (changes: Partial<PolicyJson> = {}) => decodePolicy({ ...DEFAULT_POLICY, ...LIMITS, ...changes });
const POLICY = policyOf();
const HASH = policyHash(ENGINE_ID, POLICY);
const PERIOD_MS = NOW_MS;

/** A window that pays this much a year, all of it known. */
function windowOf(aprPct: number, known = 336) {
  const sum = Math.round((aprPct / 100 / 8_766) * 1e14);
  const block = { sum: sum * 48, known: 48 };
  return {
    hours: 336,
    wanted: 336,
    total: { sum: sum * known, known },
    blocks: Array.from({ length: 7 }, () => block),
  };
}

function look(aprPct: number, scenario: Scenario = {}, changes: Partial<Snapshot['funding']> = {}): Snapshot {
  const snapshot = snapshotOf(scenario);
  const funding = { ...snapshot.funding, window: windowOf(aprPct), lastPeriodTsMs: PERIOD_MS, ...changes };
  return { ...snapshot, funding };
}

const consent = { policyHash: HASH, market: 'SOL-PERP', sinceMs: NOW_MS, operator: 'operator' };
const enabled = (): EngineCarried => enableAutoCarry(initialEngine('epoch'), consent);
const contextOf = (engine: EngineCarried, changes: Partial<DecisionContext> = {}): DecisionContext => ({
  ...decisionContext(engine),
  ...changes,
});
const code = (snapshot: Snapshot, context: DecisionContext, policy = POLICY): string =>
  decide(snapshot, context, policy, NOW_MS).reasons.at(-1)?.code ?? '';
const act = (snapshot: Snapshot, context: DecisionContext, policy = POLICY) =>
  decide(snapshot, context, policy, NOW_MS).action;
const heldBy = (holdCode: Hold['code']): Hold => ({
  ...{ code: holdCode, sinceMs: NOW_MS, permits: 'reducing', clearedBy: 'itself', reason: 'why' },
});

describe('entering', () => {
  it('sells what pays, inside the limits, with its figures', () => {
    const decision = decide(look(20), contextOf(enabled()), POLICY, NOW_MS);
    expect(decision.action).toEqual({ kind: 'enter', delta: -sol(8), enlarging: true, periodMs: PERIOD_MS });
    expect(decision.reasons.at(-1)).toMatchObject({
      code: 'ENTER',
      figures: { carry: { pays: true, apr_mean: expect.closeTo(20, 3) } },
    });
    expect(decision.gates?.column).toBe('enter');
  });

  it.each<[string, () => string, string]>([
    ['no consent', () => code(look(20), contextOf(initialEngine('e'))), 'NO_POSITION'],
    ['any restriction', () => code(look(20), contextOf(enabled(), { holds: [heldBy('feed_ended')] })), 'HELD'],
    ['a restriction that blinds', () => code(look(20), contextOf(enabled(), { holds: [heldBy('resync')] })), 'HELD'],
    [
      'too little known',
      () => code(look(20, {}, { window: windowOf(20, 302) }), contextOf(enabled())),
      'CARRY_UNKNOWN',
    ],
    ['no window', () => code(snapshotOf(), contextOf(enabled())), 'CARRY_UNKNOWN'],
    ['no period known', () => code(look(20, {}, { lastPeriodTsMs: null }), contextOf(enabled())), 'CARRY_UNKNOWN'],
    ['no price', () => code(look(20, { oracleUsd: null }), contextOf(enabled())), 'CARRY_UNKNOWN'],
    ['no SOL', () => code(look(20, { sol: 0, usdc: 500 }), contextOf(enabled())), 'CARRY_UNKNOWN'],
    ['does not pay', () => code(look(1), contextOf(enabled())), 'CARRY_UNHEDGED'],
    ['traded in this period', () => code(look(20), contextOf(traded(enabled(), PERIOD_MS, 1))), 'CARRY_WAITS'],
    ['unproven', () => code(look(20), contextOf(noteUnproven(enabled(), PERIOD_MS, 'lost'))), 'CARRY_UNPROVEN'],
    ['the day is full', () => code(look(20), contextOf(traded(enabled(), PERIOD_MS - HOUR_MS, 2))), 'CARRY_DAY_LIMIT'],
    ['cooldown', () => code(look(20), contextOf(enabled(), { cooldownUntilMs: NOW_MS + 1 })), 'COOLDOWN'],
    ['after an adoption', () => code(look(20), contextOf(enabled(), { quietUntilMs: NOW_MS + 1 })), 'COOLDOWN'],
    ['a gate', () => code(look(20, { walletSol: '0.000001' }), contextOf(enabled())), 'GATE_BLOCKED'],
    ['stopped', () => code(look(20), contextOf(enabled(), { engineRunning: false })), 'ENGINE_STOPPED'],
    ['an operation', () => code(look(20), contextOf(enabled(), { busy: true })), 'BUSY'],
    ['a fork', () => code(look(20), contextOf(enabled(), { dropped: true })), 'BUSY'],
    ['no limits set', () => code(look(20), contextOf(enabled()), policyOf({ maxHedgeSol: null })), 'CARRY_UNKNOWN'],
    [
      'no trades set',
      () => code(look(20), contextOf(enabled()), policyOf({ maxTradesPerDay: null })),
      'CARRY_DAY_LIMIT',
    ],
  ])('does not: %s', (_, found, expected) => {
    expect(found()).toBe(expected);
  });

  it('enters again in the next period, and on the next day of the market', () => {
    expect(act(look(20), contextOf(traded(enabled(), PERIOD_MS - HOUR_MS, 1))).kind).toBe('enter');
    expect(act(look(20), contextOf(traded(enabled(), PERIOD_MS - 24 * HOUR_MS, 2))).kind).toBe('enter');
  });

  it('goes by the rule where the profit gate would not pass', () => {
    // The last period paid nothing: the gate takes the lower of it and the mean.
    const snapshot = look(20, { lastRate: 0n });
    const { action, gates } = decide(snapshot, contextOf(enabled()), POLICY, NOW_MS);
    expect(action.kind).toBe('enter');
    expect(gates?.gates.find((gate) => gate.code === 'UNPROFITABLE')).toMatchObject({ pass: false, blocks: false });
  });
});

function traded(engine: EngineCarried, periodMs: number, entries: number): EngineCarried {
  let next = engine;
  for (let each = 0; each < entries; each += 1)
    next = noteCarryTrade(next, { periodMs, marketTimeMs: periodMs, enters: true });
  return next;
}

describe('leaving', () => {
  const short: Scenario = { perp: -8 };
  const holding = (): EngineCarried => ({ ...enabled(), hedgeTargetPpm: 800_000, expectedPerp: (-sol(8)).toString() });

  it('buys the whole short back when the mean is below zero, whatever the day, the cooldown or the hedge deviation', () => {
    const context = contextOf(traded(holding(), PERIOD_MS - HOUR_MS, 2), { cooldownUntilMs: NOW_MS + HOUR_MS });
    for (const perp of [-8, -7, -12]) {
      expect(act(look(-1, { perp }), context)).toEqual({ kind: 'leave', delta: sol(-perp), periodMs: PERIOD_MS });
    }
  });

  it.each<[string, () => string, string]>([
    ['the mean is not below zero', () => code(look(0.5, short), contextOf(holding())), 'WITHIN_TOLERANCE'],
    [
      'too little is known',
      () => code(look(-5, short, { window: windowOf(-5, 302) }), contextOf(holding())),
      'WITHIN_TOLERANCE',
    ],
    ['no consent', () => code(look(-5, short), contextOf(endAutoCarry(holding(), 'close'))), 'WITHIN_TOLERANCE'],
    [
      'the exit is off',
      () => code(look(-5, short), contextOf(holding()), policyOf({ carryAutoExit: false })),
      'WITHIN_TOLERANCE',
    ],
    ['a backoff', () => code(look(-5, short), contextOf(holding(), { holds: [heldBy('backoff')] })), 'BACKOFF'],
    ['traded in this period', () => code(look(-5, short), contextOf(traded(holding(), PERIOD_MS, 1))), 'CARRY_WAITS'],
    ['no fee money', () => code(look(-5, { ...short, walletSol: 0 }), contextOf(holding())), 'GATE_BLOCKED'],
  ])('does not: %s', (_, found, expected) => {
    expect(found()).toBe(expected);
  });

  it('a correction never takes the short beyond MAX_HEDGE_SOL', () => {
    // 20 SOL are deposited by now: the target asks for 16.
    const grown = look(20, { sol: 20, perp: -8 });
    expect(code(grown, contextOf(holding()))).toBe('CARRY_SIZE_LIMIT');
    expect(act(grown, contextOf(endAutoCarry(holding(), 'close'))).kind).toBe('correct');
  });
});

describe('the alert of an exit that is due', () => {
  const told = (
    engine: EngineCarried,
    policy = POLICY,
    standing: string[] = [],
    aprPct = -5,
    extra: Partial<DecisionContext> = {},
  ) =>
    decide(
      look(aprPct, { perp: -8 }),
      contextOf({ ...engine, hedgeTargetPpm: 800_000 }, extra),
      policy,
      NOW_MS,
      standing,
    ).alerts;
  const draft = (changes: ReturnType<typeof told>) => changes.raise.find((each) => each.code === 'CARRY_EXIT_DUE');

  it('is a warning with figures without a consent, critical and daily under one that may not leave, and none where it leaves', () => {
    expect(draft(told(initialEngine('e'), policyOf({ carryPolicy: 'manual' })))).toMatchObject({
      details: {
        unattended: false,
        apr_mean: expect.closeTo(-5, 3),
        sentence: expect.stringContaining('Leave the hedge'),
      },
    });
    expect(draft(told(enabled(), policyOf({ carryAutoExit: false })))).toMatchObject({ details: { unattended: true } });
    expect(draft(told(enabled()))).toBeUndefined();
    const standing = ['CARRY_EXIT_DUE'];
    const off = policyOf({ carryAutoExit: false });
    expect(draft(told(enabled(), off, standing, -5, { exitWarnedAtMs: NOW_MS - 23 * HOUR_MS }))).toBeUndefined();
    expect(draft(told(enabled(), off, standing, -5, { exitWarnedAtMs: NOW_MS - 24 * HOUR_MS }))).toBeDefined();
    expect(told(initialEngine('e'), POLICY, standing, 5).recover).toContain('CARRY_EXIT_DUE');
  });
});

describe('a consent', () => {
  it('ends by everything that the chapter names, and by nothing else', () => {
    const ending: Partial<Record<Hold['code'], keyof typeof CARRY_ENDINGS>> = {
      stopped: 'stopped',
      flattened: 'flatten',
      left_open: 'close',
      guarded: 'guard',
      liquidation: 'liquidation',
      foreign_trade: 'foreign_trade',
      desync: 'desync',
      verdict_unaccepted: 'desync',
      stores_diverged: 'stores',
      settings_refused: 'settings',
    };
    for (const each of HOLD_CODES) {
      const after = endCarryIfOver(restrict(enabled(), heldBy(each)));
      expect([each, after.carryEnded, after.carry === null]).toEqual([each, ending[each] ?? null, each in ending]);
    }
    expect(endCarryIfOver(stopEngine(enabled(), NOW_MS)).carryEnded).toBe('stopped');
    expect(flattenWithoutPosition(enabled(), NOW_MS)).toMatchObject({ carry: null, carryEnded: 'flatten' });
    expect(endHedge(enabled())).toMatchObject({ carry: null, carryEnded: 'foreign_trade' });
    expect(rememberLiquidation(enabled(), NOW_MS)).toMatchObject({ carry: null, carryEnded: 'liquidation' });
    expect(checkConsent(enabled(), HASH)).toMatchObject({ carryEnded: null });
    expect(checkConsent(enabled(), 'other')).toMatchObject({ carry: null, carryEnded: 'settings' });
  });

  it('names every limit, and nothing but limits', () => {
    const others: Partial<PolicyJson>[] = [
      { maxHedgeSol: sol(9).toString() },
      { maxTradesPerDay: 3 },
      { maxAutoTradeUsd: '6000000000' },
      { carryZ: 2 },
      { carryAutoExit: false },
      { carryWindowHours: 168 },
      { carryHedgeFraction: 0.5 },
      { alternativeYieldAprPct: 1 },
      { holdingHorizonHours: 100 },
      { mode: 'live' },
      { programHash: 'abc' },
      { guard: false },
      { maxLeverage: 3 },
    ];
    const hashes = others.map((changes) => policyHash(ENGINE_ID, policyOf(changes)));
    expect(new Set([HASH, policyHash('engine:paper:synthetic:2:0', POLICY), ...hashes]).size).toBe(others.length + 2);
    expect(policyHash(ENGINE_ID, policyOf({ pollIntervalMs: 1, loopIntervalMs: 1, marketSpeed: 'max' }))).toBe(HASH);
  });

  it('is carried on, and an older state has none', () => {
    expect(carriedEngine(JSON.parse(JSON.stringify(enabled())), 'e').carry).toEqual(enabled().carry);
    const { carry: _, carryTraded: __, carryEnded: ___, ...older } = initialEngine('e');
    expect(carriedEngine(older, 'e')).toEqual(initialEngine('e'));
    expect(decisionContext(carriedEngine(older, 'e'))).not.toHaveProperty('carry');
  });

  it('another one neither trades twice in a period nor begins the day again', () => {
    const again = enableAutoCarry(endAutoCarry(traded(enabled(), PERIOD_MS, 2), 'close'), consent);
    expect(code(look(20), contextOf(again))).toBe('CARRY_WAITS');
    expect(code(look(20, {}, { lastPeriodTsMs: PERIOD_MS + HOUR_MS }), contextOf(again))).toBe('CARRY_DAY_LIMIT');
  });

  it('is refused as the chapter says', () => {
    const request = { market: 'SOL-PERP', policyHash: HASH };
    const refusal = (policy = POLICY, changes = {}, ours: Parameters<typeof refusalOfConsent>[3] = null) =>
      refusalOfConsent({ ...request, ...changes }, policy, HASH, ours)?.code ?? null;
    expect(refusal()).toBeNull();
    expect(refusal(policyOf({ carryPolicy: 'manual' }))).toBe('PERMISSION_DENIED');
    expect(refusal(policyOf({ permissions: 'capital' }))).toBe('PERMISSION_DENIED');
    expect(refusal(POLICY, { market: 'BTC-PERP' })).toBe('UNKNOWN_MARKET');
    expect(refusal(POLICY, { policyHash: 'abcdef01' })).toBe('INVALID_FIELD');
    expect(refusal(POLICY, {}, { code: 'ENGINE_STOPPED', message: 'x' })).toBe('ENGINE_STOPPED');
  });

  const backtest: CarryBacktest = {
    ...{ kind: 'known', fromMs: 0, toMs: NOW_MS, hours: 2_000, trades: 2, timeInMarketPct: 80, ownSizeAprPct: null },
    ...{ netAprPct: 5, lowAprPct: 1, highAprPct: 9 },
  };

  it('needs a backtest that beats doing nothing at its lower end', () => {
    expect(refusalOfBacktest(backtest)).toBeNull();
    for (const worse of [
      { ...backtest, lowAprPct: 0 },
      { ...backtest, lowAprPct: -0.1 },
      { ...backtest, trades: 0 },
      { kind: 'unknown', why: 'no data' } as const,
    ]) {
      expect(refusalOfBacktest(worse)).toMatchObject({
        code: 'GATE_BLOCKED',
        details: { gates: [{ code: 'CARRY_UNPROVEN' }] },
      });
    }
  });

  it('is asked for with the policy, its limits, the verdict and the backtest', () => {
    const question = autoCarryQuestion({
      ...{ request: { market: 'SOL-PERP', policyHash: HASH }, snapshot: look(20), policy: POLICY, backtest },
    });
    expect(question.shown.reasons).toEqual(['AUTO_CARRY']);
    expect(question.message).toContain('at most 8.0000 SOL');
    expect(question.message).toContain('earned 5.0 % a year beyond doing nothing over 83 days [1.0 % to 9.0 %, 90 %]');
    expect(question.preview).toMatchObject({
      kind: 'auto_carry',
      auto_carry: {
        policy_hash: HASH,
        limits: { max_trades_per_day: 2 },
        verdict: { pays: true },
        backtest: { known: true },
      },
    });
  });
});

describe('what its operations leave behind', () => {
  const tracked = (kind: 'enter' | 'leave', perpBefore: string): TrackedOperation => ({
    ...{ operationId: 'op', kind, commandId: null, market: 'SOL-PERP', reducing: kind === 'leave', reported: -1 },
    ...{ phase: 'running', stage: 'accepted', windowClosed: false, wantsSlot: false, counted: '0' },
    ...{ spot: sol(10).toString(), perpBefore, marketTimeMs: NOW_MS, acceptedAtMs: NOW_MS },
  });
  const ended = (kind: 'enter' | 'leave', perpChange: string, success: boolean): OperationReport => ({
    ...{ operationId: 'op', kind, sequence: 0, stage: 'ended', phase: 'ended', reducing: kind === 'leave', perpChange },
    ...{ windowClosed: true, contradicted: false },
    answer: { success, message: '', data: { status: success ? 'done' : 'failed' } },
    error: success ? null : { code: 'ORDER_NOT_FILLED', message: 'not filled' },
  });
  const context = { nowMs: NOW_MS, marketNowMs: NOW_MS, cooldownMs: 1_000, cooldownWallMs: 1_000 };

  it.each([
    ['enter', '0', -8, true, 800_000, 0],
    ['enter', '0', -4, true, 400_000, 0],
    ['enter', '0', 0, false, 0, 1],
    ['leave', sol(-8).toString(), 8, true, 0, 0],
    ['leave', sol(-8).toString(), 6, true, 200_000, 0],
    ['leave', sol(-8).toString(), 0, false, 800_000, 1],
  ] as const)(
    '%s from %s by %d SOL (%p): target %d, failures %d',
    (kind, before, change, success, target, failures) => {
      const start = { ...enabled(), expectedPerp: before, hedgeTargetPpm: kind === 'leave' ? 800_000 : 0 };
      const running = startOperation(start, tracked(kind, before));
      const after = takeReport(running, ended(kind, sol(change).toString(), success), context);
      expect(after).toMatchObject({ hedgeTargetPpm: target, failures, slot: null });
      expect(after.expectedPerp).toBe((BigInt(before) + sol(change)).toString());
      expect(after.cooldownUntilMs).toBe(change === 0 ? null : NOW_MS + 1_000);
      expect(after.holds.map((hold) => hold.code)).toEqual(failures === 0 ? [] : ['backoff']);
      expect(endCarryIfOver(after).carry).not.toBeNull();
    },
  );
});

describe('whatever happens', () => {
  const step = fc.constantFrom('look', 'next', 'stop', 'settings', 'foreign', 'consent');

  it('never trades twice in a period, beyond the day or without a consent that stands', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: -20, max: 30 }), (steps, aprPct) => {
        let engine = enabled();
        let period = PERIOD_MS;
        let perp = 0;
        const seen: string[] = [];
        for (const each of steps) {
          if (each === 'next') period += HOUR_MS;
          if (each === 'stop') engine = endCarryIfOver(stopEngine(engine, NOW_MS));
          if (each === 'foreign') engine = endCarryIfOver(restrict(engine, heldBy('foreign_trade')));
          if (each === 'settings') engine = checkConsent(engine, 'other');
          if (each === 'consent' && engine.holds.length === 0) engine = enableAutoCarry(engine, consent);
          if (each !== 'look') continue;
          const snapshot = {
            ...look(perp === 0 ? aprPct : -aprPct, { perp }, { lastPeriodTsMs: period }),
            marketTimeMs: period,
          };
          const action = act(snapshot, contextOf({ ...engine, hedgeTargetPpm: perp === 0 ? 0 : 800_000 }));
          if (action.kind !== 'enter' && action.kind !== 'leave') continue;
          expect(engine.carry?.policyHash).toBe(HASH);
          expect(engine.state).toBe('running');
          expect(seen.filter((one) => one.endsWith(`@${period}`))).toEqual([]);
          seen.push(`${action.kind}@${period}`);
          engine = noteCarryTrade(engine, { periodMs: period, marketTimeMs: period, enters: action.kind === 'enter' });
          perp = action.kind === 'enter' ? -8 : 0;
        }
        const perDay = new Map<number, number>();
        for (const one of seen.filter((text) => text.startsWith('enter'))) {
          const day = Math.floor(Number(one.split('@')[1]) / (24 * HOUR_MS));
          perDay.set(day, (perDay.get(day) ?? 0) + 1);
        }
        for (const count of perDay.values()) expect(count).toBeLessThanOrEqual(2);
      }),
      { numRuns: 200 },
    );
  });
});
