import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { until } from '../../localnet/tests/support/until.ts';
import { AlertChannels } from '../../src/alerts/channels.ts';
import { feedFromJournal, type JournalFeed } from '../../src/alerts/journal-feed.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { alertOf } from '../journal/records.ts';
import { openTestJournal } from '../support/journal.ts';

const QUIET = { warn: () => undefined };
const clock = { nowMs: () => Date.now() };

describe('the feed from the journal', () => {
  let journal: Journal;
  let feed: JournalFeed | null = null;
  let heard: string[] = [];
  let channels: AlertChannels;

  beforeEach(async () => {
    heard = [];
    channels = new AlertChannels(QUIET).add({ name: 'heard', deliver: ({ id }) => void heard.push(id) });
    journal = await openTestJournal();
  });
  afterEach(async () => {
    await feed?.stop();
    await journal.close();
  });

  const follow = (of: Pick<Journal, 'listen' | 'alert' | 'alerts'> = journal) => {
    feed = feedFromJournal({ journal: of, channels, clock, logger: QUIET });
  };
  const row = (id: string) => alertOf({ id, tsMs: Date.now() });
  const hearing = (ids: readonly string[]) =>
    until(ids.join(', '), async () => (heard.length >= ids.length ? heard : null));

  it('delivers each row once, whoever wrote it, and nothing from before the start', async () => {
    await journal.raiseAlert(alertOf({ id: 'before', tsMs: Date.now() - 1 }));
    follow();
    await journal.raiseAlert(row('a'));
    await hearing(['a']);
    // Repeated after a restart: the journal had it before this process began.
    channels.announce(alertOf({ id: 'before' }));
    channels.announce(row('raised here'));
    await journal.raiseAlert(row('raised here'));
    await journal.raiseAlert(row('b'));
    expect(await hearing(['a', 'raised here', 'b'])).toEqual(['a', 'raised here', 'b']);
  });

  it('leaves out what a rebuild writes again', async () => {
    follow();
    await journal.raiseAlert(row('a'));
    await hearing(['a']);
    await journal.rebuilding.writeOperation({ atMs: 1, transitions: [], alerts: [row('old')] });
    await journal.raiseAlert(row('b'));
    expect(await hearing(['a', 'b'])).toEqual(['a', 'b']);
  });

  it('reads back what it missed while events were lost or a row could not be read', async () => {
    let gap: () => void = () => undefined;
    let deaf = true;
    let broken = false;
    follow({
      listen: async (onEvent, onGap) => {
        gap = onGap;
        return await journal.listen((event) => (deaf ? undefined : onEvent(event)), onGap);
      },
      alert: async (id) => {
        if (broken) throw new Error('away');
        return await journal.alert(id);
      },
      alerts: (query) => journal.alerts(query),
    });
    await journal.raiseAlert(row('missed'));
    await until('the missed one', async () => {
      gap();
      return heard.includes('missed');
    });
    [deaf, broken] = [false, true];
    await journal.raiseAlert(row('unreadable'));
    expect(await hearing(['missed', 'unreadable'])).toEqual(['missed', 'unreadable']);
  });
});
