import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createEngineActivities, type EnginePorts } from '../../activities/engine.ts';
import { until } from '../../localnet/tests/support/until.ts';
import { type AlertChannel, AlertChannels } from '../../src/alerts/channels.ts';
import { journalChannel } from '../../src/alerts/journal-channel.ts';
import { logChannel } from '../../src/alerts/log-channel.ts';
import type { Alert } from '../../src/domain/alerts/alert.ts';
import { TransientError } from '../../src/lib/errors.ts';
import { alertOf } from '../journal/records.ts';

const AWAY = new TransientError('UNAVAILABLE', 'The journal is away.');

class Heard implements AlertChannel {
  readonly name: string;
  readonly ids: string[] = [];

  constructor(name = 'heard') {
    this.name = name;
  }

  deliver({ id }: Alert): void {
    this.ids.push(id);
  }
}

/** Takes the first alert and never comes back. */
class Stuck extends Heard {
  override deliver(alert: Alert): Promise<void> {
    super.deliver(alert);
    return new Promise(() => undefined);
  }
}

const logged = () => {
  const lines: { readonly fields: Record<string, unknown>; readonly message: string }[] = [];
  const write = (fields: object, message: string) => void lines.push({ fields: { ...fields }, message });
  return { lines, logger: { info: write, warn: write, error: write } };
};

const settled = (channel: Heard, ids: readonly string[]) =>
  until(`${channel.name} to hear ${ids.join(', ')}`, async () =>
    channel.ids.length >= ids.length ? channel.ids : null,
  );

describe('the channels', () => {
  it('each get every alert once, in order, whoever hands it over', async () => {
    const [one, two] = [new Heard('one'), new Heard('two')];
    const channels = new AlertChannels(logged().logger)
      .add(one)
      .add(two)
      .add(journalChannel({ raiseAlert: async () => true }));
    for (const id of ['a', 'b', 'a']) channels.announce(alertOf({ id }));
    await channels.raise(alertOf({ id: 'c' }));
    await channels.raise(alertOf({ id: 'c' }));
    channels.announce(alertOf({ id: 'c' }));
    for (const channel of [one, two]) expect(await settled(channel, ['a', 'b', 'c'])).toEqual(['a', 'b', 'c']);
  });

  it('do not wait for one that hangs, or for one that fails', async () => {
    const [stuck, heard] = [new Stuck('stuck'), new Heard()];
    const { lines, logger } = logged();
    const failing: AlertChannel = {
      name: 'failing',
      deliver: () => {
        throw new Error('no network');
      },
    };
    const channels = new AlertChannels(logger, { deliverMs: 20 }).add(stuck).add(failing).add(heard);
    for (const id of ['a', 'b']) channels.announce(alertOf({ id }));
    expect(heard.ids).toEqual(['a']);
    expect(await settled(heard, ['a', 'b'])).toEqual(['a', 'b']);
    // The one that hangs goes on to the next after its time.
    expect(await settled(stuck, ['a', 'b'])).toEqual(['a', 'b']);
    await until('both faults of both', async () => (lines.length >= 4 ? lines : null));
    const said = new Set(lines.map(({ fields, message }) => `${fields.channel}: ${message}`));
    expect(said).toEqual(new Set(['failing: An alert was not delivered', 'stuck: An alert was not delivered in time']));
  });

  it('drop the oldest of the least severe when one is too slow, and say so', () => {
    const severities = fc.array(fc.constantFrom('info', 'warning', 'critical'), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(severities, fc.integer({ min: 1, max: 5 }), (given, queue) => {
        const { lines, logger } = logged();
        const channels = new AlertChannels(logger, { queue, deliverMs: 1 }).add(new Stuck());
        for (const [at, severity] of given.entries()) channels.announce(alertOf({ id: String(at), severity }));
        // The first is being delivered; of the others as many wait as may.
        const waiting = given.length - 1 - lines.length;
        expect(waiting).toBe(Math.min(given.length - 1, queue));
        const dropped = lines.map(({ fields }) => given[Number(fields.id)]);
        const criticals = given.slice(1).filter((severity) => severity === 'critical').length;
        expect(dropped.filter((severity) => severity === 'critical')).toHaveLength(Math.max(0, criticals - queue));
      }),
    );
  });

  it('hear of an alert at once when the journal is away, and of it once when it is back', async () => {
    const heard = new Heard();
    const journal = { away: true, rows: [] as string[] };
    const raiseAlert = async ({ id }: Alert) => {
      if (journal.away) throw AWAY;
      journal.rows.push(id);
      return true;
    };
    const channels = new AlertChannels(logged().logger).add(heard).add(journalChannel({ raiseAlert }));
    const activities = createEngineActivities({ alerts: channels } as unknown as EnginePorts);
    const alerts = [alertOf({ id: 'a' }), alertOf({ id: 'b' })];
    // As its workflow calls it until it succeeds.
    await expect(activities.raiseAlerts(alerts)).rejects.toThrow('The journal is away.');
    expect(await settled(heard, ['a', 'b'])).toEqual(['a', 'b']);
    await expect(activities.raiseAlerts(alerts)).rejects.toThrow('The journal is away.');
    journal.away = false;
    await activities.raiseAlerts(alerts);
    expect(journal.rows).toEqual(['a', 'b']);
    expect(heard.ids).toEqual(['a', 'b']);
  });

  it('keep an alert when one of those that keep can', async () => {
    const kept = new Heard('kept');
    const channels = new AlertChannels(logged().logger)
      .add({ name: 'away', keeps: true, deliver: () => Promise.reject(AWAY) })
      .add({ name: kept.name, keeps: true, deliver: (alert) => kept.deliver(alert) });
    await channels.raise(alertOf({ id: 'a' }));
    expect(kept.ids).toEqual(['a']);
  });
});

describe('the log', () => {
  it('has each alert at the level of its severity, with what to do', async () => {
    const levels: string[] = [];
    const at = (level: string) => (fields: object, message: string) => {
      levels.push(level);
      expect(fields).toMatchObject({ action: 'Deposit.' });
      expect(message).toMatch(/^(alert|recovered): Health is 12\.$/);
    };
    const log = logChannel({ info: at('info'), warn: at('warn'), error: at('error') });
    const alert = alertOf({ message: 'Health is 12.', action: 'Deposit.' });
    for (const severity of ['info', 'warning', 'critical'] as const) await log.deliver({ ...alert, severity }, 'here');
    await log.deliver({ ...alert, kind: 'recovered', severity: 'critical' }, 'here');
    expect(levels).toEqual(['info', 'warn', 'error', 'info']);
  });

  it('names the engine where there are several', async () => {
    const fields: object[] = [];
    const write = (given: object) => void fields.push(given);
    const log = logChannel({ info: write, warn: write, error: write }, ({ engineId }) =>
      engineId === 'a' ? 'calm' : engineId,
    );
    await log.deliver(alertOf({ engineId: 'a' }), 'here');
    await log.deliver(alertOf({ engineId: 'b' }), 'here');
    expect(fields).toMatchObject([{ engineId: 'a', engine: 'calm' }, { engineId: 'b' }]);
    expect(fields[1]).not.toHaveProperty('engine');
  });
});
