/**
 * An engine whose data folder came from a backup: the original may have traded since. What may be signed here, and what a
 * person is asked before anything is: docs/architecture/backup.md. Pure.
 */
import type { ErrorReport } from '../../lib/errors.ts';
import { raised } from '../alerts/alert.ts';
import { timeText } from '../money/display.ts';
import { NO_TRADE } from '../order/no-trade.ts';
import type { OperationKind } from '../order/operations.ts';
import type { EngineCarried } from './engine-state.ts';
import type { Hold } from './hold.ts';

/** How far a person has gone with it. A compared engine is like every other one. */
export type RestoredStage = 'restored' | 'confirmed' | 'compared';

export interface RestoredState {
  readonly stage: RestoredStage;
  readonly backupMadeAtMs: number;
  readonly restoredAtMs: number;
}

/** What is to be signed, for which operation. */
export interface SignedTask {
  readonly kind: OperationKind;
  readonly acceptedAtMs: number;
}

const EXITS: readonly OperationKind[] = ['close', 'flatten'];

const denied = ({ backupMadeAtMs }: RestoredState, why: string, remedy: string): ErrorReport => ({
  code: 'PERMISSION_DENIED',
  message: `This data folder was restored from a backup of ${timeText(backupMadeAtMs)}. ${why}`,
  details: { part: 'restore', remedy },
});

/** Null: it may be signed and sent. `task` undefined: it is not known for what. */
export function refusalOfRestored(restored: RestoredState | null, task: SignedTask | undefined): ErrorReport | null {
  if (restored === null) return null;
  if (task === undefined || task.acceptedAtMs <= restored.restoredAtMs) {
    const why = 'This operation was open in it, and the original may have sent it since: it makes no new attempt here.';
    return denied(restored, why, 'Compare the account with the history, then send a new command.');
  }
  if (restored.stage === 'restored') {
    return denied(
      restored,
      'Nothing is signed before a person has confirmed that the original is stopped.',
      'Stop the original for good, then use RESUME and confirm it.',
    );
  }
  if (restored.stage === 'confirmed' && !EXITS.includes(task.kind)) {
    return denied(
      restored,
      'Only CLOSE and FLATTEN are signed before account and history were compared.',
      'Compare the account with the history, then use RESUME.',
    );
  }
  return null;
}

/** `detail` names both stores. */
export function restoredHold(
  { stage, backupMadeAtMs }: Pick<RestoredState, 'stage' | 'backupMadeAtMs'>,
  { detail, nowMs }: { readonly detail: string; readonly nowMs: number },
): Hold {
  const from = `This data folder was restored from a backup of ${timeText(backupMadeAtMs)}.`;
  return {
    code: 'stores_diverged',
    sinceMs: nowMs,
    permits: 'nothing',
    clearedBy: 'person',
    reason:
      stage === 'restored'
        ? `${from} The original may have traded since. Stop it for good, then use Resume: until then nothing is signed.`
        : `${from} Only Close and Flatten are signed. Compare the account with the history, then use Resume again.`,
    details: { verdict: 'restored', stage, backup_made_at: backupMadeAtMs, detail, alert: 'STORES_DIVERGED' },
  };
}

const holdOf = ({ holds }: Pick<EngineCarried, 'holds'>): Hold | undefined =>
  holds.find(({ code, details }) => code === 'stores_diverged' && details?.verdict === 'restored');

/** Null: its folder is an original, or was compared. */
export function restoredStageOf(engine: Pick<EngineCarried, 'holds'>): 'restored' | 'confirmed' | null {
  const stage = holdOf(engine)?.details?.stage;
  return stage === 'restored' || stage === 'confirmed' ? stage : null;
}

/** A person has confirmed that the original is stopped. */
export function confirmRestored(engine: EngineCarried, nowMs: number): EngineCarried {
  const { backup_made_at: madeAt, detail } = holdOf(engine)?.details ?? {};
  const state = { stage: 'confirmed', backupMadeAtMs: Number(madeAt) } as const;
  const hold = restoredHold(state, { detail: String(detail), nowMs });
  return { ...engine, holds: engine.holds.map((other) => (other === holdOf(engine) ? hold : other)) };
}

interface Cooldown {
  readonly cooldownUntilMs: number | null;
  readonly cooldownEndsAtMs: number | null;
}

/** The engine that begins anew on a restored journal keeps the cooldown of the one before. */
export const keepCooldown = (engine: EngineCarried, { cooldownUntilMs, cooldownEndsAtMs }: Cooldown): EngineCarried =>
  engine.cooldownUntilMs === null ? { ...engine, cooldownUntilMs, cooldownEndsAtMs } : engine;

export const restoredAlert = (detail: string) => raised('STORES_DIVERGED', { verdict: 'restored', detail });

/** Always asked of the first RESUME. */
export function originalStoppedQuestion(engine: Pick<EngineCarried, 'holds'>) {
  const madeAtMs = Number(holdOf(engine)?.details?.backup_made_at);
  return {
    kind: 'confirm',
    message:
      `This data folder was restored from a backup of ${timeText(madeAtMs)}. Confirm that the original is stopped and ` +
      'will not start again: two engines on one account trade against each other. Then Close and Flatten work here.',
    preview: { kind: 'restored', reasons: ['ORIGINAL_STOPPED'], ...NO_TRADE },
    shown: { reasons: ['ORIGINAL_STOPPED'], size: null, netDelta: null, priceLimit: null },
  } as const;
}
