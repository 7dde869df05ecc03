import { describe, expect, it } from '@jest/globals';
import {
  adopt,
  BACKOFF_MS,
  carriedEngine,
  decisionContext,
  type EngineCarried,
  flattened,
  GUARD_RETRY_MS,
  initialEngine,
  passMarketTime,
  REMEMBERED_COMMANDS,
  rememberCommand,
  resume,
  settleUnderWay,
  slotWantedBy,
  startEngine,
  startOperation,
  stopEngine,
  type TrackedOperation,
  takeLateFill,
  takePosition,
  takeReport,
} from '../../../src/domain/engine/engine-state.ts';
import { tradingStateOf, withHold } from '../../../src/domain/engine/hold.ts';
import type { OperationReport } from '../../../src/domain/operation/operation-report.ts';
import { done, refused } from '../../../src/domain/order/command.ts';
import type { OperationKind } from '../../../src/domain/order/operations.ts';

const SOL = 1_000_000_000n;
const NOW = { nowMs: 1_000, marketNowMs: 5_000, cooldownMs: 1_800_000, cooldownWallMs: 1_800_000 };

const tracked = (kind: OperationKind, spotSol = 10n): TrackedOperation => ({
  operationId: 'op',
  kind,
  commandId: 'cmd',
  reducing: false,
  reported: -1,
  phase: 'running',
  stage: 'accepted',
  windowClosed: false,
  wantsSlot: false,
  counted: '0',
  spot: (spotSol * SOL).toString(),
  perpBefore: '0',
  marketTimeMs: 0,
  acceptedAtMs: 0,
});

const report = (change: Partial<OperationReport>): OperationReport => ({
  operationId: 'op',
  kind: 'open',
  sequence: 0,
  stage: 'confirmed',
  phase: 'released',
  reducing: false,
  answer: done('ok'),
  perpChange: '0',
  windowClosed: false,
  contradicted: false,
  error: null,
  ...change,
});

const engineWith = (kind: OperationKind, vaultSol = 0n): EngineCarried =>
  startOperation({ ...initialEngine('e'), expectedPerp: (vaultSol * SOL).toString() }, tracked(kind));

describe('a state that an older version carried', () => {
  it('keeps its position under the new name, and the old one is gone', () => {
    const { expectedPerp: _, ...older } = { ...initialEngine('e'), vaultPerp: '-5', decisions: 3 };
    expect(carriedEngine(older, 'other')).toEqual({ ...initialEngine('e'), expectedPerp: '-5', decisions: 3 });
    expect(carriedEngine({ ...initialEngine('e'), expectedPerp: '7' }, 'other').expectedPerp).toBe('7');
  });
});

describe('an operation that reports', () => {
  it('frees the slot at released, keeps the answer, and moves the vault once however often it reports', () => {
    const engine = rememberCommand(engineWith('open'), {
      commandId: 'cmd',
      requestHash: 'h',
      operationId: 'op',
      answer: null,
    });
    const released = takeReport(engine, report({ perpChange: (-5n * SOL).toString() }), NOW);
    expect(released.slot).toBeNull();
    expect(released.expectedPerp).toBe((-5n * SOL).toString());
    expect(released.hedgeTargetPpm).toBe(500_000);
    expect(released.commands[0]?.answer?.success).toBe(true);
    expect(takeReport(released, report({ perpChange: (-5n * SOL).toString() }), NOW)).toBe(released);
    const ended = takeReport(
      released,
      report({ phase: 'ended', sequence: 1, perpChange: (-5n * SOL).toString() }),
      NOW,
    );
    expect(ended.operations).toHaveLength(0);
    expect(ended.expectedPerp).toBe((-5n * SOL).toString());
  });

  it('remembers by how much a confirmed OPEN lay beyond spot, until something else is chosen', () => {
    const opened = (perp: bigint) =>
      takeReport(engineWith('open'), report({ perpChange: (perp * SOL).toString(), phase: 'ended' }), NOW);
    expect(opened(-10n)).toMatchObject({ hedgeTargetPpm: 1_000_000, confirmedExcess: null });
    const naked = opened(-12n);
    expect(naked).toMatchObject({ hedgeTargetPpm: 1_000_000, confirmedExcess: (2n * SOL).toString() });
    expect(decisionContext(naked).confirmedExcess).toBe((2n * SOL).toString());
    expect(opened(3n).confirmedExcess).toBeNull();
    const left = (kind: OperationKind) =>
      takeReport(
        { ...engineWith(kind), confirmedExcess: naked.confirmedExcess },
        report({ perpChange: SOL.toString(), phase: 'ended' }),
        NOW,
      ).confirmedExcess;
    for (const kind of ['open', 'close', 'flatten', 'rebalance', 'correct'] as const) expect(left(kind)).toBeNull();
    for (const kind of ['guard', 'deposit', 'withdraw', 'settle'] as const)
      expect(left(kind)).toBe(naked.confirmedExcess);
    expect(adopt(naked, (-12n * SOL).toString(), (10n * SOL).toString(), 9).confirmedExcess).toBeNull();
  });

  it('confirms no more beyond spot than was shown, and nothing where nothing was', () => {
    const opened = (confirmedNetDelta: string | null, perp: bigint) =>
      takeReport(
        startOperation(initialEngine('e'), { ...tracked('open'), confirmedNetDelta }),
        report({ perpChange: (perp * SOL).toString(), phase: 'ended' }),
        NOW,
      );
    const shown = (-2n * SOL).toString();
    expect(opened(shown, -12n).confirmedExcess).toBe((2n * SOL).toString());
    expect(opened(shown, -11n).confirmedExcess).toBe(SOL.toString());
    expect(opened(shown, -15n).confirmedExcess).toBe((2n * SOL).toString());
    expect(opened(null, -12n).confirmedExcess).toBeNull();
    expect(opened((3n * SOL).toString(), -12n).confirmedExcess).toBeNull();
    const part = { ...opened(shown, -11n), expectedPerp: (-11n * SOL).toString() };
    const late = takeLateFill(part, (-15n * SOL).toString(), (10n * SOL).toString());
    expect(late.confirmedExcess).toBe((2n * SOL).toString());
  });

  it('counts what fills late of a confirmed OPEN beyond spot as confirmed, and what was never confirmed as naked', () => {
    const at = (perp: bigint, confirmed: bigint | null) => ({
      ...engineWith('open'),
      expectedPerp: (perp * SOL).toString(),
      hedgeTargetPpm: 1_000_000,
      confirmedExcess: confirmed === null ? null : (confirmed * SOL).toString(),
    });
    const late = (engine: EngineCarried, perp: bigint) =>
      takeLateFill(engine, (perp * SOL).toString(), (10n * SOL).toString()).confirmedExcess;
    expect(late(at(-11n, 1n), -12n)).toBe((2n * SOL).toString());
    expect(late(at(-9n, null), -10n)).toBeNull();
    expect(late(at(-10n, null), -12n)).toBeNull();
    expect(late(at(-12n, 2n), -11n)).toBe(SOL.toString());
    expect(late(at(-12n, 2n), -9n)).toBeNull();
  });

  it('is ignored when it is not ours or not newer', () => {
    const engine = engineWith('open');
    expect(takeReport(engine, report({ operationId: 'other' }), NOW)).toBe(engine);
    expect(takeReport(engine, report({ sequence: -1 }), NOW)).toBe(engine);
  });

  it('leaves the slot and becomes a hold when its outcome is unknown, and the vault no longer claims to know', () => {
    const unknown = takeReport(
      engineWith('open'),
      report({ phase: 'unresolved', answer: refused({ code: 'X', message: 'x' }, 'unknown') }),
      NOW,
    );
    expect(unknown.slot).toBeNull();
    expect(unknown.expectedPerp).toBeNull();
    expect(unknown.holds.map((hold) => [hold.code, hold.key])).toEqual([['unresolved', 'op']]);
    const ended = takeReport(unknown, report({ phase: 'ended', sequence: 1, perpChange: '-1' }), NOW);
    expect(ended.holds).toEqual([]);
    expect(ended.operations).toEqual([]);
  });

  it('halts when evidence contradicts a verdict', () => {
    const ended = takeReport(engineWith('open'), report({ phase: 'ended', contradicted: true }), NOW);
    expect(ended.holds.map((hold) => hold.code)).toEqual(['desync']);
    expect(tradingStateOf(ended.holds)).toBe('halted');
  });

  it('stops the engine once its operation is over, when a stop was asked for meanwhile', () => {
    const stopping = stopEngine(engineWith('open'), 1);
    expect(stopping.state).toBe('stopping');
    expect(takeReport(stopping, report({}), NOW).state).toBe('stopped');
  });
});

describe('what a trade does to the target, the cooldown and the backoff', () => {
  const sold = { perpChange: (-1n * SOL).toString() };

  it('starts the cooldown at a successful rebalance, in market time with its wall timer', () => {
    const corrected = takeReport(engineWith('correct', -9n), report(sold), NOW);
    expect(corrected.cooldownUntilMs).toBe(1_805_000);
    expect(corrected.cooldownEndsAtMs).toBe(1_801_000);
    const atMax = takeReport(engineWith('correct', -9n), report(sold), { ...NOW, cooldownWallMs: null });
    expect(atMax.cooldownEndsAtMs).toBeNull();
    expect(passMarketTime(corrected, 1_804_999).cooldownUntilMs).not.toBeNull();
    expect(passMarketTime(corrected, 1_805_000).cooldownUntilMs).toBeNull();
  });

  it('raises the target to 1 at a commanded rebalance and to nothing else at an automatic one', () => {
    expect(takeReport(engineWith('rebalance', -4n), report(sold), NOW).hedgeTargetPpm).toBe(1_000_000);
    expect(takeReport(engineWith('correct', -4n), report(sold), NOW).hedgeTargetPpm).toBe(0);
  });

  it('sets no cooldown at a failed correction but a backoff of 1, 5, 15 min, then asks for a person', () => {
    let engine = engineWith('correct');
    const failed = refused({ code: 'TRANSACTION_FAILED', message: 'x' }, 'failed');
    for (const [index, waitMs] of BACKOFF_MS.entries()) {
      engine = takeReport(
        { ...engine, operations: [tracked('correct')], slot: 'op' },
        report({ answer: failed, phase: 'ended' }),
        NOW,
      );
      expect(engine.cooldownUntilMs).toBeNull();
      expect(engine.failures).toBe(index + 1);
      const persistent = index === BACKOFF_MS.length - 1;
      expect(engine.backoffUntilMs).toBe(NOW.marketNowMs + waitMs);
      expect(engine.holds[0]?.clearedBy).toBe(persistent ? 'person' : 'itself');
      expect(passMarketTime(engine, NOW.marketNowMs + waitMs).holds).toHaveLength(persistent ? 1 : 0);
    }
    expect(resume(engine, '0', '0').holds).toEqual([]);
  });

  it('sets the target to 0 at a close that succeeded, and halts at a flatten', () => {
    const closed = takeReport(
      { ...engineWith('close', -5n), hedgeTargetPpm: 500_000 },
      report({ perpChange: (5n * SOL).toString() }),
      NOW,
    );
    expect([closed.hedgeTargetPpm, closed.expectedPerp]).toEqual([0, '0']);
    const flat = takeReport({ ...engineWith('flatten', -5n), hedgeTargetPpm: 500_000 }, report({}), NOW);
    expect(tradingStateOf(flat.holds)).toBe('halted');
    expect(flattened(initialEngine('e'), 1).holds[0]?.clearedBy).toBe('person');
  });

  it('restricts to reductions after the guard acted', () => {
    const guarded = takeReport(engineWith('guard', -9n), report({ perpChange: SOL.toString() }), NOW);
    expect(guarded.holds.map((hold) => hold.code)).toEqual(['guarded']);
    expect(tradingStateOf(guarded.holds)).toBe('reducing');
  });
});

describe('what the guard must know', () => {
  it('waits a minute of market time after a reduction of its own that failed, and no longer', () => {
    const answer = refused({ code: 'ORDER_NOT_FILLED', message: 'no fill' }, 'failed');
    const failed = takeReport(engineWith('guard', -9n), report({ answer, error: answer.error ?? null }), NOW);
    expect(decisionContext(failed).guardRetryAtMs).toBe(NOW.marketNowMs + GUARD_RETRY_MS);
    expect(decisionContext(passMarketTime(failed, NOW.marketNowMs + GUARD_RETRY_MS)).guardRetryAtMs).toBeNull();
    expect(decisionContext(resume(failed, '0', '0')).guardRetryAtMs).toBeNull();
    const acted = takeReport({ ...engineWith('guard', -9n), guardRetryAtMs: 7 }, report({}), NOW);
    expect(decisionContext(acted).guardRetryAtMs).toBeNull();
  });

  it('has not failed when there was nothing left to reduce', () => {
    const answer = refused({ code: 'NO_POSITION', message: 'flat' });
    const gone = takeReport(engineWith('guard'), report({ answer, error: answer.error ?? null }), NOW);
    expect([gone.holds, gone.failures, gone.guardRetryAtMs]).toEqual([[], 0, null]);
  });

  it('waits while an unresolved transaction may still land, as exits do, and for a dropped one it does not', () => {
    const unresolved = takeReport(engineWith('open'), report({ phase: 'unresolved', answer: null }), NOW);
    expect(decisionContext(unresolved)).toMatchObject({ busy: false, dropped: false, mayStillLand: true });
    const closed = takeReport(unresolved, report({ phase: 'unresolved', sequence: 1, windowClosed: true }), NOW);
    expect(decisionContext(closed)).toMatchObject({ busy: false, mayStillLand: false });
    const dropped = takeReport(engineWith('open'), report({ phase: 'dropped' }), NOW);
    expect(decisionContext(dropped)).toMatchObject({ busy: false, dropped: true, mayStillLand: false });
  });
});

describe('a retry that asks for the slot', () => {
  it('gets it once the slot is free, and is no longer unresolved when it runs', () => {
    const waiting = takeReport(
      engineWith('open'),
      report({ phase: 'unresolved', wantsSlot: true, answer: null, stage: 'retry' }),
      NOW,
    );
    expect(slotWantedBy(waiting)?.operationId).toBe('op');
    expect(slotWantedBy({ ...waiting, slot: 'other' })).toBeNull();
    const running = takeReport(waiting, report({ phase: 'running', sequence: 1, answer: null, stage: 'sign' }), NOW);
    expect([running.holds, slotWantedBy(running)]).toEqual([[], null]);
  });
});

describe('commands of control', () => {
  it('RESUME clears what a person clears, keeps what clears itself, and takes a foreign reduction as the new target', () => {
    const engine = {
      ...initialEngine('e'),
      holds: withHold(
        withHold([], { code: 'connection', sinceMs: 0, permits: 'nothing', clearedBy: 'itself', reason: 'r' }),
        { code: 'foreign_trade', sinceMs: 0, permits: 'reducing', clearedBy: 'person', reason: 'r' },
      ),
    };
    const resumed = resume(engine, (-2n * SOL).toString(), (8n * SOL).toString());
    expect(resumed.holds.map((hold) => hold.code)).toEqual(['connection']);
    expect(resumed.hedgeTargetPpm).toBe(250_000);
  });

  it('RESUME takes no short beyond spot over from somebody else, and trades nothing of what it takes over for one cooldown', () => {
    const held = (code: 'foreign_trade' | 'desync') => ({
      ...initialEngine('e'),
      expectedPerp: '0',
      holds: withHold([], { code, sinceMs: 0, permits: 'reducing', clearedBy: 'person', reason: 'r' }),
    });
    const naked = [(-12n * SOL).toString(), (10n * SOL).toString(), { keepsForeign: true, quietUntilMs: 900 }] as const;
    const kept = resume(held('foreign_trade'), ...naked);
    expect(kept.holds.map(({ code }) => code)).toEqual(['foreign_trade']);
    expect([kept.hedgeTargetPpm, kept.quietUntilMs]).toEqual([0, null]);
    const taken = resume(held('desync'), ...naked);
    expect(taken.holds).toEqual([]);
    expect([taken.hedgeTargetPpm, taken.quietUntilMs]).toEqual([1_000_000, 900]);
    // Nothing was held: RESUME keeps no correction of ours waiting.
    expect(resume(initialEngine('e'), ...naked).quietUntilMs).toBeNull();
  });

  it('ADOPT takes over what stands, STOP and START come and go', () => {
    const adopted = adopt(initialEngine('e'), (-4n * SOL).toString(), (8n * SOL).toString(), 900);
    expect(decisionContext(adopted).quietUntilMs).toBe(900);
    expect(passMarketTime(adopted, 899).quietUntilMs).toBe(900);
    expect(passMarketTime(adopted, 900).quietUntilMs).toBeNull();
    expect([adopted.expectedPerp, adopted.hedgeTargetPpm]).toEqual([(-4n * SOL).toString(), 500_000]);
    const stopped = stopEngine(adopted, 7);
    expect([stopped.state, tradingStateOf(stopped.holds)]).toEqual(['stopped', 'reducing']);
    expect(startEngine(stopped).holds).toEqual([]);
  });

  it('knows a settle of the same market until it is final, so that a second one sends nothing', () => {
    const settling = startOperation(initialEngine('e'), { ...tracked('settle'), market: 'SOL-PERP' });
    const landed = takeReport(settling, report({ kind: 'settle' }), NOW);
    for (const engine of [settling, landed]) {
      expect(settleUnderWay(engine, 'SOL-PERP')?.operationId).toBe('op');
      expect(settleUnderWay(engine, 'BTC-PERP')).toBeNull();
    }
    expect(landed.slot).toBeNull();
    expect(settleUnderWay(takeReport(landed, report({ sequence: 1, phase: 'ended' }), NOW), 'SOL-PERP')).toBeNull();
    expect(settleUnderWay(startOperation(initialEngine('e'), tracked('close')), 'SOL-PERP')).toBeNull();
  });

  it('remembers the last commands and no more', () => {
    let engine = initialEngine('e');
    for (let index = 0; index < REMEMBERED_COMMANDS + 5; index += 1) {
      engine = rememberCommand(engine, { commandId: `${index}`, requestHash: 'h', operationId: null, answer: null });
    }
    expect(engine.commands).toHaveLength(REMEMBERED_COMMANDS);
    expect(engine.commands[0]?.commandId).toBe('5');
    expect(decisionContext(engine).busy).toBe(false);
  });
});

describe('an operation whose fate was unknown', () => {
  const unresolved = (kind: OperationKind = 'open') =>
    takeReport(engineWith(kind), report({ phase: 'unresolved', answer: null }), NOW);

  it('ends its hold as soon as it is released, not only when it is final', () => {
    const released = takeReport(unresolved(), report({ sequence: 1, perpChange: '0' }), NOW);
    expect(released.holds).toEqual([]);
  });

  it('leaves the target of an OPEN to what stands at the first quiet look', () => {
    const released = takeReport(unresolved(), report({ sequence: 1 }), NOW);
    expect(released.expectedPerp).toBeNull();
    const spot = (10n * SOL).toString();
    expect(takePosition(released, (-4n * SOL).toString(), spot)).toMatchObject({
      hedgeTargetPpm: 400_000,
      retarget: null,
    });
    expect(takePosition(released, '0', spot).hedgeTargetPpm).toBe(released.hedgeTargetPpm);
  });

  it('is not counted on top of a position that was read with it in', () => {
    const released = takePosition(takeReport(unresolved(), report({ sequence: 1 }), NOW), (-4n * SOL).toString(), '1');
    const change = (-4n * SOL).toString();
    expect(
      takeReport(released, report({ sequence: 2, phase: 'ended', perpChange: change }), NOW).expectedPerp,
    ).toBeNull();
  });

  it('takes the slot when it turns out to work on', () => {
    expect(takeReport(unresolved(), report({ sequence: 1, phase: 'running', answer: null }), NOW).slot).toBe('op');
  });

  it('gives its retry no slot while the engine is stopped', () => {
    const waiting = takeReport(
      unresolved(),
      report({ sequence: 1, phase: 'unresolved', answer: null, wantsSlot: true }),
      NOW,
    );
    expect(slotWantedBy(waiting)?.operationId).toBe('op');
    expect(slotWantedBy(stopEngine(waiting, 0))).toBeNull();
  });

  it('leaves RESUME and ADOPT to the first quiet look', () => {
    for (const taken of [resume(unresolved(), '-1', '1'), adopt(unresolved(), '-1', '1', 9)]) {
      expect(taken.expectedPerp).toBeNull();
    }
    expect(adopt(unresolved(), '-1', '1', 9).retarget).toEqual({ unless: null });
  });
});

describe('an operation whose order is over while nobody tells what it filled', () => {
  const TEN_SHORT = (-10n * SOL).toString();

  it('of an OPEN frees the slot, keeps exits possible, and changes no target before it is told', () => {
    const open = takeReport(
      engineWith('open'),
      report({ phase: 'unresolved', answer: null, windowClosed: true, fillUnknown: true }),
      NOW,
    );
    expect(open).toMatchObject({ slot: null, expectedPerp: null, hedgeTargetPpm: 0 });
    expect(open.holds[0]?.reason).toMatch(/how much of it filled/);
    expect(decisionContext(open).holds).toHaveLength(1);
    const told = takeReport(open, report({ phase: 'ended', sequence: 1, perpChange: TEN_SHORT }), NOW);
    expect(told).toMatchObject({ holds: [], expectedPerp: null, retarget: { unless: '0' } });
    expect(takePosition(told, TEN_SHORT, (10n * SOL).toString())).toMatchObject({
      expectedPerp: TEN_SHORT,
      hedgeTargetPpm: 1_000_000,
    });
  });

  it('of a CLOSE leaves the position to the account, once, and what is told later is not counted on top', () => {
    const closing = engineWith('close', -10n);
    const released = takeReport(closing, report({ fillUnknown: true }), NOW);
    expect(released).toMatchObject({ expectedPerp: null, hedgeTargetPpm: 0, slot: null });
    const taken = takePosition(released, '0', '0');
    expect(takeReport(taken, report({ sequence: 1, fillUnknown: true }), NOW).expectedPerp).toBe('0');
    const told = takeReport(taken, report({ phase: 'ended', sequence: 1, perpChange: (10n * SOL).toString() }), NOW);
    expect(told.expectedPerp).toBeNull();
    expect(takePosition(told, '0', '0').hedgeTargetPpm).toBe(0);
  });
});

describe('what an older version carried', () => {
  it('is completed with what was added since', () => {
    const { pending: _pending, retarget: _retarget, ...older } = initialEngine('e');
    expect(carriedEngine(older, 'other')).toEqual(initialEngine('e'));
  });
});
