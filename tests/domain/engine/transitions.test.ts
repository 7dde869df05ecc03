import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { marketTimeAt, quickOperationMs, reportContextAt } from '../../../src/domain/engine/engine-clock.ts';
import {
  CONFIRMATION_LIFE_MS,
  type Confirmation,
  type EngineCarried,
  initialEngine,
  slotWantedBy,
  type TrackedOperation,
  unresolvedOperations,
} from '../../../src/domain/engine/engine-state.ts';
import {
  acceptJournal,
  acknowledgeRow,
  carryOperation,
  consentToRetry,
  divergeFromJournal,
  grantSlot,
  holdRetry,
  isRestrictedBy,
  issueConfirmation,
  proveOperation,
  spendConfirmation,
} from '../../../src/domain/engine/transitions.ts';

const ENGINE = initialEngine('epoch');

const operation: TrackedOperation = {
  operationId: 'operation-1',
  kind: 'deposit',
  commandId: 'command-1',
  reducing: false,
  reported: 3,
  phase: 'running',
  stage: 'confirming',
  windowClosed: true,
  wantsSlot: true,
  counted: '0',
  spot: '0',
  perpBefore: null,
  marketTimeMs: 0,
  acceptedAtMs: 5_000,
};

const confirmation = (commandId: string, token: string, issuedAtMs: number): Confirmation => ({
  commandId,
  requestHash: 'hash',
  token,
  shown: { reasons: [], size: null, netDelta: null, priceLimit: null },
  expiresAtMs: issuedAtMs + CONFIRMATION_LIFE_MS,
});

describe('a retry', () => {
  const waiting = (): EngineCarried => {
    const base = initialEngine('e');
    const retried: TrackedOperation = {
      ...operation,
      ...{ operationId: 'op', kind: 'open', commandId: 'c', reducing: false, reported: 0, phase: 'unresolved' },
      ...{ stage: 'awaiting_slot', windowClosed: true, wantsSlot: true, counted: '0', spot: '0', perpBefore: '0' },
      ...{ marketTimeMs: 0, acceptedAtMs: 0 },
    };
    return { ...base, operations: [retried] };
  };
  const shown = { reasons: ['DELTA_EXPOSED'], size: '-1', netDelta: '-1', priceLimit: '5' } as const;

  it('is not granted while it is held, and is once a person confirmed it', () => {
    expect(slotWantedBy(waiting())?.operationId).toBe('op');
    const held = holdRetry(waiting(), 'op');
    expect(slotWantedBy(held)).toBeNull();
    const consented = consentToRetry(held, 'op', shown);
    expect(slotWantedBy(consented)?.operationId).toBe('op');
    expect(consented.retryConsents).toEqual([{ operationId: 'op', shown }]);
    const granted = grantSlot(consented, 'op');
    expect(granted).toMatchObject({ slot: 'op', retryConsents: [] });
  });

  it('keeps no consent of what is over', () => {
    const consented = consentToRetry(consentToRetry(waiting(), 'gone', null), 'op', shown);
    expect(consented.retryConsents.map(({ operationId }) => operationId)).toEqual(['op']);
  });
});

describe('confirmations', () => {
  it('are one for each command, and go when their time is over', () => {
    const first = issueConfirmation(ENGINE, confirmation('a', 'a1', 0), 0);
    const asked = issueConfirmation(first, confirmation('b', 'b1', 10), 10);
    const again = issueConfirmation(asked, confirmation('a', 'a2', 20), 20);
    expect(again.confirmations.map(({ token }) => token)).toEqual(['b1', 'a2']);
    const late = CONFIRMATION_LIFE_MS + 15;
    expect(
      issueConfirmation(again, confirmation('c', 'c1', late), late).confirmations.map(({ token }) => token),
    ).toEqual(['a2', 'c1']);
  });

  it('are spent once', () => {
    const asked = issueConfirmation(ENGINE, confirmation('a', 'a1', 0), 0);
    expect(spendConfirmation(asked, 'another').confirmations).toHaveLength(1);
    expect(spendConfirmation(asked, 'a1').confirmations).toEqual([]);
  });
});

describe('the journal’s sequence', () => {
  it('never goes back, whatever a journal says', () => {
    const sequences = fc.array(fc.nat({ max: 100 }), { maxLength: 10 });
    fc.assert(
      fc.property(sequences, (written) => {
        const hold = {
          code: 'stores_diverged',
          sinceMs: 0,
          permits: 'reducing',
          clearedBy: 'person',
          reason: '',
        } as const;
        let engine = ENGINE;
        for (const [at, sequence] of written.entries()) {
          const before = engine.sequence;
          if (at % 3 === 0) engine = acknowledgeRow(engine, sequence);
          else if (at % 3 === 1)
            engine = acceptJournal(engine, { journalId: 'j', sequence, newestOperationMs: sequence });
          else engine = divergeFromJournal(engine, sequence, hold);
          expect(engine.sequence).toBe(Math.max(before, sequence));
        }
      }),
    );
  });
});

describe('operations', () => {
  it('that get the slot want it no more', () => {
    const granted = grantSlot(carryOperation(ENGINE, operation), operation.operationId);
    expect(granted.slot).toBe(operation.operationId);
    expect(granted.operations[0]?.wantsSlot).toBe(false);
  });

  it('that lost their workflow leave the slot, are unresolved, and begin to count reports again', () => {
    const running = { ...carryOperation(ENGINE, operation), slot: operation.operationId, expectedPerp: '-5' };
    const proven = proveOperation(running, operation, 7);
    expect(proven.slot).toBeNull();
    expect(proven.expectedPerp).toBeNull();
    expect(isRestrictedBy(proven, 'unresolved')).toBe(true);
    expect(unresolvedOperations(proven)).toMatchObject([{ reported: -1, windowClosed: false, doubted: true }]);
    expect(proven.operations).toHaveLength(1);
  });

  it('count as quick for a second, in the slot alone', () => {
    const carried = carryOperation(ENGINE, operation);
    expect(quickOperationMs(carried, 5_200)).toBe(0);
    const running = { ...carried, slot: operation.operationId };
    expect([quickOperationMs(running, 5_200), quickOperationMs(running, 7_000)]).toEqual([800, 0]);
  });
});

describe('the market’s time', () => {
  const seen = { ...ENGINE, seen: { marketTimeMs: 1_000, takenAtMs: 100, slot: 1, feed: 'synthetic:1' } };

  it('is the wall’s before the first look, and runs on from the last one at the market’s speed', () => {
    expect(marketTimeAt(ENGINE, 60, 77)).toBe(77);
    expect(marketTimeAt(seen, 60, 110)).toBe(1_600);
    expect(marketTimeAt(seen, 'max', 110)).toBe(1_000);
  });

  it('says how long a cooldown takes on the wall', () => {
    expect(reportContextAt(seen, { cooldownMs: 600, marketSpeed: 60 }, 110)).toEqual({
      nowMs: 110,
      marketNowMs: 1_600,
      cooldownMs: 600,
      cooldownWallMs: 10,
    });
    expect(reportContextAt(seen, { cooldownMs: 600, marketSpeed: 'max' }, 110).cooldownWallMs).toBeNull();
  });
});
