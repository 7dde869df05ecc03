import type { EngineTuning } from '../../workflows/messages.ts';
import { DEFAULT_TIMING } from '../domain/transaction/transaction.ts';

const HOUR_MS = 3_600_000;

/** Each watch tells Temporal that it lives; those of so many engines cost little. */
const ENGINES_TOLD_OFTEN = 20;
const SILENCE_MS = 10_000;
const SILENCE_OF_EACH_MS = 50;
const MAX_SILENCE_MS = 60_000;

/**
 * How long a worker may be silent about the watches of so many engines, in ms; undefined: the usual time. A signal of a
 * watch costs what a read of the account does, so a thousand engines give fewer of them.
 */
export const watchSilenceOf = (engines: number): number | undefined =>
  engines <= ENGINES_TOLD_OFTEN ? undefined : Math.min(MAX_SILENCE_MS, SILENCE_MS + engines * SILENCE_OF_EACH_MS);

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
