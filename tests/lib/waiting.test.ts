import { describe, expect, it } from '@jest/globals';
import { sleep } from '../../src/lib/sleep.ts';
import { within } from '../../src/lib/within.ts';

const LONG_MS = 60_000;
const never = () => new Promise<never>(() => {});

describe('within', () => {
  it('gives the value, or the failure, of work that ends in time', async () => {
    expect(await within(LONG_MS, async () => 7)).toEqual({ kind: 'value', value: 7 });
    const error = new Error('no');
    expect(await within(LONG_MS, () => Promise.reject(error))).toEqual({ kind: 'failed', error });
  });

  it('takes a throw before the first promise as a failure', async () => {
    const error = new Error('at once');
    const work = (): Promise<never> => {
      throw error;
    };
    expect(await within(LONG_MS, work)).toEqual({ kind: 'failed', error });
  });

  it('ends at its limit, and what fails afterwards is nobody’s unhandled rejection', async () => {
    expect(await within(1, never)).toEqual({ kind: 'late' });
    let fail: (error: Error) => void = () => {};
    const late = new Promise<never>((_, reject) => {
      fail = reject;
    });
    expect(await within(-5, () => late)).toEqual({ kind: 'late' });
    fail(new Error('too late to matter'));
    await sleep(1);
  });
});

describe('sleep', () => {
  it('lasts as long as it says', async () => {
    const beganAt = performance.now();
    await sleep(20);
    expect(performance.now() - beganAt).toBeGreaterThanOrEqual(18);
  });

  it('ends at once when the signal fires, or has fired', async () => {
    const stop = new AbortController();
    const sleeping = within(LONG_MS, () => sleep(LONG_MS * 2, stop.signal));
    stop.abort();
    expect(await sleeping).toEqual({ kind: 'value', value: undefined });
    expect(await within(LONG_MS, () => sleep(LONG_MS * 2, stop.signal))).toEqual({ kind: 'value', value: undefined });
  });
});
