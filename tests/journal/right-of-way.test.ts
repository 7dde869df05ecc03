import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { hasRightOfWay, RightOfWay } from '../../src/journal/right-of-way.ts';

const LONG_MS = 60_000;

function held(way: RightOfWay) {
  let end: () => void = () => {};
  const until = new Promise<void>((resolve) => {
    end = resolve;
  });
  const work = way.held(() => until);
  return { end, work };
}

/** Whether it was let through within a few turns of the event loop. */
async function isThrough(waiting: Promise<void>): Promise<boolean> {
  let through = false;
  void waiting.then(() => {
    through = true;
  });
  for (let turn = 0; turn < 5; turn += 1) await setImmediate();
  return through;
}

describe('the right of way', () => {
  it('makes others wait until the last that has it has ended', async () => {
    const way = new RightOfWay(LONG_MS);
    expect(await isThrough(way.letBy(LONG_MS))).toBe(true);
    const [one, two] = [held(way), held(way)];
    const other = way.letBy(LONG_MS);
    expect(await isThrough(other)).toBe(false);
    one.end();
    await one.work;
    expect(await isThrough(other)).toBe(false);
    two.end();
    await other;
    expect(await isThrough(way.letBy(LONG_MS))).toBe(true);
  });

  it('keeps nobody longer than that one said, nor longer than such work may have it', async () => {
    const long = held(new RightOfWay(LONG_MS));
    const way = new RightOfWay(LONG_MS);
    const endless = held(way);
    await way.letBy(1);
    const short = new RightOfWay(1);
    const waits = held(short);
    await short.letBy(LONG_MS);
    for (const one of [long, endless, waits]) {
      one.end();
      await one.work;
    }
  });

  it('is known to all that its work calls, which lets nobody else by, and to nothing else', async () => {
    const way = new RightOfWay(LONG_MS);
    const outer = held(way);
    const inside = await way.held(async () => {
      await setImmediate();
      await way.letBy(LONG_MS);
      return hasRightOfWay();
    });
    expect(inside).toBe(true);
    expect(hasRightOfWay()).toBe(false);
    outer.end();
    await outer.work;
  });

  it('ends with work that fails', async () => {
    const way = new RightOfWay(LONG_MS);
    await expect(way.held(() => Promise.reject(new Error('failed')))).rejects.toThrow('failed');
    await way.letBy(LONG_MS);
  });
});
