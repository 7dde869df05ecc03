import { describe, expect, it } from '@jest/globals';
import { FairMutex } from '../../src/journal/fair-mutex.ts';

describe('FairMutex', () => {
  it('serves one at a time, in the order of arrival', async () => {
    const mutex = new FairMutex(10_000);
    const served: number[] = [];
    let inside = 0;
    await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const release = await mutex.acquire();
        inside += 1;
        expect(inside).toBe(1);
        served.push(index);
        await new Promise((resolve) => setImmediate(resolve));
        inside -= 1;
        release();
        release();
      }),
    );
    expect(served).toEqual(Array.from({ length: 20 }, (_, index) => index));
  });

  it('bounds the wait, and who gave up is not served later', async () => {
    const mutex = new FairMutex(20);
    const release = await mutex.acquire();
    await expect(mutex.acquire()).rejects.toThrow(/busy for 20 ms/);
    release();
    const again = await mutex.acquire();
    again();
  });
});
