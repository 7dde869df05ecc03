import { describe, expect, it } from '@jest/globals';
import { CancelledFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { type TransactionWatch, watchTransaction } from '../../activities/watch-transaction.ts';
import type { Sighting } from '../../src/domain/transaction/attempt.ts';
import { DEFAULT_TIMING } from '../../src/domain/transaction/transaction.ts';
import type { Venue } from '../../src/venues/venue.ts';
import { attemptAt } from '../support/scripted-chain.ts';
import { absent, mute } from '../support/scripted-venue.ts';

/** A watch for a minute on a venue that can only say what became of the attempt. */
const watchOn = (status: () => Promise<Sighting>): TransactionWatch => ({
  venue: { status } as unknown as Venue,
  clock: { nowMs: () => Date.now() },
  attempt: attemptAt(),
  intent: { kind: 'deposit', asset: 'SOL', amount: '1' },
  timing: { ...DEFAULT_TIMING, pollMs: 50 },
  target: 'confirmed',
  untilMs: Date.now() + 60_000,
  resendUntilMs: 0,
  resend: async () => true,
});

describe('the watch of a transaction', () => {
  it('sends heartbeats while a node takes its time to answer, and none after it', async () => {
    const environment = new MockActivityEnvironment();
    let beats = 0;
    const answered = new Promise<Sighting>((resolve) => {
      environment.on('heartbeat', () => {
        beats += 1;
        if (beats === 2) resolve(absent());
      });
    });
    const seen = await environment.run(
      watchTransaction,
      watchOn(() => answered),
    );
    expect(seen).toEqual({ sighting: absent(), order: null });
    expect(beats).toBe(2);
  });

  it('asks again until the transaction is decided', async () => {
    const answers = [mute(), mute(), absent()];
    const seen = await new MockActivityEnvironment().run(
      watchTransaction,
      watchOn(async () => answers.shift() ?? mute()),
    );
    expect(seen).toEqual({ sighting: absent(), order: null });
    expect(answers).toEqual([]);
  });

  it('ends when Temporal cancels it', async () => {
    const environment = new MockActivityEnvironment();
    let asks = 0;
    const watch = environment.run(
      watchTransaction,
      watchOn(async () => {
        asks += 1;
        if (asks === 2) environment.cancel();
        return mute();
      }),
    );
    await expect(watch).rejects.toBeInstanceOf(CancelledFailure);
    expect(asks).toBe(2);
  });
});
