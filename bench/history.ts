/**
 * History events of an engine per hour. Every duration that makes an engine poll, decide or check in is divided by the
 * same number, so a window of a minute and a half contains as much as an hour: the same polls, decisions and funding
 * periods, and one checkpoint. The count is therefore a whole hour's, not an extrapolation.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import type { PolicyJson } from '../src/domain/hedge/policy.ts';
import { openFeed } from '../src/market-data/open-feed.ts';
import { EngineHarness, lamportsOf, until } from '../tests/support/engine-harness.ts';
import { configure } from '../workflows/messages.ts';
import { startBareWorker } from './support/bare-worker.ts';
import type { poller } from './support/bare-workflows.ts';
import { inBenchFolder } from './support/bench-folder.ts';
import { type Finding, say } from './support/report.ts';
import { startBenchServer } from './support/temporal-server.ts';

const HOUR_MS = 3_600_000;
/** 10 s polls become 250 ms, which is the fastest that the watch polls. */
const SHORTENED = 40;
const POLL_MS = 10_000 / SHORTENED;
const LOOP_MS = 60_000 / SHORTENED;
const WINDOW_MS = HOUR_MS / SHORTENED;
const WINDOWS = 2;
/** Counting begins after the watch of the last command has ended, because its end causes events too. */
const SETTLE_MS = 5_000;
const EVENTS_PER_HOUR = 40;

/** Profitability does not matter here. */
const HORIZON_HOURS = 87_660;
const SHORT_POLICY: Partial<PolicyJson> = {
  pollIntervalMs: POLL_MS,
  loopIntervalMs: LOOP_MS,
  holdingHorizonHours: HORIZON_HOURS,
};

const startEngine = (address: string): Promise<EngineHarness> =>
  EngineHarness.start({
    address,
    policy: SHORT_POLICY,
    tuning: { checkpointMs: WINDOW_MS },
    feed: openFeed('synthetic:7', { periodMs: WINDOW_MS }),
  });

/** A hedge deviation of a seventh, and a leverage limit that no correction can meet. */
async function block(engine: EngineHarness): Promise<void> {
  const carryOut = async (request: Parameters<EngineHarness['carryOut']>[0]) => {
    const answer = await engine.carryOut(request);
    if (answer.data.status !== 'done') throw new Error(`the set-up failed: ${answer.message}`);
  };
  await carryOut({ kind: 'open', market: 'SOL-PERP', size: lamportsOf(-5) });
  const policy: PolicyJson = { ...engine.policy, maxLeverage: 0.1 };
  await engine.handle.executeUpdate(configure, { args: [{ policy, tuning: engine.tuning }] });
  await carryOut({ kind: 'deposit', asset: 'SOL', amount: lamportsOf(2) });
  await until('the gate to block', async () =>
    (await engine.journal.alerts({ engineId: engine.engineId, limit: 100 })).items.some(
      (alert) => alert.code === 'GATE_BLOCKED' && alert.kind === 'alert',
    ),
  );
}

/** How often the watch has read the account, counted by its writes. */
async function pollsOf({ journal, engineId }: EngineHarness): Promise<number> {
  const { count } = await journal.db
    .selectFrom('snapshots')
    .select((eb) => eb.fn.countAll<string>().as('count'))
    .where('engine_id', '=', engineId)
    .executeTakeFirstOrThrow();
  return Number(count);
}

const eventsOf = async (handle: WorkflowHandle): Promise<number> => (await handle.describe()).historyLength;

export const benchHistory = (): Promise<readonly Finding[]> => inBenchFolder(countedHistory);

async function countedHistory(folder: string): Promise<readonly Finding[]> {
  const server = await startBenchServer(folder, { tuned: true });
  const engines: EngineHarness[] = [];
  try {
    const idle = await startEngine(server.address);
    engines.push(idle);
    const blocked = await startEngine(server.address);
    engines.push(blocked);
    await block(blocked);
    const bare = await startBareWorker(server.address);
    try {
      await sleep(SETTLE_MS);
      say(`  counting for ${(WINDOW_MS * WINDOWS) / 1_000} s, in which all intervals are ${SHORTENED} times shorter`);
      const polled = await bare.client.workflow.start<typeof poller>('poller', {
        taskQueue: bare.taskQueue,
        workflowId: 'poller',
        args: [POLL_MS, Math.ceil((WINDOW_MS * WINDOWS) / POLL_MS)],
      });
      const handles = [idle.handle, blocked.handle, polled];
      const before = await Promise.all(handles.map(eventsOf));
      const pollsBefore = await Promise.all(engines.map(pollsOf));
      await sleep(WINDOW_MS * WINDOWS);
      const after = await Promise.all(handles.map(eventsOf));
      const polls = (await Promise.all(engines.map(pollsOf))).map(
        (count, at) => (count - (pollsBefore[at] ?? 0)) / WINDOWS,
      );
      say(
        `  polls in an hour's time: ${polls.join(' idle, ')} blocked (${WINDOW_MS / POLL_MS} when nothing holds them up)`,
      );
      const [idleEvents, blockedEvents, polledEvents] = after.map((count, at) => (count - (before[at] ?? 0)) / WINDOWS);
      await polled.terminate('counted').catch(() => undefined);
      const finding = (what: string, figure: number | undefined): Finding => ({
        what,
        figure: figure ?? Number.NaN,
        unit: 'events/h',
        yardstick: { what: 'a workflow that polls by a timer and an activity', figure: polledEvents ?? Number.NaN },
        goal: { of: 'figure', atMost: EVENTS_PER_HOUR },
      });
      return [finding('history, engine idle', idleEvents), finding('history, a gate blocking', blockedEvents)];
    } finally {
      await bare.close();
    }
  } finally {
    for (const engine of engines) await engine.close();
    await server.stop();
  }
}
