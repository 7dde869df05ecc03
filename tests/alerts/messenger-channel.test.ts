/** None lost, none repeated for ever: one messenger under failures, storms, restarts and a journal that is away. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { sql } from 'kysely';
import { until } from '../../localnet/tests/support/until.ts';
import { EnginePages } from '../../src/alerts/engine-pages.ts';
import { MessengerChannel, type MessengerState } from '../../src/alerts/messenger-channel.ts';
import type { Message } from '../../src/alerts/messengers/message.ts';
import type { Sent } from '../../src/alerts/messengers/messenger.ts';
import type { Alert } from '../../src/domain/alerts/alert.ts';
import { EngineNames } from '../../src/domain/engine/engine-names.ts';
import { type Deliveries, deliveriesOf } from '../../src/journal/deliveries.ts';
import type { Journal } from '../../src/journal/journal.ts';
import type { Mutes } from '../../src/journal/muting.ts';
import { alertOf, newId } from '../journal/records.ts';
import { openTestJournal } from '../support/journal.ts';

const SILENT = { warn: () => undefined };
const QUICK = { tickMs: 2, sweepMs: 5, graceMs: 40, journalMs: 2_000, criticalWaitMs: 40, stopMs: 200 };
const POLICY = { minSeverity: 'warning', repeatMs: 600_000, quietHours: null } as const;

const alertsIn = ({ data }: Message) =>
  (data as unknown as { readonly alerts: readonly { readonly id: string; readonly repeats: number }[] }).alerts;

/** Says what it was sent, and answers as the test wants. */
class Endpoint {
  readonly name: string;
  readonly messages: Message[] = [];
  answers: Sent[] = [];

  constructor(name = newId()) {
    this.name = name;
  }

  async send(message: Message): Promise<Sent> {
    this.messages.push(message);
    return this.answers.shift() ?? { kind: 'sent' };
  }

  ids(): readonly string[] {
    return this.messages.flatMap((message) => alertsIn(message).map(({ id }) => id));
  }
}

const AWAY: Deliveries = {
  begin: () => new Promise(() => undefined),
  due: () => new Promise(() => undefined),
  claim: () => new Promise(() => undefined),
  sent: () => new Promise(() => undefined),
};

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

async function opened(): Promise<Journal> {
  const journal = await openTestJournal();
  ends.push(() => journal.close());
  return journal;
}

/** Real time goes on; `skip` adds to it. */
class TestClock {
  skippedMs = 0;
  nowMs(): number {
    return Date.now() + this.skippedMs;
  }
}

interface Given {
  readonly messenger: Endpoint;
  readonly deliveries: Deliveries;
  readonly clock?: TestClock;
  readonly limits?: object;
  readonly mutes?: () => Promise<Mutes>;
  readonly states?: MessengerState[];
}

function started({
  messenger,
  deliveries,
  clock = new TestClock(),
  limits = {},
  mutes = async () => ({ allUntilMs: 0, engines: new Map() }),
  states = [],
}: Given): MessengerChannel {
  const channel = new MessengerChannel({
    ...{ messenger, deliveries, clock, policy: POLICY, logger: SILENT },
    pages: new EnginePages('http://page/', () => new EngineNames('engine:paper:synthetic:1:0')),
    minuteOfDay: () => 0,
    mutes,
    onState: (state) => void states.push(state),
    limits: { ...QUICK, ...limits },
  }).start();
  ends.push(() => channel.stop());
  return channel;
}

const alertNow = (change: Partial<Alert> = {}): Alert =>
  alertOf({ id: newId(), severity: 'critical', code: 'NAKED_SHORT', tsMs: Date.now(), ...change });

const toHave = (endpoint: Endpoint, count: number) =>
  until(`${count} alerts`, async () => (endpoint.ids().length >= count ? endpoint.ids() : null));

const skippingUntil = (clock: TestClock, holds: () => boolean) =>
  until('a retry', async () => {
    clock.skippedMs += 2_000;
    return holds();
  });

describe('an alert that this process raised', () => {
  it('goes out at once while the journal does not answer', async () => {
    const messenger = new Endpoint();
    const alert = alertNow();
    started({ messenger, deliveries: AWAY }).deliver(alert);
    expect(await toHave(messenger, 1)).toEqual([alert.id]);
  });

  it('is tried again until it is delivered; the person is told by other ways, and told when it works again', async () => {
    const messenger = new Endpoint();
    const states: MessengerState[] = [];
    const clock = new TestClock();
    messenger.answers = [
      { kind: 'later', afterMs: 7_000, why: 'the endpoint answered 429' },
      { kind: 'refused', why: 'the token is wrong' },
    ];
    const journal = await opened();
    const channel = started({
      messenger,
      deliveries: deliveriesOf(journal.db),
      clock,
      states,
      limits: { graceMs: 60_000 },
    });
    channel.deliver(alertNow());
    await skippingUntil(clock, () => states.length > 0);
    expect(states).toEqual([{ name: messenger.name, works: false, why: 'the token is wrong' }]);
    // Seven seconds, as the endpoint asked.
    expect(clock.skippedMs).toBeGreaterThan(6_000);
    await skippingUntil(clock, () => messenger.ids().length >= 3);
    await until('the recovery to be told', async () => states.length > 1);
    expect(states[1]).toMatchObject({ works: true });
  });

  it('waits with all others for the time that the endpoint asked for, and goes out with them', async () => {
    const messenger = new Endpoint();
    const clock = new TestClock();
    messenger.answers = [{ kind: 'later', afterMs: 7_000, why: 'the endpoint answered 429' }];
    const channel = started({ messenger, deliveries: AWAY, clock, limits: { graceMs: 60_000 } });
    const [first, second] = [alertNow(), alertNow()];
    channel.deliver(first);
    await toHave(messenger, 1);
    channel.deliver(second);
    await skippingUntil(clock, () => messenger.messages.length > 1);
    expect(messenger.ids().toSorted()).toEqual([first.id, first.id, second.id].toSorted());
    expect(messenger.messages).toHaveLength(2);
    expect(clock.skippedMs).toBeGreaterThan(6_000);
  });

  it('is not sent again by this process or by another that reads the journal', async () => {
    const [one, other] = [new Endpoint('same'), new Endpoint('same')];
    const journal = await opened();
    const deliveries = deliveriesOf(journal.db);
    await deliveries.begin('same', Date.now() - 1_000);
    const clock = new TestClock();
    const limits = { graceMs: 60_000 };
    const channels = [one, other].map((messenger) => started({ messenger, deliveries, clock, limits }));
    const [first, second] = [alertNow(), alertNow()];
    for (const alert of [first, second]) await journal.raiseAlert(alert);
    channels[0]?.deliver(first);
    await until('the first to be recorded', async () => (await recordedIn(journal)).length === 1);
    // The second was raised in a process that died before it could send.
    clock.skippedMs += 61_000;
    await until('both to be recorded', async () => (await recordedIn(journal)).length === 2);
    expect([...one.ids(), ...other.ids()].toSorted()).toEqual([first.id, second.id].toSorted());
  });
});

const recordedIn = async (journal: Journal): Promise<readonly string[]> => {
  const { rows } = await sql<{ readonly alert_id: string }>`
    SELECT alert_id FROM alert_deliveries WHERE sent_at_ms IS NOT NULL`.execute(journal.db);
  return rows.map(({ alert_id }) => alert_id);
};

const DUE = {
  mutedEngines: [],
  graceMs: 0,
  maxAgeMs: 86_400_000,
  repeatMs: 600_000,
  severities: ['warning', 'critical'],
  recoveredCodes: ['NAKED_SHORT'],
} as const;

it('a storm goes out as a few messages, and what is critical waits only a moment', async () => {
  const messenger = new Endpoint();
  const journal = await opened();
  const channel = started({ messenger, deliveries: deliveriesOf(journal.db), limits: { graceMs: 60_000 } });
  for (let count = 1; count <= 5; count += 1) {
    channel.deliver(alertNow({ severity: 'warning' }));
    await toHave(messenger, count);
  }
  for (let count = 0; count < 50; count += 1) channel.deliver(alertNow({ severity: 'warning' }));
  channel.deliver(alertNow());
  await toHave(messenger, 56);
  expect(messenger.messages.length).toBeLessThanOrEqual(7);
});

describe('a critical alert that stands', () => {
  const repeated = async () => {
    const messenger = new Endpoint();
    const journal = await opened();
    const clock = new TestClock();
    const deliveries = deliveriesOf(journal.db);
    await deliveries.begin(messenger.name, Date.now() - 1_000);
    const channel = started({ messenger, deliveries, clock });
    const alert = alertNow();
    await journal.raiseAlert(alert);
    channel.deliver(alert);
    await toHave(messenger, 1);
    await until('it to be recorded', async () => (await recordedIn(journal)).includes(alert.id));
    return { messenger, journal, clock, deliveries, alert };
  };

  it('is sent again, and says that it was sent before', async () => {
    const { messenger, clock, alert } = await repeated();
    clock.skippedMs += 601_000;
    expect(await toHave(messenger, 2)).toEqual([alert.id, alert.id]);
    expect(alertsIn(messenger.messages[1] as Message)[0]?.repeats).toBe(1);
    expect(messenger.messages[1]?.id).not.toBe(messenger.messages[0]?.id);
  });

  it.each(['acknowledged', 'over', 'a day old'] as const)('is not sent again once it is %s', async (end) => {
    const { journal, clock, deliveries, alert, messenger } = await repeated();
    if (end === 'acknowledged') expect(await journal.acknowledgeAlert(alert.id, clock.nowMs())).toBe(true);
    if (end === 'over') await journal.raiseAlert({ ...alert, id: newId(), kind: 'recovered', severity: 'info' });
    clock.skippedMs += end === 'a day old' ? 90_000_000 : 601_000;
    const due = await deliveries.due({ ...DUE, channel: messenger.name, nowMs: clock.nowMs() });
    expect(due.filter(({ alert: { kind } }) => kind === 'alert')).toEqual([]);
  });
});

it.each(['all engines', 'its engine'])(
  'with %s muted, only what is critical goes out; the rest comes when the time is over, by itself',
  async (muted) => {
    const messenger = new Endpoint();
    const journal = await opened();
    const clock = new TestClock();
    const untilMs = clock.nowMs() + 3_600_000;
    const engineId = newId();
    let asked = 0;
    const channel = started({
      ...{ messenger, clock, deliveries: deliveriesOf(journal.db), limits: { graceMs: 7_200_000 } },
      mutes: async () => {
        asked += 1;
        return muted === 'all engines'
          ? { allUntilMs: untilMs, engines: new Map() }
          : { allUntilMs: 0, engines: new Map([[engineId, untilMs]]) };
      },
    });
    await until('the journal to be asked', async () => asked > 0);
    const [critical, warning] = [alertNow({ engineId }), alertNow({ engineId, severity: 'warning' })];
    const other = alertNow({ severity: 'warning' });
    channel.deliver(warning);
    channel.deliver(other);
    channel.deliver(critical);
    const atOnce = muted === 'all engines' ? [critical.id] : [other.id, critical.id];
    expect((await toHave(messenger, atOnce.length)).toSorted()).toEqual(atOnce.toSorted());
    clock.skippedMs += 3_700_000;
    const late = muted === 'all engines' ? [warning.id, other.id] : [warning.id];
    expect((await toHave(messenger, 3)).slice(atOnce.length).toSorted()).toEqual(late.toSorted());
  },
);
