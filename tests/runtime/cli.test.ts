/** The command as a person starts it: which product it finds, what it says, and how it ends. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { COMMANDS } from '../../src/cli/commands.ts';
import { PROGRAMS } from '../../src/cli/programs.ts';
import { type DataLock, holderOf, lockDataFolder } from '../../src/journal/data-lock.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { DEFAULTS } from '../../src/runtime/cli.ts';
import { loadSettings } from '../../src/runtime/config.ts';
import { readyJson, readyText } from '../../src/runtime/ready-note.ts';
import { SETTINGS } from '../../src/runtime/setting-table.ts';
import { ENGINE_ID, type TestBridge, TOKEN, testBridge } from '../support/bridge.ts';
import { freePort } from '../support/free-ports.ts';
import { openTestJournal } from '../support/journal.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const RUN_MS = 60_000;

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly errors: string;
}

const run = (script: string, words: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): Promise<Ran> =>
  new Promise((resolve) => {
    const { PATH, HOME } = process.env;
    const options = { cwd, timeout: RUN_MS, env: { PATH, HOME, ...env } };
    execFile(process.execPath, [join(ROOT, 'scripts', script), ...words], options, (error, out, errors) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, out, errors });
    });
  });

describe('a backup that cannot be', () => {
  it.each([
    [
      ['restore', 'no-such-backup', '--into', 'new'],
      {},
      /no-such-backup is no backup that can be restored: it has no manifest\.json\.\n$/,
    ],
    [
      ['backup'],
      { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' },
      /the journal \(DATABASE_URL\) is outside[^\n]*\nRemedy: Back up [^\n]*\n$/,
    ],
  ])('is one sentence and its remedy: %s', async (words, env, expected) => {
    const folder = await mkdtemp(join(tmpdir(), 'driftless-cli-'));
    try {
      const { code, errors } = await run('driftless.mjs', words, folder, { PORT: `${await freePort()}`, ...env });
      expect({ code, errors }).toEqual({ code: 1, errors: expect.stringMatching(expected) });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('two products on one machine', () => {
  let folder = '';
  let journal: Journal;
  let bridge: TestBridge;
  let lock: DataLock;
  let free = 0;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'driftless-cli-'));
    free = await freePort();
    journal = await openTestJournal();
    bridge = await testBridge({ journal });
    const home = join(folder, '.driftless');
    lock = await lockDataFolder(home, { pid: process.pid, url: bridge.url });
    await writeFile(join(home, 'token'), `${TOKEN}\n`);
  });
  afterAll(async () => {
    if (lock.kind === 'locked') await lock.release();
    await bridge.close();
    await journal.close();
    await rm(folder, { recursive: true });
  });

  it(
    'it speaks to the one whose data folder this is, wherever that listens',
    async () => {
      expect(await holderOf(join(folder, '.driftless'))).toEqual({ pid: process.pid, url: bridge.url });
      expect(await holderOf(folder)).toBeNull();
      const found = await run('driftless.mjs', ['status', '--json'], folder);
      expect(found).toMatchObject({ code: 0, errors: '' });
      expect(JSON.parse(found.out)).toMatchObject({ engine: { engine_id: ENGINE_ID } });
    },
    RUN_MS,
  );

  it(
    'to the one that PORT names, with npm start too, and a stopped one of another folder is not mistaken for it',
    async () => {
      const elsewhere = await run('start.mjs', ['status'], folder, { PORT: String(free) });
      expect(elsewhere.code).toBe(4);
      expect(elsewhere.errors).toContain(`not reachable at http://127.0.0.1:${free}: nothing listens there`);
      const stranger = await run('driftless.mjs', ['status'], tmpdir(), {
        ...{ PORT: String(bridge.port), DRIFTLESS_HOME: join(folder, 'none') },
      });
      expect(stranger.code).toBe(4);
      expect(stranger.errors).toContain('refuses the token');
    },
    RUN_MS,
  );

  it(
    'a wrong word is told in one sentence, before or behind npm start',
    async () => {
      for (const script of ['driftless.mjs', 'start.mjs']) {
        const ran = await run(script, ['statsu'], folder);
        expect(ran).toMatchObject({ code: 2, out: '' });
        expect(ran.errors).toBe("Unknown command 'statsu' (Did you mean status?)\nSee: driftless --help\n");
      }
    },
    RUN_MS,
  );
});

describe('programs of their own', () => {
  it.each([
    ['start', '--what'],
    ['localnet', '--other'],
    ['soak', '--of=nothing'],
    ['backtest', '--what'],
  ])(
    '%s %s is wrong use, and its help is an answer',
    async (name, word) => {
      expect(await run('driftless.mjs', [name, word], tmpdir())).toMatchObject({ code: 2 });
      const help = await run('driftless.mjs', ['help', name], tmpdir());
      expect(help).toMatchObject({ code: 0, errors: '' });
      expect(help.out).toContain('--json');
    },
    RUN_MS,
  );

  it(
    'start says what is wrong as JSON, and where it is once it is ready',
    async () => {
      const ran = await run('driftless.mjs', ['start', '--json', '--what'], tmpdir());
      expect(ran).toMatchObject({ code: 2, errors: '' });
      expect(JSON.parse(ran.out)).toMatchObject({ error: { message: expect.stringContaining('--what') } });
      const settings = loadSettings({ env: {}, dotenv: null, cwd: tmpdir() });
      const note = {
        settings,
        chain: null,
        url: 'http://127.0.0.1:8765',
        token: TOKEN,
        uiUrl: 'http://127.0.0.1:8233',
      };
      expect(JSON.parse(readyJson(note))).toEqual({
        ready: {
          ...{ url: note.url, token: TOKEN, temporal_ui_url: note.uiUrl, mode: 'paper' },
          ...{ engine_id: settings.engineId, home: settings.home },
        },
      });
      expect(readyText(note)).toContain(`Page:        ${note.url}/?token=${TOKEN}`);
    },
    RUN_MS,
  );
});

describe('the table of commands', () => {
  it('has every command of the interface that is here, and each program its script', async () => {
    const { PROGRAMS: scripts } = (await import(join(ROOT, 'scripts/driftless.mjs'))) as { PROGRAMS: object };
    expect(Object.keys(scripts)).toEqual(Object.keys(PROGRAMS));
    for (const name of Object.keys(COMMANDS)) expect(PROGRAMS).not.toHaveProperty(name);
  });

  it('knows where the product is by default', () => {
    for (const [name, fallback] of Object.entries(DEFAULTS)) {
      expect(SETTINGS[name as keyof typeof DEFAULTS].fallback).toBe(fallback);
    }
  });
});
