/**
 * One version after another on the same data: an older worker must never be handed a history, nor write to tables, that a newer
 * one has made. docs/architecture/upgrade.md.
 */
import { createHash } from 'node:crypto';
import type { Kysely } from 'kysely';
import { WORKFLOW_CHANGES } from '../../workflows/changes.ts';
import {
  forgetDeadWorkers,
  forgetWorker,
  noteChanges,
  notedChanges,
  noteWorker,
  otherGenerationLives,
} from '../journal/generations.ts';
import { knownMigrations, schemaState } from '../journal/migrate.ts';
import type { Database } from '../journal/schema.ts';
import { CriticalError } from '../lib/errors.ts';
import { type Repeated, repeatEvery } from '../lib/repeat.ts';
import { sleep } from '../lib/sleep.ts';

/** A program by what it knows. */
export interface Generation {
  readonly version: string;
  /** Migrations of the journal, and changes of the workflows. */
  readonly changes: readonly string[];
  /** The same for programs that know the same changes. */
  readonly id: string;
}

const ID_CHARS = 12;

export function generationOf(version: string, changes: readonly string[]): Generation {
  const id = createHash('sha256')
    .update([...changes].sort().join('\n'))
    .digest('hex')
    .slice(0, ID_CHARS);
  return { version, changes, id };
}

export const thisGeneration = async (version: string): Promise<Generation> =>
  generationOf(version, [...(await knownMigrations()), ...WORKFLOW_CHANGES]);

/** What the journal has that a program does not know. */
interface Newer {
  /** The version that brought it. */
  readonly version: string;
  readonly changes: readonly string[];
}

async function newerThan(db: Kysely<Database>, { changes }: Generation): Promise<Newer | null> {
  const unknown = (await notedChanges(db)).filter(({ name }) => !changes.includes(name));
  const last = unknown.at(-1);
  return last === undefined ? null : { version: last.version, changes: unknown.map(({ name }) => name) };
}

/** Three words missed: a busy second or two is no end. */
const SILENT_AFTER_MS = 5_000;
const LONG_DEAD_MS = 86_400_000;
const TELL_EVERY_MS = 1_500;
const LOOK_EVERY_MS = 1_000;
const TAKE_OVER_MS = 60_000;
const PAUSE_MS = 250;

export interface Succession {
  readonly generation: Generation;
  /** Names this process; random at each start. Null: no other process can have this journal open. */
  readonly process: string | null;
  /** Whether this process is to run workflows, and so replaces older workers. A bridge waits for such a process. */
  readonly works: boolean;
  readonly say: (line: string) => void;
}

interface SuccessionTimes {
  readonly patienceMs: number;
  readonly silentAfterMs: number;
}
const PATIENCE: SuccessionTimes = { patienceMs: TAKE_OVER_MS, silentAfterMs: SILENT_AFTER_MS };

/**
 * Before the journal is migrated: its tables are changed only when no older worker is left.
 * @throws CriticalError JOURNAL_SCHEMA when a newer version has run on this journal, or older workers do not end
 */
export async function enter(db: Kysely<Database>, succession: Succession, patience = PATIENCE): Promise<void> {
  const schema = await schemaState(db);
  // Nobody has used it yet.
  if (schema === null) return;
  await refuseBesideNewer(db, succession);
  if (schema.pending.length === 0) return;
  if (succession.works) await takeOver(db, succession, patience);
  else await untilOldersEnd(db, succession, patience);
}

/**
 * Before anything polls, and as late as that: older workers end because of what is noted here, and an older version is refused
 * from here on. A worker tells first that it lives, and looks then: so of two versions that start at the same moment the newer one
 * waits for the older, or the older sees the newer.
 * @throws CriticalError JOURNAL_SCHEMA when a newer version was faster, or older workers do not end
 */
export async function takeOver(db: Kysely<Database>, succession: Succession, patience = PATIENCE): Promise<void> {
  const { generation, process } = succession;
  if (process !== null) {
    await forgetDeadWorkers(db, LONG_DEAD_MS);
    await noteWorker(db, generation.id, process);
  }
  await refuseBesideNewer(db, succession);
  await noteChanges(db, generation.changes, generation.version);
  await untilOldersEnd(db, succession, patience);
}

async function refuseBesideNewer(db: Kysely<Database>, { generation, process }: Succession): Promise<void> {
  const newer = await newerThan(db, generation);
  if (newer === null) return;
  if (process !== null) await forgetWorker(db, generation.id, process);
  throw ofNewer(generation, newer);
}

async function untilOldersEnd(
  db: Kysely<Database>,
  { generation, process, works, say }: Succession,
  { patienceMs, silentAfterMs }: SuccessionTimes,
): Promise<void> {
  if (process === null) return;
  const deadline = performance.now() + patienceMs;
  for (let told = false; await otherGenerationLives(db, generation.id, silentAfterMs); told = true) {
    if (performance.now() > deadline) throw stillThere(works);
    if (!told) say(WAITING[works ? 'worker' : 'bridge']);
    if (works) await noteWorker(db, generation.id, process);
    await sleep(PAUSE_MS);
  }
}

const WAITING = {
  worker: 'Workers of an earlier version run. Waiting until they have stopped ...',
  bridge: 'Workers of an earlier version run. Waiting for a worker of this version to replace them ...',
} as const;

const MOST_NAMED = 3;

function ofNewer({ version }: Generation, newer: Newer): CriticalError {
  const named = newer.changes.slice(0, MOST_NAMED).join(', ');
  const more = newer.changes.length > MOST_NAMED ? ` and ${newer.changes.length - MOST_NAMED} more` : '';
  return new CriticalError(
    'JOURNAL_SCHEMA',
    `Driftless ${newer.version} has run on this journal. This is ${version}, which cannot go on with what that one began: it does not know ${named}${more}.`,
    {
      remedy: `start Driftless ${newer.version} or a later one. To go back to ${version}, restore a backup that was made before the upgrade`,
    },
  );
}

const stillThere = (works: boolean): CriticalError =>
  new CriticalError(
    'JOURNAL_SCHEMA',
    works
      ? 'Workers of an earlier version still run on this journal.'
      : 'Workers of an earlier version still run on this journal, and this bridge would change its tables under them.',
    { remedy: works ? 'stop them, then start this one again' : 'upgrade the workers first, then the bridges' },
  );

interface WorkerLife {
  readonly db: Kysely<Database>;
  readonly generation: Generation;
  /** Names this process; random at each start. */
  readonly process: string;
  readonly debug: (error: unknown) => void;
}

/** Until after this worker has stopped. */
export async function tellWorkerLives({ db, generation, process, debug }: WorkerLife): Promise<Repeated> {
  await noteWorker(db, generation.id, process);
  const telling = repeatEvery(TELL_EVERY_MS, async () => {
    // The part watch reports a journal that is away.
    await noteWorker(db, generation.id, process).catch(debug);
  });
  return {
    stop: async () => {
      await telling.stop();
      await forgetWorker(db, generation.id, process).catch(debug);
    },
  };
}

export const supersededSentence = ({
  version,
  newer,
  works,
}: {
  readonly version: string;
  readonly newer: string;
  readonly works: boolean;
}): string =>
  works
    ? `Driftless ${newer} has taken over the work of this worker (${version}), which stops. Upgrade this process, or end it for good.`
    : `Driftless ${newer} has taken over the work. This bridge (${version}) goes on as it can. Upgrade it now.`;

/** Calls `superseded` once, when a newer version has taken over. */
export function watchForNewer(
  { db, generation, debug }: Omit<WorkerLife, 'process'>,
  superseded: (version: string) => Promise<void>,
  everyMs = LOOK_EVERY_MS,
): Repeated {
  let told = false;
  return repeatEvery(everyMs, async () => {
    if (told) return;
    try {
      const newer = await newerThan(db, generation);
      if (newer === null) return;
      told = true;
      await superseded(newer.version);
    } catch (error) {
      debug(error);
    }
  });
}
