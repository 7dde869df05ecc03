import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { Context, type Info } from '@temporalio/activity';
import { MockActivityEnvironment } from '@temporalio/testing';
import { hasRightOfWay, RightOfWay } from '../../src/journal/right-of-way.ts';
import { afterExits } from '../../src/runtime/worker.ts';
import { FIRST } from '../../workflows/retry-policies.ts';

const LONG_MS = 60_000;

/** An activity in a worker that shares this right of way; it ends when told. */
function activity(way: RightOfWay, info: Partial<Info>) {
  const seen = { began: false, first: false };
  let end: () => void = () => {};
  const until = new Promise<void>((resolve) => {
    end = resolve;
  });
  const run = new MockActivityEnvironment(info).run(async () => {
    const { inbound } = afterExits(way)(Context.current());
    await inbound?.execute?.({ args: [], headers: {} }, async () => {
      seen.began = true;
      seen.first = hasRightOfWay();
      await until;
    });
  });
  return { seen, end, run };
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await setImmediate();
}

describe('activities in a worker', () => {
  it('let an exit’s activity by, and go on when it has ended', async () => {
    const way = new RightOfWay(LONG_MS);
    const exit = activity(way, { priority: FIRST });
    await turns();
    expect(exit.seen).toEqual({ began: true, first: true });
    const other = activity(way, { startToCloseTimeoutMs: LONG_MS });
    const anotherExit = activity(way, { priority: FIRST });
    await turns();
    expect(other.seen.began).toBe(false);
    expect(anotherExit.seen.began).toBe(true);
    exit.end();
    anotherExit.end();
    other.end();
    await Promise.all([exit.run, anotherExit.run, other.run]);
    expect(other.seen).toEqual({ began: true, first: false });
  });

  it('wait for a part of their own time at most', async () => {
    const way = new RightOfWay(LONG_MS);
    const exit = activity(way, { priority: FIRST });
    await turns();
    const short = activity(way, { startToCloseTimeoutMs: 8 });
    short.end();
    await short.run;
    expect(short.seen.began).toBe(true);
    exit.end();
    await exit.run;
  });

  it('do not wait within a workflow’s task', async () => {
    const way = new RightOfWay(LONG_MS);
    const exit = activity(way, { priority: FIRST });
    await turns();
    const local = activity(way, { isLocal: true, startToCloseTimeoutMs: LONG_MS });
    await turns();
    expect(local.seen.began).toBe(true);
    for (const one of [local, exit]) {
      one.end();
      await one.run;
    }
  });
});
