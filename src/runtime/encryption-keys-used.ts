/** Which keys the histories that Temporal keeps still need. A start refuses to run without one of them. */
import type { Client } from '@temporalio/client';
import type { Payload } from '@temporalio/common';
import { CriticalError } from '../lib/errors.ts';
import { type EncryptionKeys, fingerprintOf } from './encryption-keys.ts';
import { keyIdOf } from './payload-encryption.ts';

/** What the journal remembers. */
export interface NotedKeys {
  /** By id: the fingerprint of its key. */
  noted(): Promise<ReadonlyMap<string, string>>;
  note(id: string, fingerprint: string): Promise<void>;
  forget(id: string): Promise<void>;
}

/** By id of a key: a workflow that needs it. */
export type KeyUsers = ReadonlyMap<string, string>;

const PAGE_EVENTS = 500;
const CALL_MS = 10_000;
const AT_ONCE = 8;
/** gRPC's NOT_FOUND. */
const NOT_FOUND = 5;

/**
 * Before anything is encrypted or read. Notes the key that encrypts from now on, and forgets the ones that nothing kept needs.
 * Temporal is searched only when a noted key is not among the given ones.
 * @throws CriticalError CODEC_KEY_MISSING, CODEC_KEY_WRONG
 */
export async function agreeOnKeys(
  keys: EncryptionKeys,
  { noted, note, forget }: NotedKeys,
  search: (ids: ReadonlySet<string>) => Promise<KeyUsers>,
): Promise<void> {
  const known = await noted();
  for (const key of keys.all) {
    const fingerprint = known.get(key.id);
    if (fingerprint !== undefined && fingerprint !== fingerprintOf(key)) throw anotherKey(key.id);
  }
  const lacking = [...known.keys()].filter((id) => keys.all.every((key) => key.id !== id));
  if (lacking.length > 0) {
    const users = await search(new Set(lacking));
    if (users.size > 0) throw stillNeeded(users, keys.all.length > 0);
    for (const id of lacking) await forget(id);
  }
  const { encrypts } = keys;
  if (encrypts !== null) await note(encrypts.id, fingerprintOf(encrypts));
}

function anotherKey(id: string): CriticalError {
  return new CriticalError(
    'CODEC_KEY_WRONG',
    `CODEC_KEYS_FILE has another key under the id ${id} than the one that encrypted here before. Nothing was started.`,
    { key: id, remedy: `put the former key of ${id} back, and give the new key an id of its own.` },
  );
}

function stillNeeded(users: KeyUsers, hasFile: boolean): CriticalError {
  const named = [...users].map(([id, workflowId]) => `${id} (by ${workflowId})`).join(', ');
  const ids = [...users.keys()].join(', ');
  return new CriticalError(
    'CODEC_KEY_MISSING',
    `Histories that Temporal keeps are encrypted with keys that are ${hasFile ? 'not in CODEC_KEYS_FILE' : 'missing, because CODEC_KEYS_FILE is not set'}: ${named}. Nothing was started.`,
    {
      keys: ids,
      remedy: hasFile
        ? `add the lines of ${ids} to the file again, below the first. driftless doctor says when a key is no longer needed.`
        : `set CODEC_KEYS_FILE to the file with ${ids}. To stop encrypting, see docs/architecture/payloads.md.`,
    },
  );
}

/** Reads every history that is kept, open or closed, until each of the ids is found. @param ids absent: whichever there are */
export async function searchKeyUsers(
  client: Pick<Client, 'workflow' | 'workflowService' | 'connection' | 'options'>,
  ids?: ReadonlySet<string>,
  signal?: AbortSignal,
): Promise<KeyUsers> {
  const users = new Map<string, string>();
  const done = () => signal?.aborted === true || (ids !== undefined && users.size === ids.size);
  const runs = client.workflow.list()[Symbol.asyncIterator]();
  const lane = async (): Promise<void> => {
    while (!done()) {
      const next = await runs.next();
      if (next.done === true) return;
      const { workflowId, runId } = next.value;
      for await (const id of keyIdsIn(client, workflowId, runId)) {
        if (ids?.has(id) !== false && !users.has(id)) users.set(id, workflowId);
        if (done()) return;
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return users;
}

async function* keyIdsIn(
  { workflowService, connection, options: { namespace } }: Parameters<typeof searchKeyUsers>[0],
  workflowId: string,
  runId: string,
): AsyncGenerator<string> {
  let nextPageToken: Uint8Array = new Uint8Array();
  do {
    const request = { namespace, execution: { workflowId, runId }, maximumPageSize: PAGE_EVENTS, nextPageToken };
    const page = await connection
      .withDeadline(Date.now() + CALL_MS, () => workflowService.getWorkflowExecutionHistory(request))
      .catch((error: unknown) => {
        if (error instanceof Error && 'code' in error && error.code === NOT_FOUND) return null;
        throw error;
      });
    yield* keyIdsOf(page?.history?.events ?? []);
    nextPageToken = page?.nextPageToken ?? new Uint8Array();
  } while (nextPageToken.length > 0);
}

/** Of every payload in it, however deep. */
export function keyIdsOf(part: unknown): ReadonlySet<string> {
  const ids = new Set<string>();
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return;
    const id = 'metadata' in value ? keyIdOf(value as Payload) : null;
    if (id !== null) ids.add(id);
    for (const inner of Object.values(value)) visit(inner);
  };
  visit(part);
  return ids;
}
