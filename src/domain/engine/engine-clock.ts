/** The market's time, as well as the engine knows it without asking. */
import type { Policy } from '../hedge/policy.ts';
import { type EngineCarried, type ReportContext, trackedOperation } from './engine-state.ts';

/** Most operations are over by then. */
const QUICK_OPERATION_MS = 1_000;

export function marketTimeAt({ seen }: EngineCarried, marketSpeed: Policy['marketSpeed'], nowMs: number): number {
  if (seen === null) return nowMs;
  return marketSpeed === 'max' ? seen.marketTimeMs : seen.marketTimeMs + (nowMs - seen.takenAtMs) * marketSpeed;
}

export const reportContextAt = (
  engine: EngineCarried,
  { cooldownMs, marketSpeed }: Pick<Policy, 'cooldownMs' | 'marketSpeed'>,
  nowMs: number,
): ReportContext => ({
  nowMs,
  marketNowMs: marketTimeAt(engine, marketSpeed, nowMs),
  cooldownMs,
  cooldownWallMs: marketSpeed === 'max' ? null : cooldownMs / marketSpeed,
});

/** How much longer the operation in the slot counts as quick; 0: it does not, or there is none. */
export function quickOperationMs(engine: EngineCarried, nowMs: number): number {
  const { slot } = engine;
  if (slot === null) return 0;
  const since = trackedOperation(engine, slot)?.acceptedAtMs ?? 0;
  return Math.max(0, since + QUICK_OPERATION_MS - nowMs);
}
