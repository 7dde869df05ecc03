import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openJournal } from '../../src/journal/open-journal.ts';
import { itLong, LONG } from '../support/long.ts';
import { makeTestDataFolder } from '../support/pglite-image.ts';
import { startChild } from './child-process.ts';

const TIMEOUT_MS = 240_000;
/** Of each process until it is killed. */
const WRITES = LONG ? [4, 17, 60] : [17];
let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'driftless-crash-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

describe('the embedded journal under SIGKILL', () => {
  it(
    'reopens with everything that was acknowledged, and no transaction by halves',
    async () => {
      const dataDir = join(home, 'journal');
      await makeTestDataFolder(dataDir);
      const acknowledged: string[] = [];
      for (const [run, writes] of WRITES.entries()) {
        const child = startChild('./journal-child.ts', [dataDir, String(run)]);
        await child.line((line) => Number(line) >= writes);
        await child.kill('SIGKILL');
        for (const line of child.lines) if (line !== 'open') acknowledged.push(`${run}-${line}`);
      }
      expect(acknowledged.length).toBeGreaterThanOrEqual(WRITES.reduce((sum, writes) => sum + writes + 1, 0));
      const journal = await openJournal({ databaseUrl: null, dataDir });
      const rows = await journal.db.selectFrom('alerts').select('id').execute();
      const ids = new Set(rows.map((row) => row.id));
      for (const id of acknowledged) expect([id, ids.has(`${id}-a`), ids.has(`${id}-b`)]).toEqual([id, true, true]);
      for (const id of ids) expect(ids.has(id.replace(/.$/, id.endsWith('a') ? 'b' : 'a'))).toBe(true);
      expect(await journal.latestSnapshot('engine')).not.toBeNull();
      await journal.close();
    },
    TIMEOUT_MS,
  );

  itLong(
    'recovers from a first start that was killed while it made the database',
    async () => {
      const dataDir = join(home, 'journal');
      const unfinished = () => readdirSync(home).some((name) => name.endsWith('.unfinished'));
      for (const pauseMs of [0, 300, 900]) {
        const child = startChild('./journal-child.ts', [dataDir, '0']);
        while (!unfinished()) await new Promise((resolve) => setTimeout(resolve, 5));
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
        await child.kill('SIGKILL');
      }
      const journal = await openJournal({ databaseUrl: null, dataDir });
      await journal.ping();
      await journal.close();
      expect(existsSync(dataDir)).toBe(true);
      expect(unfinished()).toBe(false);
    },
    TIMEOUT_MS,
  );
});
