import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { startUpkeep } from '../../src/journal/embedded-upkeep.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { openTestJournal } from '../support/journal.ts';
import { alertOf } from './records.ts';

const FIVE_MINUTES_MS = 300_000;
const unexpected = (error: unknown): void => expect.unreachable(String(error));

describe('the upkeep of the embedded journal', () => {
  let journal: Journal;
  beforeAll(async () => {
    journal = await openTestJournal();
  });
  afterAll(() => journal.close());
  afterEach(() => vi.useRealTimers());

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
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const stop = startUpkeep(journal.db, unexpected);
    await journal.raiseAlert(alertOf());
    const before = await checkpointAt();
    await vi.advanceTimersByTimeAsync(FIVE_MINUTES_MS);
    expect(await checkpointAt()).not.toBe(before);
    stop();
    await journal.raiseAlert(alertOf());
    const after = await checkpointAt();
    await vi.advanceTimersByTimeAsync(FIVE_MINUTES_MS);
    expect(await checkpointAt()).toBe(after);
  });

  it('vacuums our tables every hour', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    for (let rows = 0; rows < 5; rows += 1) await journal.raiseAlert(alertOf());
    expect(await counted()).toBe(-1);
    const stop = startUpkeep(journal.db, unexpected);
    await vi.advanceTimersByTimeAsync(12 * FIVE_MINUTES_MS);
    await vi.waitFor(async () => expect(await counted()).toBeGreaterThanOrEqual(5));
    stop();
  });

  it('tells of a failure and goes on', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const closed = await openTestJournal();
    await closed.close();
    const told: unknown[] = [];
    const stop = startUpkeep(closed.db, (error) => told.push(error));
    await vi.advanceTimersByTimeAsync(2 * FIVE_MINUTES_MS);
    await vi.waitFor(() => expect(told).toHaveLength(2));
    stop();
  });
});
