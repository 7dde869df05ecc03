import { beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Journal } from '../../src/journal/journal.ts';
import { type EquityRecord, SPAN_NAMES, type SpanName } from '../../src/journal/records.ts';
import { onBothDatabases } from './both-databases.ts';
import { equityOf, fundingOf, newEngineId } from './records.ts';

const DAY_MS = 86_400_000;
const SOURCES = ['funding', 'basis', 'slippage', 'fees', 'gas', 'interest'] as const;
const NET = ['funding', 'basis', 'slippage', 'fees', 'gas'] as const;
/** A midnight, so that days and spans begin on it. */
const BEGINS = Date.UTC(2026, 0, 1);

interface Step {
  readonly afterMs: number;
  readonly changes: readonly number[];
}

/** Equity rows with cumulative sources; several may stand at one moment of the market. */
function rowsOf(engineId: string, steps: readonly Step[]): readonly EquityRecord[] {
  const sums = new Map<string, bigint>(SOURCES.map((name) => [name, 0n]));
  let tMs = BEGINS;
  return steps.map(({ afterMs, changes }, index) => {
    tMs += afterMs;
    for (const [place, name] of SOURCES.entries()) {
      sums.set(name, (sums.get(name) ?? 0n) + BigInt(changes[place] ?? 0));
    }
    const figures = Object.fromEntries([...sums].map(([name, value]) => [name, value.toString()]));
    const equity = (2_000_000_000n + [...sums.values()].reduce((a, b) => a + b)).toString();
    return equityOf({ engineId, tsMs: BEGINS + index, marketTimeMs: tMs, baseline: '2000000000', equity, ...figures });
  });
}

const cumulative = (row: EquityRecord | undefined, name: (typeof SOURCES)[number]): bigint => BigInt(row?.[name] ?? 0);

/** By hand: what stood at the end less what stood at the beginning; equity summed millisecond interval by interval. */
function expectedSpan(rows: readonly EquityRecord[], span: SpanName) {
  const [first, last] = [rows[0], rows.at(-1)];
  if (first === undefined || last === undefined) throw new Error('no rows');
  const newest = last.marketTimeMs;
  const asked = {
    today: Math.floor(newest / DAY_MS) * DAY_MS,
    week: newest - 7 * DAY_MS,
    month: newest - 30 * DAY_MS,
    all: first.marketTimeMs,
  }[span];
  const fromMs = Math.max(asked, first.marketTimeMs);
  const stood = asked <= first.marketTimeMs ? undefined : rows.findLast((row) => row.marketTimeMs <= fromMs);
  let equityTime = 0n;
  for (const [index, row] of rows.entries()) {
    const until = rows[index + 1]?.marketTimeMs ?? newest;
    const since = Math.max(row.marketTimeMs, fromMs);
    if (until > since) equityTime += BigInt(row.equity) * BigInt(until - since);
  }
  return {
    fromMs,
    toMs: newest,
    equityTime: equityTime.toString(),
    ...Object.fromEntries(SOURCES.map((name) => [name, (cumulative(last, name) - cumulative(stood, name)).toString()])),
  };
}

function expectedWorst(rows: readonly EquityRecord[]) {
  const days = new Map<number, bigint>();
  for (const row of rows) {
    days.set(
      Math.floor((row.marketTimeMs - 1) / DAY_MS),
      NET.reduce((sum, name) => sum + cumulative(row, name), 0n),
    );
  }
  let before = 0n;
  let worst: { startMs: number; net: bigint } | null = null;
  for (const [day, net] of days) {
    if (worst === null || net - before < worst.net) worst = { startMs: day * DAY_MS, net: net - before };
    before = net;
  }
  return worst === null ? null : { startMs: worst.startMs, net: worst.net.toString() };
}

const STEP = fc.record({
  afterMs: fc.oneof(fc.constantFrom(0, 3_600_000, DAY_MS, 6 * DAY_MS), fc.integer({ min: 0, max: 12 * 3_600_000 })),
  changes: fc.array(fc.integer({ min: -9_000_000, max: 9_000_000 }), { minLength: 6, maxLength: 6 }),
});

await onBothDatabases((open) => {
  let journal: Journal;
  beforeAll(async () => {
    journal = await open();
  });

  it('are the same as counted by hand, whatever the rows are', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(STEP, { minLength: 1, maxLength: 30 }), async (steps) => {
        const engineId = newEngineId();
        const rows = rowsOf(engineId, steps);
        for (const row of rows) await journal.recordEquity(row);
        const found = await journal.statistics(engineId);
        for (const span of SPAN_NAMES) expect(found?.spans[span]).toMatchObject(expectedSpan(rows, span));
        expect(found?.worstDay).toEqual(expectedWorst(rows));
      }),
      { numRuns: 25 },
    );
  });

  it('count the funding periods of a span that a position lived through', async () => {
    const engineId = newEngineId();
    for (const hour of [0, 48]) {
      await journal.recordEquity(equityOf({ engineId, tsMs: hour, marketTimeMs: BEGINS + hour * 3_600_000 }));
    }
    await journal.recordFunding(
      [1, 2, 3, 30, 31].map((hour) =>
        fundingOf({
          engineId,
          periodTsMs: BEGINS + hour * 3_600_000,
          position: hour === 3 ? '0' : '-5000000000',
        }),
      ),
    );
    const found = await journal.statistics(engineId);
    expect(found?.spans.all.hedgedPeriods).toBe(4);
    expect(found?.spans.today).toMatchObject({ fromMs: found?.spans.today.toMs, hedgedPeriods: 0, equityTime: '0' });
  });

  it('are null without an equity row', async () => {
    expect(await journal.statistics(newEngineId())).toBeNull();
  });
});
