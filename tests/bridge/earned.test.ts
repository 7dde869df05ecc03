/** What the account has earned, against a calculation of its own: hour by hour, with deposits, withdrawals, gaps and restarts. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { statisticsView } from '../../src/bridge/account-answers.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { SPAN_NAMES } from '../../src/journal/records.ts';
import { equityOf, fundingOf, newEngineId } from '../journal/records.ts';
import { openTestJournal } from '../support/journal.ts';

const HOUR_MS = 3_600_000;
const DAY_HOURS = 24;
/** A midnight, in UTC and nowhere else. */
const BEGINS_MS = Date.UTC(2026, 2, 1);
const START = 2_000_000_000;

interface Hour {
  readonly funding: number;
  readonly fees: number;
  readonly slippage: number;
  readonly basis: number;
  readonly interest: number;
  /** A deposit or a withdrawal. */
  readonly moved: number;
  readonly hedged: boolean;
  /** Nothing ran: no row was written at its end, and what happened shows in the next one. */
  readonly down: boolean;
  /** The process began again, and wrote the same row once more. */
  readonly twice: boolean;
}

const rarely = (arbitrary: fc.Arbitrary<number>) =>
  fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, { weight: 1, arbitrary });
const HOUR: fc.Arbitrary<Hour> = fc.record({
  funding: fc.integer({ min: -80_000, max: 120_000 }),
  fees: rarely(fc.integer({ min: -900_000, max: 0 })),
  slippage: rarely(fc.integer({ min: -2_000_000, max: 0 })),
  basis: rarely(fc.integer({ min: -500_000, max: 500_000 })),
  interest: fc.integer({ min: 0, max: 9_000 }),
  moved: rarely(fc.integer({ min: -300_000_000, max: 900_000_000 })),
  hedged: fc.boolean(),
  down: fc.oneof({ weight: 8, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  twice: fc.boolean(),
});

const SOURCES = ['funding', 'fees', 'slippage', 'basis', 'interest'] as const;
const netOf = ({ funding, fees, slippage, basis }: Hour): number => funding + fees + slippage + basis;
const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

describe('what the account has earned', () => {
  let journal: Journal;
  beforeAll(async () => {
    journal = await openTestJournal();
  });
  afterAll(() => journal.close());

  async function written(hours: readonly Hour[]) {
    const engineId = newEngineId();
    const sums = Object.fromEntries(SOURCES.map((name) => [name, 0])) as Record<(typeof SOURCES)[number], number>;
    let moved = 0;
    for (const [index, hour] of hours.entries()) {
      for (const name of SOURCES) sums[name] += hour[name];
      moved += hour.moved;
      if (hour.down && index > 0 && index < hours.length - 1) continue;
      const marketTimeMs = BEGINS_MS + index * HOUR_MS;
      const figures = Object.fromEntries(SOURCES.map((name) => [name, String(sums[name])]));
      const equity = String(START + sumOf(Object.values(sums)) + moved);
      const row = { ...{ engineId, marketTimeMs, equity, transfers: String(moved) }, ...figures };
      await journal.recordEquity(equityOf({ ...row, tsMs: marketTimeMs + 1_000 }));
      if (hour.twice) await journal.recordEquity(equityOf({ ...row, tsMs: marketTimeMs + 9_000 }));
    }
    await journal.recordFunding(
      hours.map((hour, index) =>
        fundingOf({
          ...{ engineId, periodTsMs: BEGINS_MS + index * HOUR_MS, amount: String(hour.funding) },
          position: hour.hedged ? '-1000000000' : '0',
        }),
      ),
    );
    return statisticsView(await journal.statistics(engineId), HOUR_MS);
  }

  it('is what the hours add up to, over the money that was there, each span and the worst day', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(HOUR, { minLength: 3, maxLength: 60 }),
        fc.integer({ min: 0, max: 40 }),
        async (some, quiet) => {
          // Some days without anything, so that spans begin within the history.
          const still: Hour = {
            ...{ funding: 0, fees: 0, slippage: 0, basis: 0, interest: 0, moved: 0 },
            hedged: false,
            down: false,
            twice: false,
          };
          const hours = [
            ...some,
            ...Array.from({ length: quiet * DAY_HOURS }, (_, hour) => ({ ...still, down: hour % DAY_HOURS !== 0 })),
            ...some,
          ];
          const end = hours.length - 1;
          const found = await written(hours);
          // As its rows show it: an hour without a row counts with the next one that has one.
          const shows = hours.map((_, index) =>
            hours.findIndex((hour, at) => at >= index && (at === 0 || at === end || !hour.down)),
          );
          const begin = {
            today: Math.floor(end / DAY_HOURS) * DAY_HOURS,
            week: end - 7 * DAY_HOURS,
            month: end - 30 * DAY_HOURS,
            all: 0,
          };
          for (const name of SPAN_NAMES) {
            const first = Math.max(0, begin[name]);
            const whole = begin[name] <= 0;
            const inside = hours.filter((_, index) => (shows[index] ?? 0) > first || whole);
            const span = found.spans?.[name];
            expect(Number(span?.net_base)).toBe(sumOf(inside.map(netOf)));
            expect(Number(span?.funding_base)).toBe(sumOf(inside.map(({ funding }) => funding)));
            expect(Number(span?.costs_base)).toBe(sumOf(inside.map(({ fees, slippage }) => fees + slippage)));
            expect(span?.hours).toBe(end - first);
            expect(span?.hedged_hours).toBe(hours.filter(({ hedged }, index) => hedged && index > first).length);
            // The money that stood in each hour, as far as rows told of it.
            let capital = 0;
            for (let hour = first; hour < end; hour += 1) {
              const known = hours.filter((_, index) => (shows[index] ?? 0) <= hour);
              capital += START + sumOf(known.map((each) => netOf(each) + each.interest + each.moved));
            }
            capital /= end - first;
            if (end - first < 1) {
              expect([span?.net_apr_pct, span?.caution]).toEqual([null, null]);
              continue;
            }
            const apr = ((sumOf(inside.map(netOf)) / capital) * 8_766 * 100) / (end - first);
            expect(Math.abs((span?.net_apr_pct ?? Number.NaN) - apr)).toBeLessThan(1e-6 * Math.max(1, Math.abs(apr)));
            expect(span?.caution === null).toBe(end - first >= 7 * DAY_HOURS);
          }
          const days = new Map<number, number>();
          for (const [index, hour] of hours.entries()) {
            const day = Math.floor(((shows[index] ?? 0) - 1) / DAY_HOURS);
            days.set(day, (days.get(day) ?? 0) + netOf(hour));
          }
          expect(Number(found.worst_day?.net_base)).toBe(Math.min(...days.values()));
        },
      ),
      { numRuns: 12 },
    );
  });
});
