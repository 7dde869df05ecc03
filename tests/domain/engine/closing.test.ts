import { describe, expect, it } from '@jest/globals';
import { alertText } from '../../../src/domain/alerts/alert.ts';
import { awaitExit, exitInVain, forgetExit, lookAtClosing } from '../../../src/domain/engine/closing.ts';
import {
  adopt,
  type EngineCarried,
  initialEngine,
  mayStillOpen,
  resume,
  startOperation,
  type TrackedOperation,
  takeReport,
} from '../../../src/domain/engine/engine-state.ts';
import { tradingStateOf } from '../../../src/domain/engine/hold.ts';
import { alertsOfHolds } from '../../../src/domain/engine/hold-alerts.ts';
import { runningAtStop, runningText } from '../../../src/domain/engine/stop.ts';
import type { OperationReport } from '../../../src/domain/operation/operation-report.ts';
import { done, refused } from '../../../src/domain/order/command.ts';
import type { OperationKind } from '../../../src/domain/order/operations.ts';

const SHORT = '-5000000000';
const NOW_MS = 1_000;
const AT = { nowMs: NOW_MS, marketNowMs: NOW_MS, cooldownMs: 0, cooldownWallMs: null };
const FAILED = refused({ code: 'VENUE_PAUSED', message: 'The venue has paused this operation.' }, 'failed');
const REFUSED = refused({ code: 'PERMISSION_DENIED', message: 'Trading is disabled.' });
const WITH_SHORT: EngineCarried = { ...initialEngine('e'), expectedPerp: SHORT };

const operation = (kind: OperationKind, operationId: string): TrackedOperation => ({
  ...{ operationId, kind, commandId: 'c', reducing: true, reported: -1, phase: 'running', stage: 'accepted' },
  ...{ windowClosed: false, wantsSlot: false, counted: '0', spot: '0', perpBefore: SHORT },
  ...{ marketTimeMs: 0, acceptedAtMs: 0 },
});

const start = (engine: EngineCarried, kind: OperationKind, id = 'o') => startOperation(engine, operation(kind, id));

function tell(engine: EngineCarried, change: Partial<OperationReport>, id = 'o'): EngineCarried {
  const { kind = 'close', reported = -1 } = engine.operations.find(({ operationId }) => operationId === id) ?? {};
  const report: OperationReport = {
    ...{ operationId: id, kind, sequence: reported + 1, stage: '', phase: 'ended', reducing: true },
    ...{ answer: FAILED, perpChange: '0', windowClosed: false, contradicted: false, error: null },
    ...change,
  };
  return takeReport(engine, { ...report, error: report.answer?.error ?? null }, AT);
}

describe('what may still make a position', () => {
  const opening = (phase: TrackedOperation['phase'], kind: OperationKind = 'open', reducing = false) =>
    mayStillOpen({ ...initialEngine('e'), operations: [{ ...operation(kind, 'o'), phase, reducing }] });

  it('is a trade that runs, is unresolved, or was undone by a fork; never one that ended or only reduces', () => {
    expect((['running', 'unresolved', 'dropped'] as const).map((phase) => opening(phase))).toEqual([true, true, true]);
    expect((['released', 'ended'] as const).map((phase) => opening(phase))).toEqual([false, false]);
    expect(opening('running', 'correct', true)).toBe(false);
    expect(opening('running', 'deposit')).toBe(false);
    expect(opening('running', 'close', true)).toBe(false);
  });
});

const leftOpen = ({ holds }: EngineCarried) => holds.find(({ code }) => code === 'left_open');

describe('an exit that ends with a position left', () => {
  it.each(['close', 'flatten'] as const)('is a critical alert that stands until the account is flat: %s', (kind) => {
    const left = tell(start(WITH_SHORT, kind), { flat: false });
    const [alert] = alertsOfHolds(
      [],
      left.holds.filter(({ code }) => code === 'left_open'),
    );
    expect(alert === undefined ? null : alertText(alert)).toEqual({
      severity: 'critical',
      message:
        'A Close or Flatten has ended, and 5.0000 SOL is still open. Nothing works on it now. The reason: The venue has paused this operation.',
      action: 'Use Close again, or Flatten, which accepts a worse price. Use Resume to keep the position.',
    });
    expect(tradingStateOf(left.holds)).not.toBe('active');
    expect(leftOpen(lookAtClosing(left, SHORT, NOW_MS))).toBe(leftOpen(left));
    const flat = lookAtClosing(left, '0', NOW_MS);
    expect([leftOpen(flat), flat.closing]).toEqual([undefined, null]);
    expect(alertsOfHolds(left.holds, flat.holds)).toMatchObject([{ kind: 'recovered', code: 'POSITION_LEFT_OPEN' }]);
  });

  it('is so whatever it answered, after an unknown outcome too, and when its workflow was lost', () => {
    const unknown = tell(start(WITH_SHORT, 'flatten'), { phase: 'unresolved', answer: null });
    expect(leftOpen(unknown)).toBeUndefined();
    expect(leftOpen(tell(unknown, { flat: false }))?.reason).toContain('may still be open');
    expect(leftOpen(tell(start(WITH_SHORT, 'close'), { answer: done('in part'), flat: false }))).toBeDefined();
    // What ends for an operation that tells no more says nothing of being flat.
    expect(leftOpen(tell(start(WITH_SHORT, 'close'), { answer: REFUSED }))).toBeDefined();
    expect(leftOpen(tell(start(WITH_SHORT, 'close'), { answer: done('Closed') }))).toBeUndefined();
  });

  it('is not when another exit has taken over, and is again when that one comes to nothing', () => {
    const closing = awaitExit(start(WITH_SHORT, 'close', 'first'), 'second');
    const first = tell(closing, { flat: false }, 'first');
    expect(leftOpen(first)).toBeUndefined();
    expect(leftOpen(lookAtClosing(first, SHORT, NOW_MS))).toBeUndefined();
    expect(leftOpen(exitInVain(first, 'second', 'Timed out', NOW_MS))?.reason).toContain('Timed out.');
    expect(exitInVain(first, 'third', 'Timed out', NOW_MS)).toBe(first);
    const second = start(first, 'flatten', 'second');
    expect(leftOpen(tell(second, { flat: false }, 'second'))).toBeDefined();
    expect(forgetExit(first, 'second').closing).toBeNull();
  });

  it('is found at a look, where it was believed to be closed', () => {
    const believed = tell(start(WITH_SHORT, 'close'), { phase: 'released', answer: done('Closed'), flat: true });
    expect(leftOpen(believed)).toBeUndefined();
    expect(leftOpen(lookAtClosing(believed, SHORT, NOW_MS))?.reason).toContain('5.0000 SOL is still open');
    // Flat, but not final: a fork may bring it back.
    const seenFlat = lookAtClosing(believed, '0', NOW_MS);
    expect(seenFlat.closing).not.toBeNull();
    expect(leftOpen(lookAtClosing(tell(seenFlat, { flat: true }), SHORT, NOW_MS))).toBeDefined();
    expect(lookAtClosing(tell(seenFlat, { flat: true }), '0', NOW_MS).closing).toBeNull();
  });

  it('is over when another exit starts, or a person wants the position', () => {
    const left = tell(start(WITH_SHORT, 'close'), { flat: false });
    expect(leftOpen(start(left, 'flatten'))).toBeUndefined();
    for (const kept of [
      resume(left, SHORT, '0'),
      adopt(left, SHORT, '0', 0),
      start(left, 'open'),
      start(left, 'rebalance'),
    ]) {
      expect([leftOpen(kept), kept.closing]).toEqual([undefined, null]);
      expect(lookAtClosing(kept, SHORT, NOW_MS)).toBe(kept);
    }
    for (const kind of ['deposit', 'guard', 'correct'] as const) expect(leftOpen(start(left, kind))).toBeDefined();
  });
});

describe('FLATTEN', () => {
  const codes = (engine: EngineCarried) => engine.holds.map(({ code }) => code).toSorted();

  it('halts nothing when it was refused, and halts when it tried', () => {
    expect(codes(tell(start(WITH_SHORT, 'flatten'), { answer: REFUSED, flat: false }))).toEqual(['left_open']);
    expect(codes(tell(start(WITH_SHORT, 'flatten'), { flat: false }))).toEqual(['flattened', 'left_open']);
    expect(codes(tell(start(WITH_SHORT, 'flatten'), { answer: done('Closed'), flat: true }))).toEqual(['flattened']);
  });
});

describe('STOP', () => {
  it.each([
    ['close', true, true],
    ['flatten', true, true],
    ['guard', true, true],
    ['correct', true, true],
    ['correct', false, false],
    ['rebalance', true, true],
    ['rebalance', false, false],
    ['open', false, false],
    ['deposit', false, true],
    ['withdraw', false, true],
    ['settle', false, true],
  ] as const)('while a %s runs (reducing: %s) lets it go on: %s', (kind, reducing, goesOn) => {
    const running = runningAtStop(startOperation(WITH_SHORT, { ...operation(kind, 'o'), reducing }));
    expect(running?.goesOn).toBe(goesOn);
    expect(runningText(running)).toContain(goesOn ? 'goes on to its end' : 'no further attempt');
  });

  it('has nothing to say of an engine at rest', () => {
    expect(runningText(runningAtStop(WITH_SHORT))).toBe('');
  });
});

describe('a replayed history of 0.1.0', () => {
  it('has neither', () => {
    const started = start(WITH_SHORT, 'flatten');
    const report = {
      operationId: 'o',
      kind: 'flatten',
      sequence: 0,
      stage: '',
      phase: 'ended',
      reducing: true,
    } as const;
    const rest = { answer: REFUSED, perpChange: '0', windowClosed: false, contradicted: false, error: null };
    const replayed = takeReport(started, { ...report, ...rest }, { ...AT, asIn0_1: true });
    expect(replayed.holds.map(({ code }) => code)).toEqual(['flattened']);
  });
});
