/** What a restored data folder may sign, and what becomes of what was open in the backup: docs/architecture/backup.md. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { initialEngine } from '../../../src/domain/engine/engine-state.ts';
import {
  confirmRestored,
  keepCooldown,
  originalStoppedQuestion,
  type RestoredStage,
  refusalOfRestored,
  restoredHold,
  restoredStageOf,
  type SignedTask,
} from '../../../src/domain/engine/restored.ts';
import { restrict } from '../../../src/domain/engine/transitions.ts';
import { OPERATIONS } from '../../../src/domain/order/operations.ts';

const RESTORED_AT = 2_000_000;
const BACKUP_AT = 1_000_000;
const at = (stage: RestoredStage) => ({ stage, backupMadeAtMs: BACKUP_AT, restoredAtMs: RESTORED_AT });
const KINDS = Object.keys(OPERATIONS) as readonly SignedTask['kind'][];
const EXITS: readonly string[] = ['close', 'flatten'];

describe('what may be signed', () => {
  it('is everything in an original', () => {
    for (const kind of KINDS) expect(refusalOfRestored(null, { kind, acceptedAtMs: 1 })).toBeNull();
    expect(refusalOfRestored(null, undefined)).toBeNull();
  });

  const TABLE: readonly [RestoredStage, (kind: string) => boolean][] = [
    ['restored', () => false],
    ['confirmed', (kind) => EXITS.includes(kind)],
    ['compared', () => true],
  ];
  it.each(TABLE)('of what began after the restore, %s: as the table says', (stage, isAllowed) => {
    for (const kind of KINDS) {
      const refusal = refusalOfRestored(at(stage), { kind, acceptedAtMs: RESTORED_AT + 1 });
      expect({ kind, allowed: refusal === null }).toEqual({ kind, allowed: isAllowed(kind) });
      if (refusal !== null) expect(refusal).toMatchObject({ code: 'PERMISSION_DENIED', details: { part: 'restore' } });
    }
  });

  it('is nothing of what was open in the backup, and nothing of which it is not known for what, at any stage', () => {
    const stages = fc.constantFrom<RestoredStage>('restored', 'confirmed', 'compared');
    const kinds = fc.constantFrom(...KINDS);
    fc.assert(
      fc.property(stages, kinds, fc.integer({ min: 0, max: RESTORED_AT }), (stage, kind, acceptedAtMs) => {
        expect(refusalOfRestored(at(stage), { kind, acceptedAtMs })).not.toBeNull();
        expect(refusalOfRestored(at(stage), undefined)).not.toBeNull();
      }),
    );
  });
});

describe('the engine of a restored folder', () => {
  const fresh = initialEngine('epoch-1');
  const held = restrict(fresh, restoredHold(at('restored'), { detail: 'both ends', nowMs: 5 }));

  it('is halted until a person confirms, and after that still', () => {
    expect(restoredStageOf(fresh)).toBeNull();
    expect(restoredStageOf(held)).toBe('restored');
    const confirmed = confirmRestored(held, 9);
    expect(restoredStageOf(confirmed)).toBe('confirmed');
    for (const engine of [held, confirmed])
      expect(engine.holds).toMatchObject([
        {
          code: 'stores_diverged',
          permits: 'nothing',
          clearedBy: 'person',
          details: { backup_made_at: BACKUP_AT, detail: 'both ends' },
        },
      ]);
    expect(confirmed.holds[0]?.reason).toContain('Only Close and Flatten are signed');
  });

  it('is not taken for restored by another divergence', () => {
    const other = restrict(fresh, {
      ...{ code: 'stores_diverged', sinceMs: 1, permits: 'reducing', clearedBy: 'person', reason: 'differs' },
      details: { verdict: 'temporal_lost' },
    } as const);
    expect(restoredStageOf(other)).toBeNull();
  });

  it('asks about the original, and says of when the backup is', () => {
    const { message, shown } = originalStoppedQuestion(held);
    expect(message).toContain('1970-01-01 00:16 UTC');
    expect(shown.reasons).toEqual(['ORIGINAL_STOPPED']);
  });

  it('keeps the cooldown of the one before, unless it has one of its own', () => {
    const before = { cooldownUntilMs: 77, cooldownEndsAtMs: 88 };
    expect(keepCooldown(fresh, before)).toMatchObject(before);
    const own = { ...fresh, cooldownUntilMs: 5, cooldownEndsAtMs: 6 };
    expect(keepCooldown(own, before)).toEqual(own);
  });
});
