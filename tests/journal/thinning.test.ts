import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Journal } from '../../src/journal/journal.ts';
import { onBothDatabases } from './both-databases.ts';
import { equityOf, fundingOf, newEngineId, snapshotAt, T0, tradeOf } from './records.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const NOW_MS = T0 + 3 * 24 * HOUR_MS;

await onBothDatabases((open) => {
  let journal: Journal;
  beforeAll(async () => {
    journal = await open();
  });

  describe('snapshots', () => {
    const timesOf = async (engineId: string) => {
      const rows = await journal.db
        .selectFrom('snapshots')
        .select('taken_at_ms')
        .where('engine_id', '=', engineId)
        .orderBy('taken_at_ms')
        .execute();
      return rows.map((row) => row.taken_at_ms);
    };
    // Straight into the table: thousands of rows, and the fence is not what is tested here.
    const fill = async (engineId: string, times: readonly number[]) => {
      await journal.db
        .insertInto('snapshots')
        .values(times.map((time) => ({ engine_id: engineId, taken_at_ms: time, slot: 1, snapshot: '{}' })))
        .execute();
    };
    const every = (fromMs: number, toMs: number, stepMs: number) =>
      Array.from({ length: Math.ceil((toMs - fromMs) / stepMs) }, (_, index) => fromMs + index * stepMs);

    it('keeps all of the last hour, one a minute for a day, one an hour beyond', async () => {
      const engineId = newEngineId();
      const times = every(NOW_MS - 30 * HOUR_MS, NOW_MS, 20_000);
      await fill(engineId, times);
      const removed = await journal.thinSnapshots(engineId, NOW_MS);
      const kept = await timesOf(engineId);
      expect(kept.length).toBe(times.length - removed);
      const ages = kept.map((time) => NOW_MS - time);
      expect(ages.filter((age) => age <= HOUR_MS)).toHaveLength(180);
      expect(ages.filter((age) => age > HOUR_MS && age <= 24 * HOUR_MS)).toHaveLength(23 * 60);
      expect(ages.filter((age) => age > 24 * HOUR_MS)).toHaveLength(6);
    });

    it('changes nothing when it runs again, and comes to the same whenever it ran in between', async () => {
      const [once, often] = [newEngineId(), newEngineId()];
      const times = every(NOW_MS - 27 * HOUR_MS, NOW_MS - 20 * HOUR_MS, 17_000);
      await fill(once, times);
      await fill(often, times);
      for (let ago = 26; ago > 0; ago -= 1) await journal.thinSnapshots(often, NOW_MS - ago * HOUR_MS - 1_234_567);
      await journal.thinSnapshots(once, NOW_MS);
      await journal.thinSnapshots(often, NOW_MS);
      expect(await timesOf(often)).toEqual(await timesOf(once));
      expect(await journal.thinSnapshots(once, NOW_MS)).toBe(0);
    });

    it('keeps the latest one, however old, and leaves other engines alone', async () => {
      const [engineId, other] = [newEngineId(), newEngineId()];
      await fill(engineId, [T0, T0 + 1, T0 + 2]);
      await fill(other, [T0, T0 + 1]);
      expect(await journal.thinSnapshots(engineId, NOW_MS)).toBe(2);
      expect(await timesOf(engineId)).toEqual([T0 + 2]);
      expect(await timesOf(other)).toHaveLength(2);
      await journal.recordSnapshot({ engineId, generation: 1, attempt: 1 }, snapshotAt(T0 + 3));
      expect((await journal.latestSnapshot(engineId))?.recordedAtMs).toBe(T0 + 3);
    });
  });

  describe('equity', () => {
    it('keeps every row that tells of an event and the last of each market hour, and thins the rest', async () => {
      const engineId = newEngineId();
      let funding = 0;
      for (let index = 0; index < 360; index += 1) {
        const tsMs = T0 + index * 20_000;
        if (index % 90 === 45) funding += 1_000;
        await journal.recordEquity(
          equityOf({ engineId, tsMs, marketTimeMs: tsMs, price: String(index), funding: String(funding) }),
        );
      }
      const removed = await journal.thinEquity(engineId, NOW_MS);
      const { items } = await journal.equity({ engineId, limit: 1_000 });
      expect(items.length).toBe(360 - removed);
      // The first row, four payments, and the ends of two hours.
      expect(items.map((row) => (row.tsMs - T0) / 20_000).reverse()).toEqual([0, 45, 135, 179, 225, 315, 359]);
      expect(items[0]?.funding).toBe('4000');
      expect(await journal.thinEquity(engineId, NOW_MS)).toBe(0);
    });

    it('keeps all of the last hour', async () => {
      const engineId = newEngineId();
      for (let index = 0; index < 50; index += 1) {
        await journal.recordEquity(equityOf({ engineId, tsMs: NOW_MS - index * 10_000, marketTimeMs: T0 }));
      }
      expect(await journal.thinEquity(engineId, NOW_MS)).toBe(0);
    });
  });

  it('never touches trades and funding', async () => {
    const engineId = newEngineId();
    for (let index = 0; index < 5; index += 1) {
      await journal.recordTrades([tradeOf({ engineId, tsMs: T0 + index })]);
      await journal.recordFunding([fundingOf({ engineId, periodTsMs: T0 + index, tsMs: T0 + index })]);
    }
    await journal.thinSnapshots(engineId, NOW_MS);
    await journal.thinEquity(engineId, NOW_MS);
    expect((await journal.trades({ engineId, limit: 9 })).items).toHaveLength(5);
    expect((await journal.funding({ engineId, limit: 9 })).items).toHaveLength(5);
  });
});
