/** Series: spans of each length are kept as points come, and a chart of any range agrees with the points themselves. */
import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ChartPoint } from '../../src/domain/figures/chart-point.ts';
import { SERIES_NAMES } from '../../src/domain/figures/series-names.ts';
import type { Journal } from '../../src/journal/journal.ts';
import type { SeriesPoint } from '../../src/journal/records.ts';
import { addToSeries } from '../../src/journal/series.ts';
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
          const grids = [1, 5, 30, 180, 1_440].map((minutes) => minutes * MINUTE_MS);
          const wanted = Math.ceil((toMs - fromMs + 1) / Math.max(1, most - 1));
          const spanMs = grids.findLast((span) => span <= wanted) ?? MINUTE_MS;
          expect(shown).toEqual(naive(points, Math.ceil(wanted / spanMs) * spanMs));
        },
      ),
      { numRuns: 40 },
    );
  });

  it('show a gap as a gap, and what is unknown for a while as absent', async () => {
    const engineId = newEngineId();
    await add(engineId, [point(T0, 1, 150), point(T0 + MINUTE_MS, null, 151), point(T0 + 3 * HOUR_MS, 3, null)]);
    const { series } = await journal.series({ engineId, names: ['equity', 'price'], points: 500 });
    expect(series.equity?.map(([ts]) => ts)).toEqual([T0, T0 + 3 * HOUR_MS]);
    expect(series.price?.map(([, , , last]) => last)).toEqual([150, 151]);
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
        .where('level', '=', 0)
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
