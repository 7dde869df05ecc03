/** Which engines are read in time, and when a process of many is not ready. */
import { describe, expect, it } from '@jest/globals';
import { Registry } from 'prom-client';
import type { EngineGateway } from '../../src/bridge/gateway.ts';
import { type LastRead, lastReads } from '../../src/journal/last-reads.ts';
import { addEngineCounts, EngineReads, judgeReads, partsOfReads } from '../../src/runtime/engine-reads.ts';
import { readinessOf } from '../../src/runtime/readiness.ts';
import { newEngineId, snapshotAt, T0 } from '../journal/records.ts';
import { openTestJournal } from '../support/journal.ts';

const engine = (name: string, pollIntervalMs = 1_000) => ({ name, engineId: `engine:${name}`, pollIntervalMs });
const read = (name: string, agoMs: number, feedEnded = false): LastRead => ({
  ...{ engineId: `engine:${name}`, takenAtMs: T0 - agoMs, feedEnded },
});
const THREE = [engine('own'), engine('calm'), engine('slow', 60_000)];

describe('a process of several engines', () => {
  it.each<[string, readonly LastRead[], boolean, string, boolean, string]>([
    [
      'all in time',
      [read('own', 0), read('calm', 15_000), read('slow', 180_000)],
      true,
      'all read in time',
      true,
      'prices',
    ],
    [
      'one late',
      [read('own', 0), read('calm', 15_001), read('slow', 0)],
      true,
      '1 of 3 not read lately: calm',
      true,
      'prices',
    ],
    ['one never read', [read('own', 0), read('calm', 0)], true, '1 of 3 not read lately: slow', true, 'prices'],
    [
      'the own one late, with its data at an end',
      [read('own', 99_000, true), read('calm', 0), read('slow', 0)],
      ...([true, '1 of 3 not read lately: own', true, 'the data of 1 of 3 has ended: own'] as const),
    ],
    [
      'all late',
      [read('own', 16_000, true), read('calm', 16_000, true), read('slow', 181_000, true)],
      ...([
        false,
        '3 of 3 not read lately: own, calm, slow',
        false,
        'the data of 3 of 3 has ended: own, calm, slow',
      ] as const),
    ],
    ['none read yet', [], false, '3 of 3 not read lately: own, calm, slow', false, 'not read yet'],
  ])('%s', (_case, reads, venueOk, venue, feedOk, feed) => {
    expect(partsOfReads(judgeReads(THREE, reads, T0))).toEqual({
      venue: { ok: venueOk, detail: venue },
      feed: { ok: feedOk, detail: feed },
    });
  });

  it('names a few of a thousand', () => {
    const many = Array.from({ length: 1_000 }, (_, index) => engine(`e${index}`));
    const { venue } = partsOfReads(judgeReads(many, [read('e7', 0)], T0));
    expect(venue).toEqual({ ok: true, detail: '999 of 1000 not read lately: e0, e1, e2, e3, e4 and 994 more' });
  });

  it('asks the journal seldom, and again at once after a failure', async () => {
    let [asked, nowMs, fails] = [0, T0, true];
    const reads = new EngineReads({
      engines: THREE,
      clock: { nowMs: () => nowMs },
      lastReads: async () => {
        asked += 1;
        if (fails) throw new Error('no journal');
        return [read('own', 0)];
      },
    });
    await expect(reads.judged()).rejects.toThrow('no journal');
    fails = false;
    const both = await Promise.all([reads.judged(), reads.judged()]);
    expect(both.map(({ inTime }) => inTime.length)).toEqual([1, 1]);
    expect(asked).toBe(2);
    nowMs += 4_000;
    await reads.judged();
    expect(asked).toBe(3);
  });

  it('is counted in /metrics by state, without a sample for each engine', async () => {
    const registry = new Registry();
    const judged = async () => judgeReads(THREE, [read('own', 0), read('calm', 99_000)], T0);
    addEngineCounts(registry, { judged });
    const lines = (await registry.metrics()).split('\n').filter((line) => line.startsWith('driftless_engines{'));
    expect(lines).toEqual(['in_time', 'late', 'never_read'].map((state) => `driftless_engines{state="${state}"} 1`));
  });
});

it('the journal tells when each was last read, and of which the data has ended', async () => {
  const journal = await openTestJournal();
  const [one, ended, never] = [newEngineId(), newEngineId(), newEngineId()];
  const take = (engineId: string, atMs: number, isOver: boolean) => {
    const snapshot = snapshotAt(atMs);
    return journal.recordSnapshot(
      { engineId, generation: 1, attempt: 1 },
      { ...snapshot, feed: { ...snapshot.feed, ended: isOver } },
    );
  };
  await take(one, T0 + 5_000, false);
  // Written later, under a clock that was set back.
  await take(one, T0, false);
  await take(ended, T0 + 1, true);
  expect((await lastReads(journal.db, [one, ended, never])).toSorted((a, b) => a.takenAtMs - b.takenAtMs)).toEqual([
    { engineId: one, takenAtMs: T0, feedEnded: false },
    { engineId: ended, takenAtMs: T0 + 1, feedEnded: true },
  ]);
  await journal.close();
});

describe('the worker of several engines', () => {
  const clock = { nowMs: () => T0 };
  const answeringFor = (...ids: readonly string[]): EngineGateway =>
    ({
      ping: async () => {},
      state: async (engineId: string) => {
        if (!ids.includes(engineId)) throw new Error('no answer');
        return null;
      },
    }) as unknown as EngineGateway;

  it.each([
    ['the own engine answers', true, ['engine:own'], { ok: true, detail: 'running' }],
    ['the own engine was ended, and another answers', false, ['engine:calm'], { ok: true, detail: 'answers for calm' }],
    ['the own engine is stuck, and another answers', true, ['engine:calm'], { ok: true, detail: 'answers for calm' }],
    ['the own engine was ended, and none answers', false, [], { ok: false, detail: 'the engine is not running' }],
    ['none answers', true, [], { ok: false, detail: 'no worker answers for the engine' }],
  ])('%s', async (_case, runs, ids, worker) => {
    const journal = await openTestJournal();
    const readiness = readinessOf({
      ...{ journal, clock, gateway: answeringFor(...ids), engineId: 'engine:own', pollIntervalMs: 1_000 },
      engineRuns: async () => runs,
      localWorker: () => 'RUNNING',
      whyUnwritable: async () => null,
      reads: new EngineReads({ engines: THREE, clock, lastReads: async () => [read('own', 0), read('calm', 0)] }),
    });
    expect((await readiness()).worker).toEqual(worker);
    await journal.close();
  });
});
