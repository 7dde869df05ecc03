/** Doctor on the engines of ENGINES_FILE: what it concludes, and that a thousand of them are a few lines. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { onTestFinished } from '../../localnet/tests/support/on-test-finished.ts';
import { type EngineSight, engines, judgeEngines } from '../../src/doctor/checks/engines.ts';
import { judgeOperations, operations } from '../../src/doctor/checks/operations.ts';
import { settings } from '../../src/doctor/checks/settings.ts';
import type { Configured, Subject } from '../../src/doctor/subject.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { loadSettings } from '../../src/runtime/config.ts';
import { engineOf, operationOf, snapshotAt, T0 } from '../journal/records.ts';
import { openTestJournal } from '../support/journal.ts';

const sight = (name: string, change: Partial<EngineSight> = {}): EngineSight => ({
  ...{ name, feedProblem: null, lacksPaperAccount: false, live: null },
  standing: { kind: 'known', state: 'running', holds: [], hasPosition: false },
  ...change,
});
const standing = (change: object) =>
  ({ standing: { kind: 'known', state: 'running', holds: [], hasPosition: false, ...change } }) as Partial<EngineSight>;
const RUNNING = { runs: true, permissions: 'trading' } as const;
const STOPPED = { runs: false, permissions: 'trading' } as const;
const WATCHING = { runs: false, permissions: 'read-only' } as const;

describe('an engine of ENGINES_FILE', () => {
  it.each<[string, Partial<EngineSight>, Parameters<typeof judgeEngines>[1], string]>([
    ['well', {}, RUNNING, 'pass: 1 of 1 engines of ENGINES_FILE are well.'],
    [
      'new',
      { standing: { kind: 'new' } },
      STOPPED,
      'pass: 1 of 1 engines of ENGINES_FILE are well; 1 begin with the next start.',
    ],
    ['a history that is gone', { feedProblem: 'x.csv is not there.' }, STOPPED, 'fail: calm: x.csv is not there.'],
    ['a lost account', { lacksPaperAccount: true }, STOPPED, 'fail: calm: the journal has lost the paper account.'],
    ['restricted', standing({ holds: ['DELTA_EXPOSED'] }), RUNNING, 'warn: calm: restricted (DELTA_EXPOSED).'],
    ['stopped by a person', standing({ state: 'stopped' }), RUNNING, 'warn: calm: stopped.'],
    [
      'left with a position',
      standing({ hasPosition: true }),
      STOPPED,
      'warn: calm: a position is open and nothing watches it.',
    ],
    [
      'watched with a position',
      standing({ hasPosition: true }),
      RUNNING,
      'pass: 1 of 1 engines of ENGINES_FILE are well.',
    ],
    [
      'unknown to the product',
      { standing: { kind: 'unknown' } },
      RUNNING,
      'warn: calm: the running Driftless does not know it.',
    ],
    [
      'without a sub-account',
      { live: { kind: 'read', hasAccount: false } },
      STOPPED,
      'warn: calm: there is no such sub-account yet.',
    ],
    [
      'with nothing to watch',
      { live: { kind: 'failed', code: 'USER_NOT_INITIALISED' } },
      WATCHING,
      'fail: calm: there is no such sub-account to watch.',
    ],
    [
      'unread',
      { live: { kind: 'failed', code: 'RPC_TIMEOUT' } },
      STOPPED,
      'fail: calm: the account cannot be read (RPC_TIMEOUT).',
    ],
  ])('%s', (_case, change, around, first) => {
    const said = judgeEngines([sight('calm', change)], around);
    expect(`${said[0]?.verdict}: ${said[0]?.message}`).toBe(first);
    for (const { verdict, remedy } of said) expect(remedy === null).toBe(verdict === 'pass');
  });

  it('of a thousand with the same trouble there is one line', () => {
    const many = Array.from({ length: 1_000 }, (_, index) =>
      sight(`e${index}`, index < 990 ? standing({ holds: ['DELTA_EXPOSED', 'cooldown'] }) : {}),
    );
    expect(judgeEngines(many, RUNNING).map(({ message }) => message)).toEqual([
      'e0, e1, e2, e3, e4, e5, e6, e7 and 982 more: restricted (DELTA_EXPOSED).',
      'e0, e1, e2, e3, e4, e5, e6, e7 and 982 more: restricted (cooldown).',
      '10 of 1000 engines of ENGINES_FILE are well.',
    ]);
    const open = Array.from({ length: 30 }, (_, index) => ({
      id: `op${index}`,
      kind: 'close',
      status: 'unresolved',
      engine: 'calm',
    }));
    const said = judgeOperations(open, true);
    expect(said).toHaveLength(11);
    expect(said[0]).toMatchObject({
      remedy: expect.stringContaining('driftless resolve op0 --verdict landed or failed --engine calm'),
    });
  });
});

describe('a stopped product', () => {
  const subjectOf = async (tables: object, journal: Journal | null): Promise<Subject> => {
    const folder = await mkdtemp(join(tmpdir(), 'driftless-doctor-engines-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const path = join(folder, 'engines.json');
    await writeFile(path, JSON.stringify(tables));
    return {
      settings: loadSettings({ cwd: folder, dotenv: null, env: { ENGINES_FILE: path } }),
      settingErrors: [],
      product: async () => null,
      journal: async () =>
        journal === null
          ? { kind: 'none' }
          : { kind: 'open', where: 'here', schema: { kind: 'current' }, journal, aheadMs: null },
    } as unknown as Subject;
  };
  const said = async (subject: Subject) =>
    (await engines.run(subject as Configured)).map(({ verdict, message }) => `${verdict}: ${message}`);

  it('before its first start', async () => {
    const tables = { calm: { DRIFT_SUB_ACCOUNT: 1 }, gone: { MARKET_FEED: 'replay:none.csv' } };
    expect(await said(await subjectOf(tables, null))).toEqual([
      expect.stringMatching(/^fail: gone: .*none\.csv/),
      'pass: 1 of 2 engines of ENGINES_FILE are well; 2 begin with the next start.',
    ]);
    expect(await said(await subjectOf({}, null))).toEqual([]);
  });

  it('with an account that is lost, and an operation of one of them', async () => {
    const journal = await openTestJournal();
    onTestFinished(() => journal.close());
    const subject = await subjectOf({ calm: { DRIFT_SUB_ACCOUNT: 1 }, bold: { DRIFT_SUB_ACCOUNT: 2 } }, journal);
    const calm = subject.settings?.engines[0]?.engineId ?? '';
    await journal.publishEngine(engineOf({ engineId: calm, holds: [] }));
    await journal.recordSnapshot({ engineId: calm, generation: 1, attempt: 1 }, snapshotAt(T0));
    await journal.openOperation(operationOf({ operationId: 'op-1', engineId: calm, status: 'unresolved' }));
    const lines = await said(subject);
    expect(lines[0]).toBe('fail: calm: the journal has lost the paper account.');
    expect(lines.at(-1)).toBe('pass: 1 of 2 engines of ENGINES_FILE are well; 1 begin with the next start.');
    expect(await operations.run(subject as Configured)).toMatchObject([
      { verdict: 'fail', message: 'The outcome of deposit op-1 is unknown (calm).' },
    ]);
  });

  it('a file with hundreds of wrong settings is a page of lines', async () => {
    const settingErrors = Array.from({ length: 300 }, () => ({
      setting: 'ENGINES_FILE',
      got: 'x',
      expected: 'y',
      problem: 'z',
    }));
    const found = await settings.run({ settings: null, settingErrors, source: { env: {} } } as unknown as Configured);
    expect(found).toHaveLength(21);
    expect(found[0]?.remedy).toContain('ENGINES_FILE');
    expect(found.at(-1)?.message).toBe('And 280 more.');
  });
});
