import { afterEach, expect, it } from '@jest/globals';
import { onTestFinished } from '../../localnet/tests/support/on-test-finished.ts';
import { temporalGateway } from '../../src/bridge/temporal-gateway.ts';
import { keepEngineRunning } from '../../src/runtime/engine-guardian.ts';
import { lastRunId, startEngine, workflowLookup } from '../../src/runtime/engine-start.ts';
import { readinessOf } from '../../src/runtime/readiness.ts';
import { journalAlerts } from '../support/alerts.ts';
import { EngineHarness, lamportsOf, SILENT, until } from '../support/engine-harness.ts';
import { itLong } from '../support/long.ts';
import { SteadyFeed } from '../support/steady-feed.ts';
import { temporalAddress } from '../support/temporal-address.ts';

const OPEN = { kind: 'open', market: 'SOL-PERP', size: lamportsOf(-2) } as const;
const CLOSE = { kind: 'close', market: 'SOL-PERP' } as const;
const clock = { nowMs: () => Date.now() };

let engine: EngineHarness;
afterEach(async () => await engine?.close());

const engineRuns = async () => (await workflowLookup(engine.client).state(engine.engineId)) === 'running';
const start = async () => {
  engine = await EngineHarness.start({ address: temporalAddress(), feed: new SteadyFeed() });
};

it('an engine that was ended from outside is restarted under a hold, three times an hour, then left down', async () => {
  await start();
  await engine.carryOut(OPEN);
  const { client, journal, engineId, policy, tuning, taskQueue } = engine;
  const venues = {
    venueOf: async () => engine.venue,
    accountExists: async () => true,
    seed: async () => undefined,
    closeAll: async () => undefined,
  };
  const paper = { sol: 0n, usdc: 0n, walletSol: 0n, fundingPeriodMs: 3_600_000 } as never;
  const guardian = keepEngineRunning(
    {
      ...{ engineId, engineRuns, journal, clock },
      lastRunId: async () => await lastRunId(client, engineId),
      alerts: journalAlerts(journal),
      logger: SILENT,
      startEngine: () =>
        startEngine({ client, journal, venues, engineId, policy, tuning, paper, say: () => undefined, taskQueue }),
    },
    50,
  );
  onTestFinished(guardian.stop);
  for (let restart = 1; restart <= 3; restart += 1) {
    await engine.handle.terminate('a mistake');
    await until('the restart', async () => {
      const { items } = await journal.alerts({ engineId, limit: 100 });
      return items.filter(({ code }) => code === 'ENGINE_RESTARTED').length === restart;
    });
    const { tradingState } = await engine.untilState('the hold', ({ holds }) =>
      holds.some(({ code }) => code === 'stores_diverged'),
    );
    expect(tradingState).toBe('reducing');
  }
  expect(await engine.carryOut(OPEN)).toMatchObject({ success: false });
  expect(await engine.carryOut(CLOSE)).toMatchObject({ success: true });

  await engine.handle.terminate('a mistake');
  expect((await engine.untilAlert('ENGINE_STAYS_DOWN')).severity).toBe('critical');
  expect(await engineRuns()).toBe(false);
  await engine.startEngine();
  await engine.untilAlert('ENGINE_STAYS_DOWN', 'recovered');
});

itLong('readiness says within seconds that no worker serves the engine, or that the engine does not run', async () => {
  await start();
  const { client, journal, engineId } = engine;
  const readiness = readinessOf({
    ...{ journal, clock, engineId, engineRuns },
    gateway: temporalGateway({ client, clock, logger: SILENT }),
    pollIntervalMs: 1_000,
    localWorker: null,
    whyUnwritable: async () => null,
  });
  await until('all ready', async () => (await readiness()).worker.ok);
  await engine.stopWorker();
  const stoppedAt = Date.now();
  await until('no worker', async () => !(await readiness()).worker.ok);
  expect(Date.now() - stoppedAt).toBeLessThan(15_000);
  await engine.startWorker();
  await until('a worker again', async () => (await readiness()).worker.ok);
  await engine.handle.terminate('a mistake');
  await until('no engine', async () => (await readiness()).worker.detail === 'the engine is not running');
});
