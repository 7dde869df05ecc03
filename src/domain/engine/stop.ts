/** What STOP means for the operation that runs: what enlarges stands down, what reduces or moves money goes on to its end. */
import { OPERATIONS } from '../order/operations.ts';
import { type EngineCarried, type TrackedOperation, trackedOperation } from './engine-state.ts';

export interface RunningAtStop {
  readonly operation: TrackedOperation;
  /** False: no further attempt, and its order is cancelled. A signed attempt is followed to proof either way. */
  readonly goesOn: boolean;
}

/** Null: nothing runs. */
export function runningAtStop(engine: EngineCarried): RunningAtStop | null {
  const operation = engine.slot === null ? null : trackedOperation(engine, engine.slot);
  if (operation === null) return null;
  return { operation, goesOn: operation.reducing || !OPERATIONS[operation.kind].trades };
}

/** In a sentence, for the answer; empty when nothing runs. */
export function runningText(running: RunningAtStop | null): string {
  if (running === null) return '';
  const { label } = OPERATIONS[running.operation.kind];
  return running.goesOn
    ? ` "${label}" is still running and goes on to its end.`
    : ` "${label}" is still running: it makes no further attempt, and its open order is cancelled. What is signed already is followed to its end.`;
}
