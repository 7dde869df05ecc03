import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, utimesSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { onTestFinished } from '../../localnet/tests/support/on-test-finished.ts';
import type { Readiness } from '../../src/bridge/ports.ts';
import { notingHealth } from '../../src/runtime/health-note.ts';
import { READY } from '../support/bridge.ts';

function folder(): string {
  const home = mkdtempSync(join(tmpdir(), 'driftless-health-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  return home;
}

/** As a container's probe runs it. */
function probe(home: string, ...words: string[]): { readonly ok: boolean; readonly said: string } {
  const { status, stderr } = spawnSync(process.execPath, ['scripts/healthy.mjs', ...words], {
    env: { ...process.env, DRIFTLESS_HOME: home },
    encoding: 'utf8',
  });
  return { ok: status === 0, said: stderr.trim() };
}

it('a worker is alive while it looks at its parts, and ready while they answer', async () => {
  const home = folder();
  expect(probe(home)).toMatchObject({ ok: false, said: expect.stringContaining('ENOENT') });

  let found: Readiness = READY;
  const look = notingHealth(home, async () => found);
  expect(await look()).toBe(READY);
  expect(probe(home)).toMatchObject({ ok: true });
  expect(probe(home, 'ready')).toMatchObject({ ok: true });

  found = { ...READY, journal: { ok: false, detail: 'cannot be written' } };
  await look();
  expect(probe(home)).toMatchObject({ ok: true });
  expect(probe(home, 'ready')).toEqual({ ok: false, said: 'not ready, journal: cannot be written' });

  const before = new Date(Date.now() - 60_000);
  utimesSync(join(home, `health.${hostname()}`), before, before);
  expect(probe(home)).toMatchObject({ ok: false, said: expect.stringMatching(/is 6\d s old/) });
});

it('a market without prices does not take a worker away', async () => {
  const home = folder();
  await notingHealth(home, async () => ({ ...READY, feed: { ok: false, detail: 'its data has ended' } }))();
  expect(probe(home, 'ready')).toMatchObject({ ok: true });
});
