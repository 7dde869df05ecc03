import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { sql } from 'kysely';
import { startUpkeep } from '../../src/journal/embedded-upkeep.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { eventually } from '../support/eventually.ts';
import { fakeOnly } from '../support/fake-timers.ts';
import { openTestJournal } from '../support/journal.ts';
import { alertOf } from './records.ts';

const FIVE_MINUTES_MS = 300_000;
const unexpected = (error: unknown): never => {
  throw error;
};

describe('the upkeep of the embedded journal', () => {
  let journal: Journal;
  beforeAll(async () => {
    journal = await openTestJournal();
  });
  afterAll(() => journal.close());
  afterEach(() => void jest.useRealTimers());

  const checkpointAt = async () => {
    const { rows } = await sql<{
      lsn: string;
    }>`SELECT checkpoint_lsn::text AS lsn FROM pg_control_checkpoint()`.execute(journal.db);
    return rows[0]?.lsn;
  };
  const counted = async () => {
    const { rows } = await sql<{
      rows: number;
    }>`SELECT reltuples AS rows FROM pg_class WHERE relname = 'alerts'`.execute(journal.db);
    return rows[0]?.rows;
  };

  it('makes a checkpoint every five minutes, so that little is replayed at the next start', async () => {
    fakeOnly(['setInterval', 'clearInterval']);
    const stop = startUpkeep(journal.db, unexpected);
    await journal.raiseAlert(alertOf());
    const before = await checkpointAt();
    await jest.advanceTimersByTimeAsync(FIVE_MINUTES_MS);
    expect(await checkpointAt()).not.toBe(before);
    stop();
    await journal.raiseAlert(alertOf());
    const after = await checkpointAt();
    await jest.advanceTimersByTimeAsync(FIVE_MINUTES_MS);
    expect(await checkpointAt()).toBe(after);
  });

  it('vacuums our tables every hour', async () => {
    fakeOnly(['setInterval', 'clearInterval']);
    for (let rows = 0; rows < 5; rows += 1) await journal.raiseAlert(alertOf());
    expect(await counted()).toBe(-1);
    const stop = startUpkeep(journal.db, unexpected);
    await jest.advanceTimersByTimeAsync(12 * FIVE_MINUTES_MS);
    await eventually(async () => expect(await counted()).toBeGreaterThanOrEqual(5));
    stop();
  });

  it('tells of a failure and goes on', async () => {
    fakeOnly(['setInterval', 'clearInterval']);
    const closed = await openTestJournal();
    await closed.close();
    const told: unknown[] = [];
    const stop = startUpkeep(closed.db, (error) => told.push(error));
    await jest.advanceTimersByTimeAsync(2 * FIVE_MINUTES_MS);
    await eventually(() => expect(told).toHaveLength(2));
    stop();
  });
});
