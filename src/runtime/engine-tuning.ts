import type { EngineTuning } from '../../workflows/messages.ts';
import { DEFAULT_TIMING } from '../domain/transaction/transaction.ts';

const HOUR_MS = 3_600_000;

/** What production runs with; tests and bench scale it. */
export const ENGINE_TUNING: Omit<EngineTuning, 'searchAttributes'> = {
  checkpointMs: HOUR_MS,
  // A restart reads a second's worth of it before the engine answers.
  maxHistoryEvents: 1_500,
  answerWithinMs: 3_000,
  slotWaitMs: 30_000,
  maxWaiting: 8,
  timing: DEFAULT_TIMING,
  // Both signers of this version, paper's and the key's, are in the worker's process. One behind a network says false.
  signsLocally: true,
  signingQueues: true,
};
