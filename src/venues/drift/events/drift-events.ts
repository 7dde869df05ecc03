/**
 * The events in a transaction's logs. Drift writes the frequent ones (orders, fills) as base64 in a plain log line, the
 * others as program data (`emit_stack` and `emit!` in its source), so both kinds of line are read. Only what the program
 * itself logged counts: another program in the same transaction may print anything.
 */
import { createHash } from 'node:crypto';
import { BorshReader } from './borsh-reader.ts';
import type { DriftEvent } from './drift-event.ts';
import { LAYOUTS } from './layouts.ts';

export type * from './drift-event.ts';

interface DriftEvents {
  /** In the order of the log: an event's index here is its identity within the transaction. */
  readonly events: readonly DriftEvent[];
  /** The node cut the log off: there may have been more. Never taken for all. */
  readonly truncated: boolean;
}

const DISCRIMINATOR_BYTES = 8;
const INVOKED = /^Program ([1-9A-HJ-NP-Za-km-z]{32,44}) invoke \[(\d+)\]$/;
const ENDED = /^Program [1-9A-HJ-NP-Za-km-z]{32,44} (success$|failed)/;
const DATA_LINES = ['Program data: ', 'Program log: '] as const;
const BASE64 = /^[A-Za-z0-9+/]{11,}={0,2}$/;
const TRUNCATED = 'Log truncated';

const NAMES = new Map(
  Object.keys(LAYOUTS).map((name) => [
    createHash('sha256').update(`event:${name}`).digest().subarray(0, DISCRIMINATOR_BYTES).toString('hex'),
    name,
  ]),
);

/**
 * @param logs of a transaction that succeeded (one that failed changed nothing, whatever it logged)
 * @param programId base58
 */
export function driftEvents(logs: readonly string[], programId: string): DriftEvents {
  const events: DriftEvent[] = [];
  const running: string[] = [];
  for (const line of logs) {
    if (line.startsWith(TRUNCATED)) return { events, truncated: true };
    const invoked = INVOKED.exec(line);
    if (invoked !== null) {
      // The depth is the runtime's own word, so that a line lost before does not shift what follows.
      running.length = Math.min(running.length, Number(invoked[2]) - 1);
      running.push(invoked[1] as string);
    } else if (ENDED.test(line)) running.pop();
    else if (running.at(-1) === programId) {
      const event = eventIn(line);
      if (event !== null) events.push(event);
    }
  }
  return { events, truncated: false };
}

function eventIn(line: string): DriftEvent | null {
  const start = DATA_LINES.find((prefix) => line.startsWith(prefix));
  const text = start === undefined ? '' : line.slice(start.length);
  if (!BASE64.test(text)) return null;
  const bytes = Buffer.from(text, 'base64');
  const name = NAMES.get(bytes.subarray(0, DISCRIMINATOR_BYTES).toString('hex'));
  const layout = name === undefined ? undefined : LAYOUTS[name];
  if (name === undefined || layout === undefined) return null;
  try {
    return layout(new BorshReader(bytes.subarray(DISCRIMINATOR_BYTES)));
  } catch (error) {
    if (error instanceof RangeError) return { kind: 'unreadable', name, reason: error.message };
    throw error;
  }
}
