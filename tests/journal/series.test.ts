/** Series: spans of each length are kept as points come, and a chart of any range agrees with the points themselves. */
import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Kysely, sql } from 'kysely';
import type { ChartPoint } from '../../src/domain/figures/chart-point.ts';
import { SERIES_NAMES } from '../../src/domain/figures/series-names.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { up as withoutPacking } from '../../src/journal/migrations/0007-series.ts';
import { up as packSeries } from '../../src/journal/migrations/0010-packed-series.ts';
import type { SeriesPoint } from '../../src/journal/records.ts';
import { addToSeries, SERIES_LEVELS } from '../../src/journal/series.ts';
import { onBothDatabases } from './both-databases.ts';
import { newEngineId, snapshotAt, T0 } from './records.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const EQUITY = SERIES_NAMES.indexOf('equity');
const PRICE = SERIES_NAMES.indexOf('price');

const point = (tsMs: number, equity: number | null, price: number | null = null): ChartPoint => ({
  tsMs,
  values: SERIES_NAMES.map((_, place) => (place === EQUITY ? equity : place === PRICE ? price : null)),
});

/** What a chart of these points should show on this grid. */
function naive(points: readonly (readonly [number, number])[], placeMs: number): readonly SeriesPoint[] {
  const places = new Map<number, [number, number, number, number]>();
  for (const [tsMs, value] of [...points].sort(([a], [b]) => a - b)) {
    const place = Math.floor(tsMs / placeMs);
    const known = places.get(place) ?? [tsMs, value, value, value];
    places.set(place, [tsMs, Math.min(known[1], value), Math.max(known[2], value), value]);
  }
  return [...places.values()];
}

await onBothDatabases((open) => {
  let journal: Journal;
  beforeAll(async () => {
    journal = await open();
  });

  const add = async (engineId: string, points: readonly ChartPoint[]): Promise<void> =>
    await journal.db.transaction().execute(async (trx) => {
      for (const each of points) await addToSeries(trx, engineId, each);
    });

  it('come with a snapshot, and not past its fence', async () => {
    const engineId = newEngineId();
    const write = (generation: number, tsMs: number) =>
      journal.recordSnapshot({ engineId, generation, attempt: 1 }, snapshotAt(tsMs), point(tsMs, tsMs - T0));
    expect(await write(2, T0 + 1)).toBe(true);
    expect(await write(1, T0 + 5)).toBe(false);
    const { series } = await journal.series({ engineId, names: ['equity', 'price'], points: 10 });
    expect(series).toEqual({ equity: [[T0 + 1, 1, 1, 1]], price: [] });
  });

  it('agree with the points, in whatever order and however often those come', async () => {
    const value = fc.double({ min: -1e6, max: 1e6, noNaN: true, noDefaultInfinity: true });
    const times = fc.uniqueArray(fc.integer({ min: 0, max: 2 * DAY_MS - 1 }), { minLength: 1, maxLength: 25 });
    await fc.assert(
      fc.asyncProperty(
        times,
        fc.array(value, { minLength: 25, maxLength: 25 }),
        fc.integer({ min: 2, max: 400 }),
        async (at, values, most) => {
          const engineId = newEngineId();
          const points = at.map((ms, index) => [T0 + ms, (values[index] as number) + 0] as const);
          await add(
            engineId,
            [...points, ...points.slice(0, 3)].map(([ms, of]) => point(ms, of)),
          );
          const { fromMs, toMs, series } = await journal.series({ engineId, names: ['equity'], points: most });
          const shown = series.equity ?? [];
          expect(shown.length).toBeLessThanOrEqual(most);
          const wanted = Math.ceil((toMs - fromMs + 1) / Math.max(1, most - 1));
          const reaching = SERIES_LEVELS.filter(({ keptMs }) => keptMs === null || toMs - fromMs <= keptMs);
          const spanMs = (reaching.findLast((level) => level.spanMs <= wanted) ?? reaching[0])?.spanMs as number;
          expect(shown).toEqual(naive(points, Math.ceil(wanted / spanMs) * spanMs));
        },
      ),
      { numRuns: 40 },
    );
  });

  it('agree with the reads of a watch, on a fine chart and on a coarse one', async () => {
    const step = fc.oneof(
      { weight: 8, arbitrary: fc.integer({ min: 1_000, max: 25_000 }) },
      { weight: 1, arbitrary: fc.integer({ min: MINUTE_MS, max: 3 * HOUR_MS }) },
      { weight: 1, arbitrary: fc.integer({ min: -2 * HOUR_MS, max: 0 }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), async (steps) => {
        const engineId = newEngineId();
        const points: (readonly [number, number])[] = [];
        let tsMs = T0 + 2 * DAY_MS;
        for (const [at, by] of steps.entries()) {
          tsMs += by;
          const value = (at * 7) % 11;
          const told = points.findIndex(([ms]) => ms === tsMs);
          // Two reads of one moment: a chart's last value may be either.
          if (told >= 0) continue;
          points.push([tsMs, value]);
          const fence = { engineId, generation: at + 1, attempt: 1 };
          expect(await journal.recordSnapshot(fence, snapshotAt(tsMs), point(tsMs, value))).toBe(true);
        }
        for (const most of [3_000, 7]) {
          const { fromMs, toMs, series } = await journal.series({ engineId, names: ['equity'], points: most });
          const wanted = Math.ceil((toMs - fromMs + 1) / Math.max(1, most - 1));
          const reaching = SERIES_LEVELS.filter(({ keptMs }) => keptMs === null || toMs - fromMs <= keptMs);
          const spanMs = (reaching.findLast((level) => level.spanMs <= wanted) ?? reaching[0])?.spanMs as number;
          expect(series.equity).toEqual(naive(points, Math.ceil(wanted / spanMs) * spanMs));
        }
      }),
      { numRuns: 8 },
    );
  });

  it('show a gap as a gap, and what is unknown for a while as absent', async () => {
    const engineId = newEngineId();
    await add(engineId, [point(T0, 1, 150), point(T0 + MINUTE_MS, null, 151), point(T0 + 3 * HOUR_MS, 3, null)]);
    const { series } = await journal.series({ engineId, names: ['equity', 'price'], points: 500 });
    expect(series.equity?.map(([ts]) => ts)).toEqual([T0, T0 + 3 * HOUR_MS]);
    expect(series.price?.map(([, , , last]) => last)).toEqual([150, 151]);
  });

  it('show a young account each read, however long the range', async () => {
    const engineId = newEngineId();
    const reads = Array.from({ length: 100 }, (_, index) => [T0 + index * 10_000, index % 7] as const);
    await add(
      engineId,
      reads.map(([tsMs, equity]) => point(tsMs, equity)),
    );
    const newest = T0 + 990_000;
    for (const range of [
      {},
      { fromMs: newest - 7 * DAY_MS, toMs: newest },
      { fromMs: newest - 30 * DAY_MS, toMs: newest + 30 * DAY_MS },
    ]) {
      const { series } = await journal.series({ engineId, names: ['equity'], points: 500, ...range });
      expect(series.equity).toEqual(reads.map(([tsMs, equity]) => [tsMs, equity, equity, equity]));
    }
  });

  it('have nothing outside of their time', async () => {
    const engineId = newEngineId();
    await add(engineId, [point(T0, 1), point(T0 + HOUR_MS, 2)]);
    for (const range of [
      { fromMs: T0 + DAY_MS, toMs: T0 + 2 * DAY_MS },
      { fromMs: 0, toMs: T0 - 1 },
      { fromMs: T0 + 1, toMs: T0 + 1 },
    ]) {
      const { series, ...edges } = await journal.series({ engineId, names: ['equity'], points: 5, ...range });
      expect([edges, series]).toEqual([range, { equity: [] }]);
    }
  });

  it('take a clock that jumps back, each read at its own time, and show a week without reads as a gap', async () => {
    const engineId = newEngineId();
    const times = [T0 + 8 * DAY_MS, T0, T0 + MINUTE_MS, T0, T0 + 8 * DAY_MS + 20_000];
    await add(
      engineId,
      times.map((tsMs, index) => point(tsMs, index)),
    );
    const { fromMs, toMs, series } = await journal.series({ engineId, names: ['equity'], points: 5_000 });
    expect([fromMs, toMs]).toEqual([T0, T0 + 8 * DAY_MS + 20_000]);
    expect(series.equity).toEqual([
      [T0 + MINUTE_MS, 1, 3, 2],
      [T0 + 8 * DAY_MS + 20_000, 0, 4, 4],
    ]);
    const first = await journal.series({ engineId, names: ['equity'], points: 500, fromMs: T0, toMs: T0 + HOUR_MS });
    expect(first.series.equity).toEqual([[T0 + MINUTE_MS, 1, 3, 2]]);
  });

  it('of two engines at the same times do not mix', async () => {
    const [one, other] = [newEngineId(), newEngineId()];
    await add(one, [point(T0, 1), point(T0 + MINUTE_MS, 2)]);
    await add(other, [point(T0, -1), point(T0 + MINUTE_MS, -2)]);
    const ask = async (engineId: string) =>
      (await journal.series({ engineId, names: ['equity'], points: 9 })).series.equity?.map(([, , , last]) => last);
    expect([await ask(one), await ask(other)]).toEqual([
      [1, 2],
      [-1, -2],
    ]);
  });

  it('give the same for any choice and order of names', async () => {
    const engineId = newEngineId();
    const values = SERIES_NAMES.map((_, place) => (place % 5 === 3 ? null : place / 3));
    await add(engineId, [{ tsMs: T0, values }]);
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray([...SERIES_NAMES], { minLength: 1 }), async (names) => {
        const { series } = await journal.series({ engineId, names, points: 9 });
        expect(Object.keys(series)).toEqual(names);
        for (const name of names) {
          const value = values[SERIES_NAMES.indexOf(name)] ?? null;
          expect(series[name]).toEqual(value === null ? [] : [[T0, value, value, value]]);
        }
      }),
      { numRuns: 20 },
    );
  });

  it('of a database of before come along whole', async () => {
    const older = await open();
    const engineId = newEngineId();
    await sql`DROP TABLE series`.execute(older.db);
    const bare = older.db as unknown as Kysely<unknown>;
    await withoutPacking(bare);
    const array = (first: number | null) =>
      `{${SERIES_NAMES.map((_, place) => (first === null || place === PRICE ? 'NULL' : first + place)).join(',')}}`;
    const row = (level: number, startMs: number, low: number | null, high: number | null, last: number | null) =>
      sql`INSERT INTO series VALUES (${engineId}, ${level}::int2, ${startMs}::int8, ${startMs}::int8,
        ${level === 4 ? startMs + 15 * HOUR_MS - 1 : startMs + 9}::int8,
        ${array(low)}::float8[], ${array(high)}::float8[], ${array(last)}::float8[])`.execute(older.db);
    const midnight = Math.floor(T0 / DAY_MS) * DAY_MS;
    await row(3, midnight, 1.5, 4, 2);
    await row(3, midnight + 3 * HOUR_MS, -1, 2, 0);
    await row(3, midnight + 12 * HOUR_MS, 7, 9, 8);
    await row(3, midnight + 15 * HOUR_MS, null, null, null);
    await row(4, midnight, -1, 9, 8);
    await packSeries(bare);
    const ask = (points: number, names: readonly (typeof SERIES_NAMES)[number][]) =>
      older.series({ engineId, names, points, fromMs: midnight, toMs: midnight + DAY_MS - 1 });
    expect((await ask(6, ['net_delta', 'price', 'equity'])).series).toEqual({
      net_delta: [
        [midnight + 9, 18.5, 21, 19],
        [midnight + 3 * HOUR_MS + 9, 16, 19, 17],
        [midnight + 12 * HOUR_MS + 9, 24, 26, 25],
      ],
      price: [],
      equity: [
        [midnight + 9, 1.5, 4, 2],
        [midnight + 3 * HOUR_MS + 9, -1, 2, 0],
        [midnight + 12 * HOUR_MS + 9, 7, 9, 8],
      ],
    });
    expect((await ask(2, ['equity'])).series.equity).toEqual([[midnight + 15 * HOUR_MS + 9, -1, 9, 8]]);
    const { rows } = await sql`
      SELECT span_ms, first_ms, last_ms FROM series WHERE span_ms >= 43200000 ORDER BY span_ms, start_ms`.execute(
      older.db,
    );
    expect(rows).toEqual([
      { span_ms: 12 * HOUR_MS, first_ms: midnight, last_ms: midnight + 3 * HOUR_MS + 9 },
      { span_ms: 12 * HOUR_MS, first_ms: midnight + 12 * HOUR_MS, last_ms: midnight + 15 * HOUR_MS + 9 },
      { span_ms: DAY_MS, first_ms: midnight, last_ms: midnight + 15 * HOUR_MS - 1 },
    ]);
  });

  it('answer for a part of the time', async () => {
    const engineId = newEngineId();
    await add(
      engineId,
      [0, 1, 2, 3].map((hour) => point(T0 + hour * HOUR_MS, hour)),
    );
    const range = { fromMs: T0 + HOUR_MS, toMs: T0 + 2 * HOUR_MS };
    const { series, ...edges } = await journal.series({ engineId, names: ['equity'], points: 200, ...range });
    expect(edges).toEqual(range);
    expect(series.equity?.map(([, , , last]) => last)).toEqual([1, 2]);
    expect((await journal.series({ engineId: newEngineId(), names: ['equity'], points: 9 })).series).toEqual({
      equity: [],
    });
  });

  it('keep what is old in coarse spans, and a chart of old times still shows it', async () => {
    const engineId = newEngineId();
    const days = Array.from({ length: 150 }, (_, day) => point(T0 + day * DAY_MS, day));
    await add(engineId, days);
    const before = await journal.series({ engineId, names: ['equity'], points: 2_000 });
    expect(await journal.thinSeries(engineId)).toBeGreaterThan(0);
    expect(await journal.thinSeries(engineId)).toBe(0);
    const after = await journal.series({ engineId, names: ['equity'], points: 2_000 });
    expect(after).toEqual(before);
    expect(after.series.equity?.map(([, , , last]) => last)).toEqual(days.map((_, day) => day));
    // A day of long ago has no minutes left, and yet a value.
    const range = { fromMs: T0 + 3 * DAY_MS, toMs: T0 + 4 * DAY_MS - 1 };
    const old = await journal.series({ engineId, names: ['equity'], points: 1_000, ...range });
    expect(old.series.equity?.map(([, , , last]) => last)).toEqual([3]);
    const { rows } = await journal.db.executeQuery<{ count: string }>(
      journal.db
        .selectFrom('series')
        .select((eb) => eb.fn.countAll<string>().as('count'))
        .where('engine_id', '=', engineId)
        .where('span_ms', '=', MINUTE_MS)
        .compile(),
    );
    expect(Number(rows[0]?.count)).toBe(3);
  });
});

describe('the names', () => {
  it('keep their places, which the journal relies on', () => {
    expect(SERIES_NAMES.join()).toBe(
      'equity,equity_price,equity_basis,equity_slippage,equity_funding,equity_interest,equity_fees,equity_gas,' +
        'equity_transfers,equity_external,equity_unexplained,price,mark,funding_rate,lend_rate,health,hedge_deviation,net_delta',
    );
  });
});
