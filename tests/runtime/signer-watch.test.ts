/** A position for which nobody may sign is told within 10 s, whoever serves its engine. */
import { expect, it } from '@jest/globals';
import { pino } from 'pino';
import { onTestFinished } from '../../localnet/tests/support/on-test-finished.ts';
import { waitUntil } from '../../localnet/tests/support/until.ts';
import { encodeSnapshot } from '../../src/domain/account/snapshot.ts';
import { DEFAULT_POLICY } from '../../src/domain/hedge/policy.ts';
import { signingQueue } from '../../src/domain/order/permission.ts';
import { signerSeenMsAgo } from '../../src/journal/signer-presence.ts';
import { tellPresence, watchSigners } from '../../src/runtime/signer-watch.ts';
import { queuesOf } from '../../src/runtime/signing-workers.ts';
import { engineOf, newEngineId } from '../journal/records.ts';
import { journalAlerts } from '../support/alerts.ts';
import { openTestJournal } from '../support/journal.ts';
import { snapshotOf } from '../support/snapshots.ts';

const SILENT = pino({ level: 'silent' });
const TEN_SECONDS = 10_000;

it('a position that nobody may sign for is told within 10 s, and is over when somebody may', async () => {
  const journal = await openTestJournal();
  const engineId = newEngineId();
  const queue = signingQueue(engineId, 'trading');
  const polls = () => tellPresence({ journal, logger: SILENT, polled: () => [queue], process: `p${Date.now()}` }, 300);
  const alerts = async () =>
    (await journal.alerts({ engineId, limit: 20 })).items.map(({ kind, code }) => `${kind} ${code}`).reverse();
  const until = (what: string, count: number) =>
    waitUntil(what, async () => (await alerts()).length === count, { withinMs: 60_000, everyMs: 100 });
  let sequence = 0;
  const publish = async (permissions: 'trading' | 'read-only') => {
    sequence += 1;
    const policy = { ...DEFAULT_POLICY, mode: 'live', permissions } as const;
    await journal.publishEngine(engineOf({ engineId, mode: 'live', sequence, policy }));
  };
  const positionOf = async (perp: number) => {
    sequence += 1;
    const snapshot = { ...encodeSnapshot(snapshotOf({ perp })), slot: sequence };
    await journal.recordSnapshot({ engineId, epoch: 'epoch-1', generation: sequence, attempt: 1 }, snapshot);
  };
  await publish('trading');
  let telling = polls();
  await waitUntil('a word', async () => (await signerSeenMsAgo(journal.db, queue)) !== null, {
    withinMs: 30_000,
    everyMs: 50,
  });
  const watching = watchSigners({
    journal,
    alerts: journalAlerts(journal),
    clock: { nowMs: () => Date.now() },
    logger: SILENT,
  });
  onTestFinished(async () => {
    await telling.stop();
    await watching.stop();
    await journal.close();
  });
  await positionOf(-5);

  const goneAtMs = performance.now();
  await telling.stop();
  await until('the alert', 1);
  expect(performance.now() - goneAtMs).toBeLessThan(TEN_SECONDS);
  expect(await alerts()).toEqual(['alert SIGNER_MISSING']);

  telling = polls();
  await until('the end', 2);
  await telling.stop();
  await until('again', 3);
  await positionOf(0);
  await until('over with the position', 4);
  expect(await alerts()).toEqual([
    ...['alert SIGNER_MISSING', 'recovered SIGNER_MISSING'],
    ...['alert SIGNER_MISSING', 'recovered SIGNER_MISSING'],
  ]);

  // Only watched, by its own settings: nobody is missing.
  await publish('read-only');
  await positionOf(-5);
  const sinceMs = performance.now();
  await waitUntil('several looks', () => performance.now() - sinceMs > 3_000, { withinMs: 60_000, everyMs: 100 });
  expect(await alerts()).toHaveLength(4);
});

it('a process polls the queues of its own engine that its permissions grant, and no other', () => {
  const engineId = 'engine:drift:Me:0';
  let engines: { readonly engineId: string }[] = [];
  const queues = (mode: 'paper' | 'live', permissions: 'read-only' | 'capital' | 'trading') =>
    queuesOf({ engineId, engines, mode, live: { permissions } as never });
  expect(queues('live', 'trading')).toEqual([signingQueue(engineId, 'capital'), signingQueue(engineId, 'trading')]);
  expect(queues('live', 'capital')).toEqual([signingQueue(engineId, 'capital')]);
  expect(queues('live', 'read-only')).toEqual([]);
  expect(queues('paper', 'trading')).toEqual([]);
  engines = [{ engineId: 'engine:drift:Me:1' }];
  expect(queues('live', 'capital')).toEqual([engineId, 'engine:drift:Me:1'].map((one) => signingQueue(one, 'capital')));
});
