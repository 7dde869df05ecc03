/**
 * When each of many engines polls. Engines whose reads can be shared poll one shortly after the other, so that one read serves
 * a group of them and what each does with it does not come all at once.
 */

/** From one engine's poll to the next one's. */
export const TURN_MS = 50;
/** As many turns as share a read: a second of them. */
const TURNS_TOGETHER = 20;

/** Engines of one group share their reads. */
export const groupOf = (turn: number): number => Math.floor(turn / TURNS_TOGETHER);

export interface PollTurn {
  /** Wall clock. */
  readonly dueMs: number;
  /** When the first of the group is due: what was read since will do for all of it. */
  readonly sinceMs: number;
}

/** The next poll of the engine with this turn: never later than `everyMs` from now. */
export function nextTurn(turn: number, everyMs: number, nowMs: number): PollTurn {
  const offsetMs = (turn * TURN_MS) % everyMs;
  const dueMs = Math.floor((nowMs - offsetMs) / everyMs) * everyMs + offsetMs + everyMs;
  return { dueMs, sinceMs: dueMs - (turn % TURNS_TOGETHER) * TURN_MS };
}
