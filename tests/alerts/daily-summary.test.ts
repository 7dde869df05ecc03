import { afterEach, expect, it } from '@jest/globals';
import { until } from '../../localnet/tests/support/until.ts';
import { startDailySummary } from '../../src/alerts/daily-summary.ts';
import type { Message } from '../../src/alerts/messengers/message.ts';
import type { Sent } from '../../src/alerts/messengers/messenger.ts';
import { DEFAULT_POLICY } from '../../src/domain/hedge/policy.ts';
import { claimSummary } from '../../src/journal/deliveries.ts';
import type { Journal } from '../../src/journal/journal.ts';
import type { Repeated } from '../../src/lib/repeat.ts';
import { summaryFigures } from '../../src/runtime/summary-figures.ts';
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
