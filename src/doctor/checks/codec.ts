/** Encrypted payloads: which keys there are, and which of them the histories that Temporal keeps still need. */
import { Client, Connection } from '@temporalio/client';
import { notedEncryptionKeys } from '../../journal/encryption-keys.ts';
import type { EncryptionKeys } from '../../runtime/encryption-keys.ts';
import { type KeyUsers, searchKeyUsers } from '../../runtime/encryption-keys-used.ts';
import { connectOptions } from '../../runtime/temporal-connection.ts';
import type { Check } from '../check.ts';
import { fail, type Judgement, pass, warn } from '../finding.ts';
import type { Configured } from '../subject.ts';

export interface FoundKeys {
  readonly keys: EncryptionKeys;
  /** By id: a workflow that needs it. Null: Temporal cannot be asked now. */
  readonly users: KeyUsers | null;
  /** False: there are more histories than could be read in time. */
  readonly isComplete: boolean;
  /** Ids that ever encrypted here, as the journal knows. */
  readonly noted: readonly string[];
}

const CONNECT_MS = 5_000;
const SEARCH_MS = 20_000;

export function judgeKeys({ keys, users, isComplete, noted }: FoundKeys): readonly Judgement[] {
  const ids = keys.all.map(({ id }) => id);
  const { encrypts } = keys;
  const said = users === null ? [] : [...users].filter(([id]) => !ids.includes(id)).map(missing);
  const unsure = users === null || !isComplete ? noted.filter((id) => !ids.includes(id) && !users?.has(id)) : [];
  said.push(...unsure.map(perhapsMissing));
  if (ids.length === 0) return said;
  said.push(
    encrypts === null
      ? pass('Payloads are no longer encrypted (off); the keys only decrypt.')
      : pass(`Payloads are encrypted with the key ${encrypts.id}.`),
  );
  const others = ids.filter((id) => id !== encrypts?.id);
  if (users === null) return others.length === 0 ? said : [...said, warn(...NOT_ASKED)];
  const needed = others.filter((id) => users.has(id));
  if (needed.length > 0)
    said.push(pass(`Still needed: ${needed.map((id) => `${id} (by ${users.get(id)})`).join(', ')}.`));
  const free = others.filter((id) => !users.has(id));
  if (free.length === 0) return said;
  return [
    ...said,
    isComplete
      ? pass(`No history needs ${free.join(', ')} any longer: the line can be deleted.`)
      : warn(`Whether a history needs ${free.join(', ')} is not known: there are too many to read in time.`, KEEP),
  ];
}

const KEEP = 'Keep its line in CODEC_KEYS_FILE.';
const NOT_ASKED = [
  'Which of the other keys are still needed is not known: Temporal does not run.',
  'Start Driftless and run doctor again. Until then keep their lines.',
] as const;

const missing = ([id, workflowId]: readonly [string, string]): Judgement =>
  fail(
    `${workflowId} needs the key ${id}, which is not in CODEC_KEYS_FILE.`,
    `Add the line of ${id} again, below the first.`,
  );

const perhapsMissing = (id: string): Judgement =>
  warn(
    `The key ${id} encrypted here and is not in CODEC_KEYS_FILE.`,
    'Have its line at hand: a start that finds a history which needs it is refused.',
  );

/** Null: no server answers where one would be. */
async function usersNow({ settings, holder }: Configured): Promise<Pick<FoundKeys, 'users' | 'isComplete'> | null> {
  const { address, port, namespace } = settings.temporal;
  if (address === null && holder === null) return null;
  let connection: Connection;
  try {
    const options = await connectOptions(settings.temporal, address ?? `127.0.0.1:${port}`);
    connection = await Connection.connect({ ...options, connectTimeout: CONNECT_MS });
  } catch {
    // The check of Temporal says why.
    return null;
  }
  try {
    const late = AbortSignal.timeout(SEARCH_MS);
    const users = await searchKeyUsers(new Client({ connection, namespace }), undefined, late);
    return { users, isComplete: !late.aborted };
  } finally {
    await connection.close();
  }
}

export const codec: Check = {
  name: 'codec',
  needsSettings: true,
  async run(subject) {
    const { keys } = subject.settings.codec;
    const sight = await subject.journal();
    const journal = sight.kind === 'open' ? sight.journal : null;
    const noted = journal === null ? [] : [...(await notedEncryptionKeys(journal.db)).keys()];
    if (keys.all.length === 0 && noted.length === 0) return [];
    const found = (await usersNow(subject)) ?? { users: null, isComplete: false };
    return judgeKeys({ keys, noted, ...found });
  },
};
