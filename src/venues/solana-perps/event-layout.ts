/** Events in a transaction's logs, read by tables. */
import { bytesToHex } from '@noble/hashes/utils.js';
import { decodeBorsh, type WireTable, type WireValues } from './borsh-table.ts';
import { DISCRIMINATOR_BYTES, eventDiscriminator } from './discriminator.ts';
import { loggedData } from './program-logs.ts';

/** The tables of a program's events, by the names that the program gives them. */
export type EventTables = Readonly<Record<string, WireTable>>;

/** An event of a known name whose bytes are not what its table says: another version of the program. Never read as nothing. */
export interface UnreadableRecord {
  readonly name: 'unreadable';
  readonly event: string;
  readonly reason: string;
}

export type ReadEvent<T extends EventTables> = {
  readonly [Name in keyof T]: { readonly name: Name } & WireValues<T[Name]>;
}[keyof T];

export interface ReadEvents<T extends EventTables> {
  /** In the order of the log: an event's index here is its identity within the transaction. */
  readonly events: readonly (ReadEvent<T> | UnreadableRecord)[];
  /** The node cut the log off: there may have been more. Never taken for all. */
  readonly truncated: boolean;
}

/** @returns reads the events of a transaction that succeeded; those that no table describes are passed over */
export function eventReader<const T extends EventTables>(
  tables: T,
): (logs: readonly string[], programId: string) => ReadEvents<T> {
  const names = new Map(Object.keys(tables).map((name) => [eventDiscriminator(name), name]));
  const read = (payload: Uint8Array): readonly (ReadEvent<T> | UnreadableRecord)[] => {
    const name = names.get(bytesToHex(payload.subarray(0, DISCRIMINATOR_BYTES)));
    const table = name === undefined ? undefined : tables[name];
    if (name === undefined || table === undefined) return [];
    try {
      // The name decides which table was read, and so the event's type.
      return [{ name, ...decodeBorsh(table, payload.subarray(DISCRIMINATOR_BYTES)) } as ReadEvent<T>];
    } catch (error) {
      if (error instanceof RangeError) return [{ name: 'unreadable', event: name, reason: error.message }];
      throw error;
    }
  };
  return (logs, programId) => {
    const { payloads, truncated } = loggedData(logs, programId);
    return { events: payloads.flatMap(read), truncated };
  };
}
