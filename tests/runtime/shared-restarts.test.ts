import { expect, it } from '@jest/globals';
import { onTestFinished } from '../../localnet/tests/support/on-test-finished.ts';
import { keepEngineRunning } from '../../src/runtime/engine-guardian.ts';
import { journalAlerts } from '../support/alerts.ts';
import { SILENT, until } from '../support/engine-harness.ts';
import { openTestJournal } from '../support/journal.ts';

const clock = { nowMs: () => Date.now() };

it('restarts are counted for all workers together, and for one that is started anew', async () => {
  const journal = await openTestJournal();
  onTestFinished(async () => await journal.close());
  const engineId = 'engine:paper:test:0';
  const run = { number: 1, isRunning: true };
  const worker = () => {
    const guardian = keepEngineRunning(
      {
        ...{ engineId, journal, clock, logger: SILENT, alerts: journalAlerts(journal) },
        engineRuns: async () => run.isRunning,
        lastRunId: async () => `run ${run.number}`,
        // As Temporal: whoever comes second finds it running.
        startEngine: async () => {
          if (!run.isRunning) Object.assign(run, { number: run.number + 1, isRunning: true });
        },
      },
      20,
    );
    onTestFinished(guardian.stop);
  };
  const told = async (code: string, kind = 'alert') => {
    const { items } = await journal.alerts({ engineId, limit: 100 });
    return items.filter((alert) => alert.code === code && alert.kind === kind).length;
  };
  worker();
  worker();
  for (let ends = 1; ends <= 3; ends += 1) {
    run.isRunning = false;
    await until('a restart', async () => run.isRunning && (await told('ENGINE_RESTARTED')) === ends);
  }
  worker();
  run.isRunning = false;
  await until('left down', async () => (await told('ENGINE_STAYS_DOWN')) === 1);
  expect(run).toEqual({ number: 4, isRunning: false });
  // A person starts it: whichever worker sees it says that it runs.
  Object.assign(run, { number: 5, isRunning: true });
  await until('said to run', async () => (await told('ENGINE_STAYS_DOWN', 'recovered')) === 1);
  expect(await told('ENGINE_RESTARTED')).toBe(3);
});
