/** What the command line reads of a product that is down: a copy of a real data folder, which is left as it was. */

import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Client } from '../../src/cli/client.ts';
import { lockDataFolder } from '../../src/journal/data-lock.ts';
import { openJournal } from '../../src/journal/open-journal.ts';
import { ANSWERS, LISTS } from '../../src/protocol/api.ts';
import { openLeft } from '../../src/runtime/left-behind.ts';
import { engineOf, T0, tradeOf } from '../journal/records.ts';
import { makeTestDataFolder } from '../support/pglite-image.ts';

let home = '';
const ENGINE = engineOf({ engineId: 'engine:paper:synthetic:9:0', updatedAtMs: T0 });
const source = (env: NodeJS.ProcessEnv = {}) => ({ env, dotenv: null, cwd: home });

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'driftless-left-'));
  await makeTestDataFolder(join(home, 'journal'), { withSchema: true });
  const journal = await openJournal({ databaseUrl: null, dataDir: join(home, 'journal') });
  await journal.publishEngine(ENGINE);
  await journal.recordTrades([tradeOf({ engineId: ENGINE.engineId })]);
  await journal.close();
});
afterAll(() => rm(home, { recursive: true }));

/** Every file with its size and time: what a look must not change. */
async function stampsOf(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  return await Promise.all(files.sort().map(async (file) => `${file} ${(await stat(file)).mtimeMs}`));
}

it('answers as the product would, says from when it is, and changes nothing', async () => {
  const before = await stampsOf(home);
  const left = await openLeft([join(home, 'no-such'), home], source());
  if (left.kind !== 'copy') throw new Error(left.why);
  expect(left.note).toBe(
    `Driftless does not run. This is read from a copy of the journal in ${home} (last written ${new Date(T0).toISOString()}).`,
  );
  // The lock is free again: a start does not wait for a look.
  const lock = await lockDataFolder(home, { pid: process.pid, url: null });
  expect(lock.kind).toBe('locked');
  if (lock.kind === 'locked') await lock.release();
  const client = new Client(left.place);
  const state = await client.get('/api/state', ANSWERS['/api/state']);
  expect(state.value.engine.engine_id).toBe(ENGINE.engineId);
  const trades = await client.get('/api/trades', LISTS.trades);
  expect(trades.value.items).toHaveLength(1);
  await left.close();
  expect(await stampsOf(home)).toEqual(before);
});

it('leaves a folder alone that is in use, and says by whom', async () => {
  const lock = await lockDataFolder(home, { pid: 4_242, url: 'http://127.0.0.1:9999' });
  const left = await openLeft([home], source());
  expect(left).toEqual({
    kind: 'nothing',
    why: `The data folder ${home} is in use by process 4242: its page is http://127.0.0.1:9999.`,
  });
  if (lock.kind === 'locked') await lock.release();
});

it('says why nothing can be read: no folder, wrong settings, no database', async () => {
  const empty = await mkdtemp(join(tmpdir(), 'driftless-left-'));
  expect(await openLeft([empty], source())).toMatchObject({ why: expect.stringContaining('There is no journal in') });
  expect(await openLeft([home], source({ PORT: 'many' }))).toMatchObject({ why: expect.stringContaining('PORT') });
  const gone = await openLeft([home], source({ DATABASE_URL: 'postgres://nobody:secret@127.0.0.1:1/none' }));
  expect(gone).toMatchObject({ why: expect.stringContaining('cannot be read either') });
  expect(JSON.stringify(gone)).not.toContain('secret');
  await rm(empty, { recursive: true });
});
