import { expect, it } from '@jest/globals';
import { pino } from 'pino';
import { onTestFinished } from '../../localnet/tests/support/on-test-finished.ts';
import { waitUntil } from '../../localnet/tests/support/until.ts';
import { AlertChannels } from '../../src/alerts/channels.ts';
import { journalChannel } from '../../src/alerts/journal-channel.ts';
import type { Readiness } from '../../src/bridge/ports.ts';
import { watchParts } from '../../src/runtime/part-watch.ts';
import { newEngineId } from '../journal/records.ts';
import { READY } from '../support/bridge.ts';
import { openTestJournal } from '../support/journal.ts';

const SILENT = pino({ level: 'silent' });
const DOWN = { ok: false, detail: 'the disk is full' };

it('a part that is gone is told at once while the journal cannot be written, kept once it can, and over', async () => {
  const journal = await openTestJournal();
  const engineId = newEngineId();
  let found: Readiness = READY;
  let writable = true;
  const told: string[] = [];
  const kept = journalChannel(journal);
  const alerts = new AlertChannels(SILENT)
    .add({
      ...kept,
      deliver: async (alert) => {
        if (!writable) throw new Error('no space left on device');
        await kept.deliver(alert, 'here');
      },
    })
    .add({ name: 'sockets', deliver: (alert) => void told.push(`${alert.kind} ${alert.code}`) });
  const watch = () =>
    watchParts(
      {
        readiness: async () => found,
        clock: { nowMs: () => Date.now() },
        logger: SILENT,
        ...{ journal, alerts, engineId },
      },
      20,
    );
  const inJournal = async () =>
    (await journal.alerts({ engineId, limit: 20 })).items.map(({ kind, code }) => `${kind} ${code}`);
  const until = (what: string, met: () => boolean | Promise<boolean>) =>
    waitUntil(what, met, { withinMs: 30_000, everyMs: 20 });
  let watching = watch();
  onTestFinished(async () => {
    await watching.stop();
    await journal.close();
  });

  [found, writable] = [{ ...READY, journal: DOWN, temporal: DOWN, worker: DOWN }, false];
  await until('both', () => told.length === 2);
  expect([...told].sort()).toEqual(['alert JOURNAL_UNAVAILABLE', 'alert TEMPORAL_UNAVAILABLE']);
  expect(await inJournal()).toEqual([]);

  writable = true;
  await until('kept', async () => (await inJournal()).length === 2);
  expect(told).toHaveLength(2);

  // Its process ends, and the next one finds all well.
  await watching.stop();
  found = READY;
  watching = watch();
  await until('the ends', async () => (await inJournal()).length === 4);
  expect((await inJournal()).filter((line) => line.startsWith('recovered')).sort()).toEqual([
    'recovered JOURNAL_UNAVAILABLE',
    'recovered TEMPORAL_UNAVAILABLE',
  ]);

  found = { ...READY, worker: { ok: false, detail: 'no worker answers for the engine' } };
  await until('no worker', () => told.includes('alert WORKER_UNAVAILABLE'));
  found = READY;
  await until('a worker', () => told.includes('recovered WORKER_UNAVAILABLE'));
});
