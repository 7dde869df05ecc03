/** One version after another on one journal: who may begin, who ends, who waits. docs/architecture/upgrade.md. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { sql } from 'kysely';
import { waitUntil } from '../../localnet/tests/support/until.ts';
import { noteChanges, notedChanges } from '../../src/journal/generations.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { knownMigrations } from '../../src/journal/migrate.ts';
import {
  enter,
  generationOf,
  supersededSentence,
  takeOver,
  tellWorkerLives,
  thisGeneration,
  watchForNewer,
} from '../../src/runtime/generation.ts';
import { WORKFLOW_CHANGES } from '../../workflows/changes.ts';
import { openTestJournal } from '../support/journal.ts';

const OLD = generationOf('0.1.0', ['0001-journal', 'left-open']);
const NEW = generationOf('0.2.0', [...OLD.changes, '0002-later', 'closes-twice']);
const OTHER = generationOf('0.1.1', [...OLD.changes, 'another-way']);
const SOON = { patienceMs: 300, silentAfterMs: 60_000 };

let journal: Journal;
let said: string[];
beforeAll(async () => {
  journal = await openTestJournal();
});
afterAll(async () => await journal.close());
beforeEach(async () => {
  said = [];
  await journal.db.deleteFrom('meta').where('key', 'like', 'change %').execute();
  await journal.db.deleteFrom('meta').where('key', 'like', 'worker %').execute();
});

const debug = (error: unknown): void => {
  throw error;
};
const say = (line: string) => said.push(line);
const successionOf = (generation: typeof OLD, process: string | null, works: boolean) => ({
  generation,
  process: process === null ? null : `${generation.version}-${process}`,
  works,
  say,
});
const start = async (generation: typeof OLD, { works = true, process = 'p' as string | null, times = SOON } = {}) => {
  const succession = successionOf(generation, process, works);
  await enter(journal.db, succession, times);
  if (works) await takeOver(journal.db, succession, times);
};
const lives = (generation: typeof OLD, process: string) =>
  tellWorkerLives({ db: journal.db, generation, process: `${generation.version}-${process}`, debug });

describe('versions of Driftless on one journal', () => {
  it('the same version starts beside itself, and again', async () => {
    const first = await lives(OLD, 'a');
    await start(OLD, { process: 'b' });
    await start(OLD, { process: 'c' });
    expect(said).toEqual([]);
    await first.stop();
  });

  it('an older version is refused after a newer one, in every role, and told what to do', async () => {
    await start(NEW);
    for (const works of [true, false]) {
      await expect(start(OLD, { works })).rejects.toMatchObject({
        code: 'JOURNAL_SCHEMA',
        message: expect.stringMatching(/Driftless 0\.2\.0 .* This is 0\.1\.0.* 0002-later, closes-twice\./),
        details: { remedy: expect.stringMatching(/start Driftless 0\.2\.0 or a later one.*restore a backup/) },
      });
    }
    await expect(start(OTHER, { process: null })).rejects.toMatchObject({ code: 'JOURNAL_SCHEMA' });
    // A refused one counts as no worker.
    await start(NEW, { process: 'again' });
    expect(said).toEqual([]);
  });

  it('a newer version that changes nothing may be taken back', async () => {
    const patch = generationOf('0.1.2', OLD.changes);
    await start(patch);
    await start(OLD);
    expect(patch.id).toBe(OLD.id);
    expect((await notedChanges(journal.db)).map(({ version }) => version)).toEqual(['0.1.2', '0.1.2']);
  });

  it('an older worker ends, and the newer one waits until it has', async () => {
    const older = await lives(OLD, 'a');
    await noteChanges(journal.db, OLD.changes, OLD.version);
    let endedBy = '';
    const watch = watchForNewer(
      { db: journal.db, generation: OLD, debug },
      async (newer) => {
        endedBy = newer;
        await older.stop();
      },
      20,
    );
    await start(NEW, { times: { patienceMs: 30_000, silentAfterMs: 60_000 } });
    expect(endedBy).toBe('0.2.0');
    expect(said).toEqual([expect.stringContaining('Waiting until they have stopped')]);
    await watch.stop();
  });

  it('a worker that died does not keep the newer one waiting', async () => {
    await journal.db
      .insertInto('meta')
      .values({ key: `worker ${OLD.id} died`, value: String(Date.now() - 3_600_000) })
      .execute();
    await start(NEW);
    expect(said).toEqual([]);
  });

  it('an older worker that does not end keeps the newer one from starting', async () => {
    const older = await lives(OLD, 'a');
    await expect(start(NEW)).rejects.toMatchObject({
      code: 'JOURNAL_SCHEMA',
      details: { remedy: expect.stringContaining('stop them') },
    });
    await older.stop();
  });

  describe('while the tables are of the older version', () => {
    const last = async () => String((await knownMigrations()).at(-1));
    beforeEach(async () => {
      await sql`DELETE FROM kysely_migration WHERE name = ${await last()}`.execute(journal.db);
    });
    afterEach(async () => {
      await sql`INSERT INTO kysely_migration (name, timestamp) VALUES (${await last()}, 'now')`.execute(journal.db);
    });

    it('a newer worker takes over before it changes them', async () => {
      const older = await lives(OLD, 'a');
      await expect(enter(journal.db, successionOf(NEW, 'b', true), SOON)).rejects.toMatchObject({
        details: { remedy: expect.stringContaining('stop them') },
      });
      await older.stop();
      await enter(journal.db, successionOf(NEW, 'b', true), SOON);
      await expect(start(OLD)).rejects.toMatchObject({ code: 'JOURNAL_SCHEMA' });
    });

    it('a newer bridge ends nobody: it waits for a worker of its version', async () => {
      const older = await lives(OLD, 'a');
      await noteChanges(journal.db, OLD.changes, OLD.version);
      await expect(start(NEW, { works: false })).rejects.toMatchObject({
        details: { remedy: expect.stringContaining('upgrade the workers first') },
      });
      expect((await notedChanges(journal.db)).map(({ name }) => name)).toEqual([...OLD.changes].sort());
      await older.stop();
      await start(NEW, { works: false });
    });
  });

  it('a newer worker that fails before it polls leaves the older ones as they are', async () => {
    const older = await lives(OLD, 'a');
    await start(OLD);
    await enter(journal.db, successionOf(NEW, 'b', true), SOON);
    await start(OLD, { process: 'again' });
    expect(said).toEqual([]);
    expect((await notedChanges(journal.db)).map(({ name }) => name)).toEqual([...OLD.changes].sort());
    await older.stop();
  });

  it('what is noted is told once', async () => {
    let told = 0;
    const watch = watchForNewer(
      { db: journal.db, generation: OLD, debug },
      async () => {
        told += 1;
      },
      5,
    );
    await noteChanges(journal.db, NEW.changes, NEW.version);
    await waitUntil('a word', () => told > 0, { withinMs: 30_000, everyMs: 5 });
    await noteChanges(journal.db, OTHER.changes, OTHER.version);
    await watch.stop();
    expect(told).toBe(1);
    expect(supersededSentence({ version: '0.1.0', newer: '0.2.0', works: true })).toMatch(
      /0\.2\.0 has taken over .*Upgrade/,
    );
    expect(supersededSentence({ version: '0.1.0', newer: '0.2.0', works: false })).toMatch(
      /This bridge \(0\.1\.0\) goes on/,
    );
  });

  it('this one knows its migrations and what its workflows changed', async () => {
    const { changes } = await thisGeneration('0.1.0');
    expect(changes).toEqual(expect.arrayContaining(['0001-journal', ...WORKFLOW_CHANGES]));
  });
});
