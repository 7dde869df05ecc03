import { describe, expect, it } from '@jest/globals';
import { until } from '../../localnet/tests/support/until.ts';
import { repeatEvery } from '../../src/lib/repeat.ts';

describe('repeated work', () => {
  it('comes round again, and no more once it is stopped', async () => {
    let rounds = 0;
    const repeated = repeatEvery(1, async () => {
      rounds += 1;
    });
    await until('three rounds', () => rounds >= 3);
    await repeated.stop();
    const done = rounds;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(rounds).toBe(done);
  });

  it('is told in the middle of a round that it is to stop, and waited for', async () => {
    let round: AbortSignal | null = null;
    let over = false;
    const repeated = repeatEvery(1, async (signal) => {
      round = signal;
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
      over = true;
    });
    expect((await until('a round', () => round)).aborted).toBe(false);
    await repeated.stop();
    expect(over).toBe(true);
  });
});
