import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  extentOf,
  marketTimeOf,
  moved,
  onGrid,
  readingOf,
  spreadRows,
  stepFor,
  summed,
  valueAt,
  windowOf,
  zoomed,
} from '../../dashboard/src/state/chart-data.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const NOW = Date.UTC(2026, 0, 15, 12);
const at = (ms: number, value: number) => [ms, value - 1, value + 1, value];

describe('the grid of a chart', () => {
  it('has a place for each point, and leaves a gap as wide as it lasted', () => {
    const points = [0, 1, 2, 6, 7].map((hour) => at(NOW + hour * HOUR, hour));
    const grid = onGrid(points, HOUR);
    expect(grid.map(({ ms }) => (ms - NOW) / HOUR)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(grid.map(({ value }) => value)).toEqual([0, 1, 2, undefined, undefined, undefined, 6, 7]);
    expect(grid.map(({ ends }) => ends === true).indexOf(true)).toBe(2);
  });

  it('takes what is read less often than its step for a line, not for gaps', () => {
    const points = [0, 3, 6, 9].map((hour) => at(NOW + hour * HOUR, hour));
    const grid = onGrid(points, 10 * MINUTE);
    expect(grid).toHaveLength(4);
    expect(grid.every(({ ends }) => ends === undefined)).toBe(true);
  });

  it('takes older reads that have been thinned for a line, and still sees the gap among them', () => {
    const hours = [0, 5, 10, 15, 35, 40, 45, 50, 50.1, 50.2, 50.3, 50.4, 53, 53.1];
    const grid = onGrid(
      hours.map((hour) => at(NOW + hour * HOUR, hour)),
      5 * MINUTE,
    );
    expect(grid.filter(({ ends }) => ends).map(({ value }) => value)).toEqual([15, 50.4]);
  });

  it('keeps the last of several reads in one place', () => {
    const grid = onGrid([at(NOW, 1), at(NOW + MINUTE, 2), at(NOW + HOUR, 3)], HOUR);
    expect(grid.map(({ value }) => value)).toEqual([2, 3]);
  });

  it('ascends strictly, whatever comes, as a chart demands', () => {
    const distances = fc.array(fc.integer({ min: 1, max: DAY }), { maxLength: 40 });
    const step = fc.constantFrom(MINUTE, 5 * MINUTE, HOUR, DAY);
    fc.assert(
      fc.property(distances, step, (gaps, stepMs) => {
        let ms = NOW;
        const grid = onGrid(
          gaps.map((gap) => {
            ms += gap;
            return at(ms, 1);
          }),
          stepMs,
        );
        for (const [index, point] of grid.entries()) {
          expect(point.ms).toBeGreaterThan(grid[index - 1]?.ms ?? 0);
        }
        if (gaps.length > 0) expect(grid.at(-1)?.value).toBe(1);
      }),
    );
  });
});

describe('the window', () => {
  it('of a range ends now and moves on', () => {
    expect(windowOf('1W', NOW)).toEqual({ fromMs: NOW - 7 * DAY, toMs: null });
    expect(windowOf('All', NOW)).toEqual({ fromMs: null, toMs: null });
  });

  it('zooms toward now, and not closer than there is anything to see', () => {
    const first = NOW - 10 * DAY;
    expect(zoomed({ fromMs: null, toMs: null }, first, NOW, 0.5)).toEqual({ fromMs: NOW - 5 * DAY, toMs: null });
    expect(zoomed({ fromMs: NOW - MINUTE, toMs: null }, first, NOW, 0.5).fromMs).toBe(NOW - 10 * MINUTE);
    expect(zoomed({ fromMs: NOW - DAY, toMs: null }, first, NOW, 100).fromMs).toBe(first);
    const past = { fromMs: NOW - 4 * DAY, toMs: NOW - 2 * DAY };
    expect(zoomed(past, first, NOW, 0.5)).toEqual({ fromMs: NOW - 3.5 * DAY, toMs: NOW - 2.5 * DAY });
  });

  it('moves within what there is, and follows the market again at its end', () => {
    const first = NOW - 10 * DAY;
    const day = { fromMs: NOW - DAY, toMs: null };
    const earlier = moved(day, first, NOW, -1);
    expect(earlier).toEqual({ fromMs: NOW - 2 * DAY, toMs: NOW - DAY });
    expect(moved(earlier, first, NOW, 1)).toEqual(day);
    expect(moved(day, first, NOW, -50)).toEqual({ fromMs: first, toMs: first + DAY });
  });

  it('is read at a step that suits what the account has of it', () => {
    const basis = { marketMs: NOW, beginsMs: NOW - HOUR, places: 500, margin: 0.5, mostPoints: 5_000 };
    const week = windowOf('1W', NOW);
    expect(readingOf(week, { ...basis, beginsMs: null })).toMatchObject({ stepMs: 30 * MINUTE, toMs: null });
    expect(readingOf(week, basis)).toEqual({ stepMs: MINUTE / 6, fromMs: NOW - 1.5 * HOUR, toMs: null, points: 542 });
    expect(readingOf(windowOf('All', NOW), basis).stepMs).toBe(MINUTE / 6);
    expect(readingOf(windowOf('All', NOW), { ...basis, beginsMs: null })).toMatchObject({ stepMs: null, points: 500 });
    const past = { fromMs: NOW - 4 * DAY, toMs: NOW - 2 * DAY };
    expect(readingOf(past, { ...basis, beginsMs: NOW - 30 * DAY })).toEqual({
      ...{ stepMs: 10 * MINUTE, fromMs: NOW - 5 * DAY, toMs: NOW - DAY, points: 578 },
    });
  });

  it('has a step with at most as many places as asked for', () => {
    expect(stepFor(DAY, 500)).toBe(5 * MINUTE);
    expect(stepFor(30 * DAY, 500)).toBe(2 * HOUR);
    fc.assert(
      fc.property(fc.integer({ min: MINUTE, max: 4_000 * DAY }), (length) => {
        expect(length / stepFor(length, 500)).toBeLessThanOrEqual(500);
      }),
    );
  });
});

it('puts a trade at the time that its market had', () => {
  const known = { wallMs: NOW, marketMs: NOW + DAY };
  expect(marketTimeOf(NOW + 1_300, known, 60)).toBe(NOW + DAY + 78_000);
  expect(marketTimeOf(NOW + 1_300, { ...known, marketMs: NOW }, 1)).toBe(NOW + 1_300);
  // As fast as it goes: nothing is known but the decision before.
  expect(marketTimeOf(NOW + 1_300, known, 'max')).toBe(NOW + DAY);
});

it('sums series where all of them are known', () => {
  const fees = [at(1, -1), at(2, -2), at(3, -3)];
  const gas = [at(1, -0.5), at(3, -1)];
  expect(summed([fees, gas]).map(([ms, , , value]) => [ms, value])).toEqual([
    [1, -1.5],
    [3, -4],
  ]);
  expect(summed([])).toEqual([]);
});

it('finds the value of a time, and none before the first or in a gap', () => {
  const grid = [{ ms: 10, value: 1 }, { ms: 20, value: 2, ends: true as const }, { ms: 30 }, { ms: 40, value: 4 }];
  expect([5, 10, 19, 20, 35, 99].map((ms) => valueAt(grid, ms))).toEqual([null, 1, 1, 2, null, 4]);
  expect(spreadRows(grid, 2).map(({ ms }) => ms)).toEqual([40, 20]);
  expect(extentOf([at(1, 5), at(2, 7)])).toEqual({ low: 4, high: 8, last: 7 });
  expect(extentOf([])).toBeNull();
});
