import { expect, it } from '@jest/globals';
import { deliveriesOf } from '../../src/journal/deliveries.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { muteUntil, readMutes, unmute } from '../../src/journal/muting.ts';
import { onBothDatabases } from './both-databases.ts';
import { alertOf, newId, T0 } from './records.ts';

const QUERY = {
  channel: 'Telegram',
  graceMs: 15_000,
  maxAgeMs: 86_400_000,
  repeatMs: 1_800_000,
  severities: ['warning', 'critical'],
  recoveredCodes: ['NAKED_SHORT'],
  mutedEngines: [],
} as const;

async function raisedIn(journal: Journal, ...changes: readonly Partial<Parameters<typeof alertOf>[0]>[]) {
  const alerts = changes.map((change) =>
    alertOf({ id: newId(), code: 'NAKED_SHORT', severity: 'critical', tsMs: T0 + 1, operationId: null, ...change }),
  );
  for (const alert of alerts) await journal.raiseAlert(alert);
  return alerts.map(({ id }) => id);
}

await onBothDatabases((open) => {
  const due = async (journal: Journal, nowMs: number) =>
    (await deliveriesOf(journal.db).due({ ...QUERY, nowMs })).map(({ alert, times }) => [alert.id, times]);

  it('only what is younger than the channel and the limit, older than the grace, and severe enough is due', async () => {
    const journal = await open();
    expect(await deliveriesOf(journal.db).begin('Telegram', T0)).toBe(T0);
    expect(await deliveriesOf(journal.db).begin('Telegram', T0 + 500)).toBe(T0);
    const [wanted] = await raisedIn(journal, {}, { tsMs: T0 - 1 }, { severity: 'info' }, { tsMs: T0 + 90_000 });
    expect(await due(journal, T0 + 10_000)).toEqual([]);
    expect(await due(journal, T0 + 20_000)).toEqual([[wanted, 0]]);
    expect((await due(journal, T0 + 200_000)).length).toBe(2);
    expect(await due(journal, T0 + 86_400_002)).toHaveLength(1);
  });

  it('what is critical comes first, however much else waits, and of a muted engine it comes alone', async () => {
    const journal = await open();
    await deliveriesOf(journal.db).begin('Telegram', T0);
    const [muted, other] = [newId(), newId()];
    const warnings = Array.from({ length: 210 }, () => ({ severity: 'warning', engineId: muted }) as const);
    await raisedIn(journal, ...warnings);
    const [ofOther] = await raisedIn(journal, { severity: 'warning', engineId: other });
    const [critical, ofProcess] = await raisedIn(journal, { engineId: muted }, { severity: 'warning', engineId: null });
    const nowMs = T0 + 20_000;
    const found = await due(journal, nowMs);
    expect(found[0]).toEqual([critical, 0]);
    expect(found).not.toContainEqual([ofOther, 0]);
    const query = { ...QUERY, nowMs, mutedEngines: [muted] };
    const unmuted = await deliveriesOf(journal.db).due(query);
    expect(unmuted.map(({ alert }) => alert.id)).toEqual([critical, ofOther, ofProcess]);
  });

  it('a mute is of all engines or of one, each until its time; all are ended together, or one alone', async () => {
    const { db } = await open();
    expect(await readMutes(db)).toEqual({ allUntilMs: 0, engines: new Map() });
    await muteUntil(db, T0 + 5, null);
    for (const engineId of ['calm', 'bold']) await muteUntil(db, T0 + 1, engineId);
    await muteUntil(db, T0 + 9, 'calm');
    const both = new Map([
      ['calm', T0 + 9],
      ['bold', T0 + 1],
    ]);
    expect(await readMutes(db)).toEqual({ allUntilMs: T0 + 5, engines: both });
    await unmute(db, 'bold');
    expect(await readMutes(db)).toEqual({ allUntilMs: T0 + 5, engines: new Map([['calm', T0 + 9]]) });
    await unmute(db, null);
    expect(await readMutes(db)).toEqual({ allUntilMs: 0, engines: new Map() });
  });

  it('one of two holders claims an alert; a claim ends with its time, and what was sent meanwhile is claimed by nobody', async () => {
    const journal = await open();
    const deliveries = deliveriesOf(journal.db);
    const wanted = [{ id: 'a', times: 0 }];
    const claim = async (holder: string, nowMs: number) => [
      ...(await deliveries.claim('Telegram', wanted, { holder, nowMs, holdMs: 60_000 })),
    ];
    const both = await Promise.all([claim('one', T0), claim('other', T0)]);
    expect(both.flat()).toEqual(['a']);
    expect(await claim('third', T0 + 59_000)).toEqual([]);
    expect(await claim('third', T0 + 60_001)).toEqual(['a']);
    await deliveries.sent('Telegram', ['a', 'a'], T0 + 61_000);
    expect(await claim('one', T0 + 200_000)).toEqual([]);
  });

  it('a critical alert is due again until it is acknowledged, over, or told anew', async () => {
    const journal = await open();
    const deliveries = deliveriesOf(journal.db);
    await deliveries.begin('Telegram', T0);
    const engineIds = ['engine:1', 'engine:2', 'engine:3', 'engine:4'];
    const ids = await raisedIn(journal, ...engineIds.map((engineId) => ({ engineId })));
    await deliveries.sent('Telegram', ids, T0 + 1_000);
    const later = T0 + 1_801_001;
    expect(await due(journal, T0 + 1_800_000)).toEqual([]);
    expect(await due(journal, later)).toEqual(ids.map((id) => [id, 1]));
    for (let twice = 0; twice < 2; twice += 1) {
      expect(await journal.acknowledgeAlert(ids[1] as string, later + twice)).toBe(true);
    }
    expect(await journal.acknowledgeAlert('nobody', later)).toBe(false);
    await deliveries.claim('Discord', [{ id: ids[0] as string, times: 0 }], { holder: 'one', nowMs: later, holdMs: 1 });
    const sent = { channel: 'Telegram', times: 1, sentAtMs: T0 + 1_000 };
    expect(await journal.alertReception([...ids.slice(0, 2), 'nobody'])).toEqual(
      new Map([
        [ids[0], { acknowledgedAtMs: null, deliveries: [{ channel: 'Discord', times: 0, sentAtMs: null }, sent] }],
        [ids[1], { acknowledgedAtMs: later, deliveries: [sent] }],
      ]),
    );
    expect(await journal.alertReception([])).toEqual(new Map());
    await raisedIn(journal, { engineId: 'engine:3', kind: 'recovered', severity: 'info', tsMs: later });
    await raisedIn(journal, { engineId: 'engine:4', tsMs: later });
    expect(await due(journal, later)).toEqual([[ids[0], 1]]);
  });
});
