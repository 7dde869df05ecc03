import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { FairMutex } from '../../src/journal/fair-mutex.ts';
import { RightOfWay } from '../../src/journal/right-of-way.ts';

/** How often the first of the others may be passed by. */
const PASSED_BY_AT_MOST = 8;

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

  it('lets exits go first, and passes the first of the others by a bounded number of times', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 60 }), async (arrivals) => {
        const mutex = new FairMutex(10_000);
        const way = new RightOfWay();
        const served: { readonly at: number; readonly exit: boolean }[] = [];
        const release = await mutex.acquire();
        const statements = arrivals.map((exit, at) => {
          const statement = async () => {
            const end = await mutex.acquire();
            served.push({ at, exit });
            end();
          };
          return exit ? way.held(statement) : statement();
        });
        release();
        await Promise.all(statements);
        const order = (exit: boolean) => served.filter((one) => one.exit === exit).map(({ at }) => at);
        const ascending = (places: readonly number[]) => [...places].sort((a, b) => a - b);
        expect(order(true)).toEqual(ascending(order(true)));
        expect(order(false)).toEqual(ascending(order(false)));
        let passed = 0;
        for (const [turn, { exit }] of served.entries()) {
          const rest = served.slice(turn);
          if (exit) passed += rest.some((one) => !one.exit) ? 1 : 0;
          else {
            // An other goes before an exit that waits only when its patience is over.
            if (rest.some((one) => one.exit)) expect(passed).toBe(PASSED_BY_AT_MOST);
            passed = 0;
          }
          expect(passed).toBeLessThanOrEqual(PASSED_BY_AT_MOST);
        }
      }),
    );
  });
});
