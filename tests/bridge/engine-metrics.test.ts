/** /metrics: the engine's figures by Prometheus' conventions; what is unknown has no sample; what rules and dashboard name exists. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Journal } from '../../src/journal/journal.ts';
import { addEngineCounts } from '../../src/runtime/engine-reads.ts';
import { processMetrics } from '../../src/runtime/process-metrics.ts';
import { alertOf, attemptOf, newId, operationOf, snapshotAt, transitionOf } from '../journal/records.ts';
import { ENGINE_ID, journalThatIsDown, type TestBridge, TOKEN, testBridge } from '../support/bridge.ts';
import { openTestJournal } from '../support/journal.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const START = Date.now();
let journal: Journal;
let bridge: TestBridge;

beforeAll(async () => {
  journal = await openTestJournal();
  bridge = await testBridge({ journal, metricsRegistry: processMetrics().registry, settings: { version: '1.2.3' } });
});
afterAll(async () => {
  await bridge.close();
  await journal.close();
});

const metricsOf = async (from: TestBridge): Promise<string> =>
  (await fetch(`${from.url}/metrics`, { headers: { Authorization: `Bearer ${TOKEN}` } })).text();
/** The samples of a name: label text to value. */
const samples = (text: string, name: string): Readonly<Record<string, number>> =>
  Object.fromEntries(
    [...text.matchAll(new RegExp(`^${name}(\\{[^}]*\\})? (\\S+)$`, 'gm'))].map(([, labels = '', value]) => [
      labels.replace(`engine="${ENGINE_ID}"`, 'engine'),
      Number(value),
    ]),
  );

it('has no sample of what is not known', async () => {
  const text = await metricsOf(bridge);
  expect(samples(text, 'driftless_health_ratio')).toEqual({});
  expect(samples(text, 'driftless_equity_usd')).toEqual({});
  expect(samples(text, 'driftless_engine_running')).toEqual({});
  expect(samples(text, 'driftless_build_info')).toEqual({ '{version="1.2.3",engine,mode="paper"}': 1 });
  expect(samples(text, 'driftless_alerts_standing')).toMatchObject({ '{engine,severity="critical"}': 0 });
});

it('has the account and the alerts', async () => {
  await journal.recordSnapshot({ engineId: ENGINE_ID, generation: 1, attempt: 1 }, snapshotAt(START));
  await journal.raiseAlert(alertOf({ id: newId(), engineId: ENGINE_ID, severity: 'critical', code: 'NAKED_SHORT' }));
  const text = await metricsOf(bridge);
  expect(samples(text, 'driftless_snapshot_age_seconds')['{engine}']).toBeGreaterThanOrEqual(0);
  // Known to be empty, which is another thing than not known.
  expect(samples(text, 'driftless_equity_usd')).toEqual({ '{engine}': 0 });
  expect(samples(text, 'driftless_oracle_price_usd')['{engine}']).toBeGreaterThan(0);
  expect(samples(text, 'driftless_alerts_standing')).toMatchObject({ '{engine,severity="critical"}': 1 });
  expect(samples(text, 'driftless_metrics_read_ok')).toEqual({ '': 1 });
});

it('counts operations and transactions from the journal, and times each once', async () => {
  const operation = operationOf({ engineId: ENGINE_ID, createdAtMs: START });
  const { operationId } = operation;
  await journal.openOperation(operation);
  const attempt = attemptOf({ operationId, signedAtMs: START, updatedAtMs: START });
  await journal.recordAttempt(attempt);
  const { signature } = attempt;
  const atMs = START + 60_000;
  const step = { operationId, attempt: 1, signature, outcome: 'confirmed' };
  await journal.writeOperation({
    transitions: [transitionOf({ ...step, sequence: 1, stage: 'confirmed', atMs: START + 59_000 })],
    update: { operationId, status: 'done', endedAtMs: atMs },
    atMs,
  });
  for (let scrape = 0; scrape < 2; scrape += 1) {
    const text = await metricsOf(bridge);
    expect(samples(text, 'driftless_operations_total')).toEqual({ '{engine,kind="deposit",outcome="done"}': 1 });
    expect(samples(text, 'driftless_transactions_total')).toEqual({ '{engine,attempt="first",outcome="open"}': 1 });
    const ended = '{engine,kind="deposit",outcome="done"}';
    expect(samples(text, 'driftless_operation_seconds_sum')).toEqual({ [ended]: 60 });
    expect(samples(text, 'driftless_operation_seconds_count')).toEqual({ [ended]: 1 });
    expect(samples(text, 'driftless_transaction_landing_seconds_sum')).toEqual({ '{engine,attempt="first"}': 59 });
  }
});

it('goes on without the journal, with no figure that it does not know', async () => {
  const alone = await testBridge({ journal: journalThatIsDown() });
  const text = await metricsOf(alone);
  expect(samples(text, 'driftless_alerts_standing')).toEqual({});
  expect(samples(text, 'driftless_snapshot_age_seconds')).toEqual({});
  await alone.close();
});

it('names follow the conventions', async () => {
  const text = await metricsOf(bridge);
  for (const [, name = '', kind = ''] of text.matchAll(/^# TYPE (driftless_\w+) (\w+)$/gm)) {
    expect(name).toMatch(/^driftless_[a-z_]+$/);
    if (kind === 'counter') expect(name).toMatch(/_total$/);
    if (kind === 'histogram') expect(name).toMatch(/_seconds$/);
  }
});

it('every metric of the alert rules and of the Grafana dashboard exists', async () => {
  addEngineCounts(bridge.registry, { judged: () => Promise.reject(new Error('no journal')) });
  const text = await metricsOf(bridge);
  const known = new Set([...text.matchAll(/^# TYPE (\w+) /gm)].map(([, name]) => name));
  const files = ['deploy/prometheus/alerts.yml', 'deploy/grafana/driftless.json'].map((path) =>
    readFileSync(join(ROOT, path), 'utf8'),
  );
  const named = new Set(
    files.flatMap((file) =>
      [...file.matchAll(/\b(driftless|nodejs|process)_[a-z0-9_]+(?=[{[)\s"\\])/g)].map(([name]) => name),
    ),
  );
  expect(named.size).toBeGreaterThan(20);
  expect([...named].filter((name) => !known.has(name) && !known.has(name.replace(/_bucket$/, '')))).toEqual([]);
});
