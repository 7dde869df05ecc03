/** What a watch writes to the journal, and what it does while the journal is away: it decides and raises alerts, and writes them later. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MockActivityEnvironment } from '@temporalio/testing';
import type { WatchInput } from '../../activities/contract.ts';
import { createWatch } from '../../activities/watch.ts';
import { AlertChannels } from '../../src/alerts/channels.ts';
import { journalChannel } from '../../src/alerts/journal-channel.ts';
import type { Snapshot } from '../../src/domain/account/snapshot.ts';
import type { Alert } from '../../src/domain/alerts/alert.ts';
import { DEFAULT_POLICY } from '../../src/domain/hedge/policy.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { TransientError } from '../../src/lib/errors.ts';
import type { Venue } from '../../src/venues/venue.ts';
import { openTestJournal } from '../support/journal.ts';
import { contextOf, NOW_MS, type Scenario, snapshotOf } from '../support/snapshots.ts';
import { newEngineId } from './records.ts';

const NEAR_LIQUIDATION: Scenario = { sol: 0, usdc: 90, perp: '-10' };
const UNDER_HEDGED: Scenario = { perp: '-9.7' };

/** A journal that can be taken away: then every call fails, or never ends. */
class Away {
  mode: 'there' | 'fails' | 'hangs' = 'fails';

  of(journal: Journal): Journal {
    return new Proxy(journal, {
      get: (target, name) => {
        const value = Reflect.get(target, name, target);
        if (this.mode === 'there') return typeof value === 'function' ? value.bind(target) : value;
        if (typeof value !== 'function') throw new TransientError('JOURNAL_UNAVAILABLE', 'the journal is away');
        return async () => {
          if (this.mode === 'hangs') await new Promise(() => undefined);
          throw new TransientError('JOURNAL_UNAVAILABLE', 'the journal is away');
        };
      },
    });
  }
}

let real: Journal;
beforeAll(async () => {
  real = await openTestJournal();
});
afterAll(async () => await real.close());

async function setUp(kind: Venue['kind'] = 'drift') {
  const engineId = newEngineId();
  const away = new Away();
  const journal = away.of(real);
  const delivered: Alert[] = [];
  const channels = new AlertChannels({ warn: () => undefined })
    .add(journalChannel(journal))
    .add({ name: 'listener', deliver: (alert) => void delivered.push(alert) });
  let scenario: Scenario = NEAR_LIQUIDATION;
  let reads = 0;
  const venue = {
    kind,
    read: async (): Promise<Snapshot> => {
      reads += 1;
      return { ...snapshotOf(scenario), engineId, slot: 1_000 + reads };
    },
  } as unknown as Venue;
  const clock = { nowMs: () => NOW_MS + reads };
  const newWatch = () => createWatch({ venueOf: async () => venue, journal, alerts: channels, clock });
  let watch = newWatch();
  const input: WatchInput = {
    ...{ engineId, epoch: 'e', generation: 1, startedAtMs: NOW_MS, untilMs: NOW_MS, context: contextOf() },
    ...{ policy: DEFAULT_POLICY, expectedPerp: '-10000000000', reconcile: false, liquidatedMs: null },
    ...{ backoffUntilMs: null, reconnecting: false, look: false },
  };
  return {
    ...{ away, delivered, engineId },
    show: (next: Scenario) => {
      scenario = next;
    },
    restart: () => {
      watch = newWatch();
    },
    look: async (change: Partial<WatchInput> = {}) =>
      await new MockActivityEnvironment().run(watch, { ...input, ...change }),
  };
}

describe('a watch whose journal is away', () => {
  it.each(['fails', 'hangs'] as const)('asks for the guard and tells the danger at once, when it %s', async (mode) => {
    const { away, look, delivered, engineId } = await setUp();
    away.mode = mode;
    expect(await look()).toMatchObject({ kind: 'decide', why: 'the guard must act' });
    const codes = delivered.map(({ code }) => code);
    expect(codes).toContain('LIQUIDATION_NEAR');
    // A second watch of the same process knows which alerts the first one raised.
    await look({ generation: 2 });
    expect(delivered.map(({ code }) => code)).toEqual(codes);
    away.mode = 'there';
    await look({ generation: 3 });
    const written = (await real.alerts({ engineId, limit: 20 })).items;
    expect(written.map(({ code }) => code).toSorted()).toEqual(codes.toSorted());
    expect(delivered).toHaveLength(codes.length);
  });

  it('is no lost connection, and leaves a correction until the journal is back', async () => {
    const { away, look, show } = await setUp();
    show(UNDER_HEDGED);
    expect(await look()).toEqual({ kind: 'checkpoint' });
    away.mode = 'there';
    expect(await look({ generation: 2 })).toMatchObject({ kind: 'decide', why: 'a trade is due' });
  });

  it('tells what is over too, once', async () => {
    const { away, look, show, delivered, engineId } = await setUp();
    await look();
    show({});
    await look({ generation: 2 });
    const ofDanger = () => delivered.filter(({ code }) => code === 'LIQUIDATION_NEAR').map(({ kind }) => kind);
    expect(ofDanger()).toEqual(['alert', 'recovered']);
    away.mode = 'there';
    await look({ generation: 3 });
    expect(ofDanger()).toEqual(['alert', 'recovered']);
    const standing = (await real.alerts({ engineId, limit: 20 })).items.filter(
      ({ code }) => code === 'LIQUIDATION_NEAR',
    );
    expect(standing.at(0)?.kind ?? 'recovered').toBe('recovered');
  });

  it('waits for it on paper, whose account is the journal', async () => {
    const { away, look } = await setUp('paper');
    expect(await look()).toEqual({ kind: 'checkpoint' });
    away.mode = 'there';
    expect(await look({ generation: 2 })).toMatchObject({ why: 'the guard must act' });
  });
});

describe('the decisions of a watch', () => {
  const hours = (count: number) => ({ snapshot: { marketTimeMs: NOW_MS + count * 3_600_000 } });
  const codesOf = async (engineId: string) =>
    (await real.decisions({ engineId, limit: 100 })).items
      .map(({ action, reasons }) => `${action} ${reasons.map(({ code }) => code).join()}`)
      .reverse();

  it('are written when they change, and once an hour, by any process', async () => {
    const { away, look, show, restart, engineId } = await setUp();
    away.mode = 'there';
    show({ perp: '-10' });
    for (let times = 0; times < 3; times += 1) await look();
    restart();
    await look();
    expect(await codesOf(engineId)).toEqual(['none WITHIN_TOLERANCE']);
    show({ perp: '-10', ...hours(1) });
    await look();
    show({ ...UNDER_HEDGED, ...hours(1) });
    await look({ context: contextOf({ busy: true }) });
    await look();
    expect(await codesOf(engineId)).toEqual(['none WITHIN_TOLERANCE', 'none WITHIN_TOLERANCE', 'correct CORRECT']);
    const [newest] = (await real.decisions({ engineId, limit: 1 })).items;
    expect(newest).toMatchObject({ size: '-300000000', marketTimeMs: NOW_MS + 3_600_000 });
    expect(newest?.gates.length).toBeGreaterThan(5);
    expect(newest?.gates.every(({ blocks }) => !blocks)).toBe(true);
  });

  it('are another one when another gate blocks, and are not written while the journal is away', async () => {
    const { away, look, show, engineId } = await setUp();
    show({ ...UNDER_HEDGED, lastRate: -1n });
    await look();
    expect(await codesOf(engineId)).toEqual([]);
    away.mode = 'there';
    await look();
    const pauses = { deposit: false, withdraw: false, increase: true, reduce: false, settle: false, detail: null };
    show({ ...UNDER_HEDGED, lastRate: -1n, snapshot: { pauses } });
    await look();
    expect(await codesOf(engineId)).toEqual(['none GATE_BLOCKED', 'none GATE_BLOCKED']);
  });
});
