/** A transaction's bytes as instructions with full addresses. Lookup tables are the policy's, never the client's word. */
import { VersionedMessage } from '@solana/web3.js';
import { SignerRefusal } from './refusal.ts';

export interface MessageAccount {
  readonly address: string;
  readonly writable: boolean;
  readonly signer: boolean;
}

export interface MessageInstruction {
  readonly programId: string;
  readonly accounts: readonly MessageAccount[];
  readonly data: Uint8Array;
}

export interface ReadMessage {
  /** The first pays. */
  readonly accounts: readonly MessageAccount[];
  readonly instructions: readonly MessageInstruction[];
}

export type PinnedTables = Readonly<Record<string, readonly string[]>>;

/** @throws SignerRefusal MESSAGE_UNREADABLE, LOOKUP_TABLE */
export function readMessage(bytes: Uint8Array, tables: PinnedTables): ReadMessage {
  const message = decoded(bytes);
  const looked = message.addressTableLookups.map(({ accountKey, writableIndexes, readonlyIndexes }) => {
    const table = accountKey.toBase58();
    return {
      writable: writableIndexes.map((index) => entryOf(table, index, tables)),
      readonly: readonlyIndexes.map((index) => entryOf(table, index, tables)),
    };
  });
  const addresses = [
    ...message.staticAccountKeys.map((key) => key.toBase58()),
    ...looked.flatMap(({ writable }) => writable),
    ...looked.flatMap(({ readonly }) => readonly),
  ];
  const accounts = addresses.map((address, index) => ({
    address,
    writable: message.isAccountWritable(index),
    signer: message.isAccountSigner(index),
  }));
  const accountAt = (index: number): MessageAccount => {
    const account = accounts[index];
    if (account === undefined) throw unreadable(`it names an account ${index} that it does not have`);
    return account;
  };
  const instructions = message.compiledInstructions.map(({ programIdIndex, accountKeyIndexes, data }) => ({
    programId: accountAt(programIdIndex).address,
    accounts: accountKeyIndexes.map(accountAt),
    data,
  }));
  return { accounts, instructions };
}

function decoded(bytes: Uint8Array) {
  let message: VersionedMessage;
  try {
    message = VersionedMessage.deserialize(bytes);
  } catch {
    throw unreadable('its bytes are none');
  }
  if (message.version !== 0) throw unreadable('it is of the old kind; Driftless builds version 0 only');
  // What we judged must be what is signed: nothing may hide behind it.
  if (!Buffer.from(message.serialize()).equals(bytes)) throw unreadable('it can be written in another way');
  return message;
}

function entryOf(table: string, index: number, tables: PinnedTables): string {
  const entries = tables[table];
  if (entries === undefined) {
    throw new SignerRefusal(
      'LOOKUP_TABLE',
      `The transaction uses the lookup table ${table}, which is not pinned. Add it with its addresses to lookup_tables ` +
        'of the policy, or close the positions in other markets.',
    );
  }
  const address = entries[index];
  if (address !== undefined) return address;
  throw new SignerRefusal(
    'LOOKUP_TABLE',
    `The transaction uses entry ${index} of the lookup table ${table}, and ${entries.length} are pinned. The table has ` +
      'grown: pin it again, with all its addresses.',
  );
}

const unreadable = (why: string): SignerRefusal =>
  new SignerRefusal('MESSAGE_UNREADABLE', `The transaction cannot be read: ${why}. Send a version 0 message.`);
