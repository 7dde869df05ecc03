/** The events in a transaction's logs, as Drift's program wrote them. */
import { BorshReader } from '../../solana-perps/borsh-reader.ts';
import { DISCRIMINATOR_BYTES, eventDiscriminator } from '../../solana-perps/discriminator.ts';
import type { PerpsEvent, PerpsEvents } from '../../solana-perps/perps-event.ts';
import { loggedData } from '../../solana-perps/program-logs.ts';
import { LAYOUTS } from './layouts.ts';

const NAMES = new Map(Object.keys(LAYOUTS).map((name) => [eventDiscriminator(name), name]));

/**
 * @param logs of a transaction that succeeded (one that failed changed nothing, whatever it logged)
 * @param programId base58
 */
export function driftEvents(logs: readonly string[], programId: string): PerpsEvents {
  const { payloads, truncated } = loggedData(logs, programId);
  return { events: payloads.map(eventIn).filter((event) => event !== null), truncated };
}

function eventIn(bytes: Uint8Array): PerpsEvent | null {
  const name = NAMES.get(Buffer.from(bytes.subarray(0, DISCRIMINATOR_BYTES)).toString('hex'));
  const layout = name === undefined ? undefined : LAYOUTS[name];
  if (name === undefined || layout === undefined) return null;
  try {
    return layout(new BorshReader(bytes.subarray(DISCRIMINATOR_BYTES)));
  } catch (error) {
    if (error instanceof RangeError) return { kind: 'unreadable', name, reason: error.message };
    throw error;
  }
}
