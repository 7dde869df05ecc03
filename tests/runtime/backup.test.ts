/** A backup as files: what is in it, what is refused, and what a restored folder is. docs/architecture/backup.md. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { lockDataFolder } from '../../src/journal/data-lock.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { openJournal } from '../../src/journal/open-journal.ts';
import { backupStopped, moveBackup, restoreBackup } from '../../src/runtime/backup-files.ts';
import { readManifest } from '../../src/runtime/backup-manifest.ts';
import { backupRunning } from '../../src/runtime/backup-running.ts';
import { lastBackup } from '../../src/runtime/last-backup.ts';
import { makeBackup } from '../../src/runtime/make-backup.ts';
import { heldStill } from '../../src/runtime/processes.ts';
import { readRestored } from '../../src/runtime/restored-folder.ts';
import { copyTemporalStore } from '../../src/runtime/temporal-store.ts';
import { commandOf, engineOf, T0 } from '../journal/records.ts';
import { makeTestDataFolder } from '../support/pglite-image.ts';

const ENGINE = engineOf({ engineId: 'engine:paper:synthetic:9:0', updatedAtMs: T0, sequence: 7 });
const TEMPORAL = 'SQLite format 3\0 of a test';
/** What must be in no backup. */
const SECRETS = ['token-of-the-data-folder-81aa', 'payload-key-of-the-data-folder-33ee', 'ALERT_TELEGRAM_TOKEN=99:abc'];

let root = '';
/** A data folder with everything in it that a product keeps there. */
let home = '';
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'driftless-backup-'));
  home = join(root, 'home');
  await makeTestDataFolder(join(home, 'journal'), { withSchema: true });
  const journal = await openJournal({ databaseUrl: null, dataDir: join(home, 'journal') });
  await journal.publishEngine(ENGINE);
  await journal.close();
  await writeFile(join(home, 'temporal.db'), TEMPORAL);
  await writeFile(join(home, 'temporal.db-journal'), 'of a write that was cut off');
  await mkdir(join(home, 'cache'));
  await mkdir(join(home, 'logs'));
  for (const [index, name] of ['token', 'payload-keys', '.env'].entries())
    await writeFile(join(home, name), `${SECRETS[index]}\n`);
});
afterAll(() => rm(root, { recursive: true, force: true }));

let scratch = '';
beforeEach(async () => {
  scratch = await mkdtemp(join(root, 'case-'));
});

const source = (env: NodeJS.ProcessEnv = {}) => ({ env, dotenv: null, cwd: root });

async function backedUp(): Promise<string> {
  const stopped = await backupStopped([home], '0.9.0', source());
  if (stopped.kind === 'nothing') throw new Error(stopped.why);
  const folder = join(scratch, 'backup');
  await moveBackup(stopped.made.folder, folder);
  return folder;
}

/** Of a data folder whose journal is two files: nothing opens it. */
async function smallBackup(): Promise<string> {
  const small = join(scratch, 'home');
  await mkdir(small, { recursive: true });
  const made = await makeBackup({
    ...{ home: small, version: '0.9.0', clock: { nowMs: () => T0 }, madeWhile: 'stopped' },
    workflowSequences: async () => new Map(),
    copyTemporal: (into) => copyTemporalStore(home, into),
    async copyJournal(folder) {
      await mkdir(folder);
      for (const name of ['row', 'log']) await writeFile(join(folder, name), name);
      return { journalId: 'journal-1', engines: [ENGINE], migrations: ['0001-journal'] };
    },
  });
  const folder = join(scratch, 'backup');
  await moveBackup(made.folder, folder);
  return folder;
}

const filesBelow = async (folder: string): Promise<readonly string[]> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
};

describe('of a stopped product', () => {
  it('has both stores, their numbers and checksums, and no key or token', async () => {
    const folder = await backedUp();
    expect((await readdir(folder)).sort()).toEqual(['journal', 'manifest.json', 'temporal.db', 'temporal.db-journal']);
    const manifest = await readManifest(folder);
    expect(manifest).toMatchObject({ version: '0.9.0', made_while: 'stopped' });
    expect(manifest.engines).toEqual([
      {
        ...{ engine_id: ENGINE.engineId, mode: ENGINE.mode, epoch: ENGINE.epoch },
        ...{ journal_sequence: 7, workflow_sequence: null },
      },
    ]);
    const temporal = manifest.files.find(({ path }) => path === 'temporal.db');
    expect(temporal?.sha256).toBe(createHash('sha256').update(TEMPORAL).digest('hex'));
    for (const file of await filesBelow(folder)) {
      const bytes = await readFile(file);
      for (const secret of SECRETS) expect({ file, found: bytes.includes(secret) }).toEqual({ file, found: false });
    }
    expect(await lastBackup(home)).toMatchObject({ folder });
    if (process.platform !== 'win32') expect((await stat(folder)).mode & 0o077).toBe(0);
    const into = join(scratch, 'restored');
    expect(await restoreBackup(folder, into)).toMatchObject({ folder: into, engines: [ENGINE.engineId] });
    expect((await readdir(into)).sort()).toEqual(['journal', 'restored.json', 'temporal.db', 'temporal.db-journal']);
    expect(readRestored(into)).toMatchObject({
      ...{ backup_made_at: manifest.made_at, workflows_ended: false, confirmed_at: null, compared: [] },
    });
  });

  it('is not made of a folder that another process has, and of stores that are elsewhere', async () => {
    const lock = await lockDataFolder(home, { pid: 4_242, url: null });
    try {
      expect(await backupStopped([home], '0.9.0', source())).toMatchObject({
        kind: 'nothing',
        why: expect.stringContaining('4242') as unknown as string,
      });
    } finally {
      if (lock.kind === 'locked') await lock.release();
    }
    const elsewhere = source({ DATABASE_URL: 'postgres://user:secret-word@db/driftless' });
    const refused = await backupStopped([home], '0.9.0', elsewhere).catch((error: unknown) => error);
    expect(refused).toMatchObject({
      code: 'EXTERNAL_STORES',
      details: { remedy: expect.stringMatching(/Temporal’s database first.*pg_dump/) },
    });
    expect(JSON.stringify(refused)).not.toContain('secret-word');
  });
});

describe('of a running product', () => {
  let journal: Journal;
  afterEach(() => journal.close());

  it('copies Temporal first and the journal second, while others write to it', async () => {
    journal = await openJournal({ databaseUrl: null, dataDir: join(home, 'journal') });
    const order: string[] = [];
    let writing = true;
    const writer = (async () => {
      for (let index = 0; writing; index += 1) {
        await journal.admitCommand(commandOf({ commandId: `busy-${index}`, engineId: ENGINE.engineId }));
        // PGlite answers within this turn of the event loop: without a pause nothing else would run.
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    const made = await backupRunning({
      settings: { home, databaseUrl: null, temporal: { address: null } as never },
      version: '0.9.0',
      clock: { nowMs: () => T0 },
      journal: new Proxy(journal, {
        get(target, name) {
          if (name === 'copyTo') order.push('journal');
          const member: unknown = Reflect.get(target, name);
          return typeof member === 'function' ? member.bind(target) : member;
        },
      }),
      gateway: { state: async () => ({ ...ENGINE, sequence: 6 }) },
      copyStore: async (into) => {
        order.push('temporal');
        await copyTemporalStore(home, into);
      },
    });
    writing = false;
    await writer;
    expect(order.at(-1)).toBe('temporal');
    expect(made.engines).toEqual([expect.objectContaining({ journal_sequence: 7, workflow_sequence: 6 })]);
    const into = join(scratch, 'restored');
    await restoreBackup(made.folder, into);
    const copy = await openJournal({ databaseUrl: null, dataDir: join(into, 'journal') });
    expect((await copy.engine(ENGINE.engineId))?.sequence).toBe(7);
    await copy.close();
    expect(
      await backupRunning({
        settings: { home, databaseUrl: 'postgres://db', temporal: { address: null } as never },
        version: '0.9.0',
        clock: { nowMs: () => T0 },
        ...{ journal, gateway: { state: async () => ENGINE }, copyStore: null },
      }).catch((error: unknown) => error),
    ).toMatchObject({ code: 'EXTERNAL_STORES' });
  });
});

describe('restored', () => {
  it('is refused into a folder that holds something, which stays as it is', async () => {
    const backup = await smallBackup();
    const into = join(scratch, 'full');
    await mkdir(into);
    await writeFile(join(into, 'mine'), 'mine');
    await expect(restoreBackup(backup, into)).rejects.toMatchObject({ code: 'FOLDER_NOT_EMPTY' });
    await expect(restoreBackup(backup, home)).rejects.toMatchObject({ code: 'FOLDER_NOT_EMPTY' });
    expect(await readdir(into)).toEqual(['mine']);
  });

  const damage: Readonly<Record<string, (backup: string) => Promise<unknown>>> = {
    'a byte more': (backup) => appendFile(join(backup, 'temporal.db'), '!'),
    'another byte': async (backup) => {
      const file = join(backup, 'journal', 'row');
      await writeFile(file, (await readFile(file, 'latin1')).replace(/./, '9'));
    },
    'a file missing': (backup) => rm(join(backup, 'temporal.db-journal')),
    'a file more': (backup) => writeFile(join(backup, 'journal', 'more'), ''),
    'no manifest': (backup) => rm(join(backup, 'manifest.json')),
    'a damaged manifest': (backup) => writeFile(join(backup, 'manifest.json'), '{"format": 1, "files": '),
    'a manifest that names another place': async (backup) => {
      const file = join(backup, 'manifest.json');
      await writeFile(file, (await readFile(file, 'utf8')).replace('"temporal.db"', '"journal/../../token"'));
    },
    'a newer format': async (backup) => {
      const file = join(backup, 'manifest.json');
      await writeFile(file, (await readFile(file, 'utf8')).replace('"format": 1', '"format": 2'));
    },
  };
  it.each(Object.keys(damage))('is refused with %s, and nothing is left', async (name) => {
    const backup = await smallBackup();
    await damage[name]?.(backup);
    const into = join(scratch, 'restored');
    await expect(restoreBackup(backup, into)).rejects.toMatchObject({ code: 'BACKUP_INVALID' });
    expect((await readdir(scratch)).sort()).toEqual(['backup', 'home']);
  });

  it('is refused, and a backup not moved, where no folder can be made', async () => {
    const backup = await smallBackup();
    await writeFile(join(scratch, 'file'), 'mine');
    const below = join(scratch, 'file', 'below');
    for (const work of [restoreBackup, moveBackup]) {
      await expect(work(backup, below)).rejects.toMatchObject({ code: 'FOLDER_UNUSABLE', details: { folder: below } });
    }
    expect(await readdir(backup)).toContain('manifest.json');
  });

  it('is refused when a newer Driftless wrote the journal', async () => {
    const backup = await smallBackup();
    const file = join(backup, 'manifest.json');
    await writeFile(file, (await readFile(file, 'utf8')).replace('"0001-journal"', '"9999-later"'));
    await expect(restoreBackup(backup, join(scratch, 'restored'))).rejects.toMatchObject({ code: 'JOURNAL_SCHEMA' });
  });

  it('does not start when its note cannot be read', async () => {
    const into = join(scratch, 'restored');
    await restoreBackup(await smallBackup(), into);
    await writeFile(join(into, 'restored.json'), '{}');
    expect(() => readRestored(into)).toThrow(expect.objectContaining({ code: 'DATA_FOLDER_INVALID' }));
  });
});

const onlyWithSignals = process.platform === 'win32' ? it.skip : it;

describe('a process that is held still', () => {
  let child: ChildProcess;
  afterEach(() => void child.kill('SIGKILL'));

  onlyWithSignals('writes nothing meanwhile, and goes on afterwards', async () => {
    const file = join(scratch, 'written');
    const program = 'setInterval(() => require("node:fs").appendFileSync(process.argv[1], "x"), 1)';
    child = spawn(process.execPath, ['-e', program, file], { stdio: 'ignore' });
    await once(child, 'spawn');
    const size = async () => (await stat(file).catch(() => null))?.size ?? 0;
    const grows = async (from: number) => {
      while ((await size()) <= from) await new Promise((resolve) => setTimeout(resolve, 5));
    };
    await grows(0);
    const { pid } = child;
    if (pid === undefined) throw new Error('no process');
    const held = await heldStill(pid, 30_000, async () => {
      const before = await size();
      await new Promise((resolve) => setTimeout(resolve, 60));
      expect(await size()).toBe(before);
      return before;
    });
    await grows(held);
    await expect(heldStill(pid, 30_000, () => Promise.reject(new Error('no room')))).rejects.toThrow('no room');
    await grows(await size());
  });
});
