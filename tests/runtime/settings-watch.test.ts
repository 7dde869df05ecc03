import { expect, it } from '@jest/globals';
import { pino } from 'pino';
import { onTestFinished } from '../../localnet/tests/support/on-test-finished.ts';
import { waitUntil } from '../../localnet/tests/support/until.ts';
import { DEFAULT_POLICY, type PolicyJson } from '../../src/domain/hedge/policy.ts';
import { watchSettings } from '../../src/runtime/settings-watch.ts';
import { engineOf, newEngineId } from '../journal/records.ts';
import { journalAlerts } from '../support/alerts.ts';
import { openTestJournal } from '../support/journal.ts';

it('a process with other settings than those in force says so once, also after its restart', async () => {
  const journal = await openTestJournal();
  const engineId = newEngineId();
  const lines: string[] = [];
  let looks = 0;
  const watch = (policy: PolicyJson) =>
    watchSettings(
      {
        journal: {
          engine: async (id) => {
            looks += 1;
            return await journal.engine(id);
          },
        },
        alerts: journalAlerts(journal),
        clock: { nowMs: () => 1_000 },
        logger: pino({ level: 'warn' }, { write: (line) => void lines.push(line) }),
        ...{ engineId, policy },
      },
      20,
    );
  const looked = async () => {
    const until = looks + 4;
    await waitUntil('more looks', async () => looks >= until, { withinMs: 30_000, everyMs: 10 });
  };
  const alerts = async () => (await journal.alerts({ engineId, limit: 10 })).items;
  const inForce = { ...DEFAULT_POLICY, maxLeverage: 3, guard: false };
  let watching = watch(DEFAULT_POLICY);
  onTestFinished(async () => {
    await watching.stop();
    await journal.close();
  });

  await looked();
  await journal.publishEngine(engineOf({ engineId, sequence: 1, policy: DEFAULT_POLICY }));
  await looked();
  expect(await alerts()).toEqual([]);
  await journal.publishEngine(engineOf({ engineId, sequence: 2, policy: inForce }));
  await looked();
  const [alert] = await alerts();
  expect(alert).toMatchObject({ code: 'SETTINGS_DIFFER', details: { settings: ['MAX_LEVERAGE', 'GUARD'] } });
  expect(lines).toHaveLength(1);

  await watching.stop();
  watching = watch(DEFAULT_POLICY);
  await looked();
  expect(await alerts()).toHaveLength(1);
});
