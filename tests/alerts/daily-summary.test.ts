import { afterEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { until } from '../../localnet/tests/support/until.ts';
import { startDailySummary, summaryText } from '../../src/alerts/daily-summary.ts';
import type { Message } from '../../src/alerts/messengers/message.ts';
import type { Sent } from '../../src/alerts/messengers/messenger.ts';
import { DEFAULT_POLICY } from '../../src/domain/hedge/policy.ts';
import { claimSummary } from '../../src/journal/deliveries.ts';
import type { Journal } from '../../src/journal/journal.ts';
import type { Repeated } from '../../src/lib/repeat.ts';
import { summaryFigures } from '../../src/runtime/summary-figures.ts';
import { type EngineDay, summaryOfDays, summaryOfEngines } from '../../src/runtime/summary-of-engines.ts';
import { newEngineId, snapshotAt, T0 } from '../journal/records.ts';
import { openTestJournal } from '../support/journal.ts';

const MORNING = { day: '2026-01-15', minute: 8 * 60 };
const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

interface Given {
  readonly journal: Journal;
  readonly engineId: string;
  readonly at: { readonly day: string; readonly minute: number };
  readonly answers?: Sent[];
}

/** A process that looks every few milliseconds, and what it sent. */
function process({ journal, engineId, at, answers = [] }: Given): { readonly sent: Message[]; looks: () => number } {
  const sent: Message[] = [];
  let looks = 0;
  const running: Repeated = startDailySummary(
    {
      messengers: [
        {
          name: 'Telegram',
          send: async (message) => {
            sent.push(message);
            return answers.shift() ?? { kind: 'sent' };
          },
        },
      ],
      atMinute: 8 * 60,
      localDay: () => {
        looks += 1;
        return at;
      },
      summary: () => summaryFigures({ journal, engineId, policy: DEFAULT_POLICY }),
      claimDay: (day) => claimSummary(journal.db, engineId, day),
      clock: { nowMs: () => T0 },
      logger: { warn: () => undefined },
      pageUrl: 'http://page/',
    },
    2,
  );
  ends.push(running.stop);
  return { sent, looks: () => looks };
}

async function withAccount() {
  const journal = await openTestJournal();
  ends.push(() => journal.close());
  const engineId = newEngineId();
  await journal.recordSnapshot({ engineId, generation: 1, attempt: 1 }, snapshotAt(T0));
  return { journal, engineId };
}

it('is sent once a day by one of two processes, with what is known', async () => {
  const account = await withAccount();
  const both = [process({ ...account, at: MORNING }), process({ ...account, at: MORNING })];
  await until('a summary', async () => both.some(({ sent }) => sent.length > 0));
  await until('both to have looked again', async () => both.every(({ looks }) => looks() > 5));
  const sent = both.flatMap((one) => one.sent);
  expect(sent).toHaveLength(1);
  expect(sent[0]?.text(4_096)).toMatch(
    /^Daily summary, 2026-01-15\nEquity: .+ Health: .+\.\nSpot .+\nEarnings: nothing recorded yet\.\nNo alert stands\.\nhttp:\/\/page\/$/,
  );
  expect(sent[0]).toMatchObject({
    type: 'driftless.summary',
    data: { engine_id: account.engineId, day: '2026-01-15' },
  });
});

it('waits for its time, comes late after a machine was off, and not half a day late', async () => {
  const account = await withAccount();
  const [early, late] = [8 * 60 - 1, 8 * 60 + 361].map((minute) => process({ ...account, at: { ...MORNING, minute } }));
  await until('both to have looked', async () => (early?.looks() ?? 0) > 5 && (late?.looks() ?? 0) > 5);
  expect([early?.sent, late?.sent]).toEqual([[], []]);
  const soon = process({ ...account, at: { ...MORNING, minute: 8 * 60 + 300 } });
  await until('it', async () => soon.sent.length === 1);
});

it('is tried again while the endpoint fails, and waits for an account', async () => {
  const journal = await openTestJournal();
  ends.push(() => journal.close());
  const engineId = newEngineId();
  const answers: Sent[] = [{ kind: 'later', afterMs: null, why: 'the endpoint answered 502' }];
  const { sent, looks } = process({ journal, engineId, at: MORNING, answers });
  await until('some looks', async () => looks() > 3);
  expect(sent).toEqual([]);
  await journal.recordSnapshot({ engineId, generation: 1, attempt: 1 }, snapshotAt(T0));
  await until('two attempts', async () => sent.length === 2);
  expect(sent[0]?.id).toBe(sent[1]?.id);
});

describe('of several engines', () => {
  const sums = (net: bigint, aprPct: number | null = null, capital: number | null = 100) => ({
    ...{ net, funding: net + 500_000n, costs: -500_000n, aprPct, capital },
  });
  const day = (name: string, change: Partial<EngineDay> = {}): EngineDay => ({
    ...{ engineId: `engine:${name}`, name, equity: 100_000_000n, health: 90, alerts: [] },
    earned: { today: sums(1_000_000n), week: sums(7_000_000n), all: sums(30_000_000n, 12) },
    ...change,
  });

  it('has the totals first, then a line for each engine, those with alerts before the others', () => {
    const days = [
      day('own'),
      day('calm', { health: 40 }),
      day('new', { equity: null, health: null, earned: null }),
      day('bold', { alerts: [{ title: 'Low health', severity: 'warning' }] }),
      day('worst', { alerts: [{ title: 'Liquidation is near', severity: 'critical' }], health: 95 }),
    ];
    const summary = summaryOfDays(days, 'paper');
    expect(summaryText('2026-01-15', summary, 'http://page/engines', 4_096).split('\n')).toEqual([
      'Daily summary, 2026-01-15',
      '5 engines, paper mode. Equity: $400.00 and 1 unknown. Lowest health: 40.0 % (calm).',
      'Today: $4.00 (funding $6.00, costs −$2.00). Nothing recorded yet of 1.',
      'Last 7 days: $28.00 (funding $30.00, costs −$2.00). Nothing recorded yet of 1.',
      'Since the start: $120.00 (funding $122.00, costs −$2.00). Nothing recorded yet of 1.',
      'Standing alerts: 2, of 2 engines.',
      '- worst: equity $100.00, health 95.0 %, today $1.00; Liquidation is near',
      '- bold: equity $100.00, health 90.0 %, today $1.00; Low health',
      '- new: equity unknown, health unknown, today unknown',
      '- calm: equity $100.00, health 40.0 %, today $1.00',
      '- own: equity $100.00, health 90.0 %, today $1.00',
      'http://page/engines',
    ]);
    expect(summary.data).toMatchObject({
      mode: 'paper',
      engines: 5,
      equity: 400,
      equity_unknown: 1,
      items_left_out: 0,
    });
  });

  it('has a yearly figure by capital where every engine has one', () => {
    const days = [day('own'), day('big', { earned: { ...day('x').earned, all: sums(0n, 4, 300) } as never })];
    expect(summaryOfDays(days, 'live').lines[3]).toMatch(/, 6\.0 % a year\.$/);
    const young = day('young', { earned: { ...day('x').earned, all: sums(0n) } as never });
    expect(summaryOfDays([...days, young], 'live').lines[3]).not.toContain('a year');
  });

  it('of any number fits into each messenger, and says how many more there are', () => {
    const days = Array.from({ length: 1_000 }, (_, index) => day(`${index}`.padEnd(64, 'n')));
    const summary = summaryOfDays(days, 'paper');
    expect((summary.data as { items: unknown[]; items_left_out: number }).items).toHaveLength(100);
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 6_000 }), (limit) => {
        const text = summaryText('2026-01-15', summary, 'http://page/engines', limit);
        expect(text.length).toBeLessThanOrEqual(limit);
        expect(text.endsWith('\nhttp://page/engines')).toBe(true);
        if (limit < 500) return;
        const shown = text.split('\n').filter((line) => line.startsWith('- ')).length;
        expect(text).toContain(shown === 0 ? '\n1000 engines\n' : `\nand ${1_000 - shown} more\n`);
      }),
      { numRuns: 30 },
    );
  });

  it('is of those that the journal knows, and waits until one is known', async () => {
    const { journal, engineId } = await withAccount();
    const engines = [newEngineId(), engineId].map((id) => ({ engineId: id, name: id, policy: DEFAULT_POLICY }));
    const summary = await summaryOfEngines({ journal, engines, mode: 'paper' });
    expect(summary?.lines[0]).toMatch(/^2 engines, paper mode\. Equity: \$[\d.]+ and 1 unknown\./);
    expect(await summaryOfEngines({ journal, engines: engines.slice(0, 1), mode: 'paper' })).toBeNull();
  });
});
