/** A flatten behind an unknown transaction that lands at the last possible block: it waits, and still ends flat. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeOnDrift } from '../../../../localnet/tests/support/drift-program.ts';
import type { SignedAttempt } from '../../../../src/domain/transaction/attempt.ts';
import { lamportsOf, QUICK_TIMING, until } from '../../../support/engine-harness.ts';
import { LiveEngine } from '../../../support/live-engine.ts';
import { temporalAddress } from '../../../support/temporal-address.ts';
import { withContext } from '../../../support/with-context.ts';

const MARKET = 'SOL-PERP';
/** So many blocks before its window ends the bytes go out: they land in the next one. */
const LAST_BLOCKS = 3;

let live: LiveEngine;

async function rpc<T>(method: string, params: readonly unknown[]): Promise<T> {
  const response = await fetch(live.net.rpcUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  });
  const { result, error } = (await response.json()) as { result: T; error?: { message: string } };
  if (error !== undefined) throw new Error(error.message);
  return result;
}

/** The chain stands still meanwhile: at 40 ms a slot a busy machine would miss the last blocks. */
async function landAtTheEnd({ wire, lastValidBlockHeight }: SignedAttempt): Promise<void> {
  const height = await rpc<number>('getBlockHeight', [{ commitment: 'processed' }]);
  expect(height).toBeLessThan(lastValidBlockHeight - LAST_BLOCKS);
  await live.net.advance(lastValidBlockHeight - LAST_BLOCKS - height);
  await rpc('sendTransaction', [wire, { encoding: 'base64', skipPreflight: true }]);
  live.net.resume();
}

describeOnDrift('a flatten behind a transaction of which nobody knows', () => {
  beforeAll(async () => {
    live = await LiveEngine.startLive({
      address: temporalAddress(),
      policy: { driftTolerancePct: 100, cooldownMs: 0, maxUnhedgedPct: 1 },
      // Unknown long before its window is closed.
      tuning: { timing: { ...QUICK_TIMING, confirmMs: 800, queryMs: 400, rebroadcastMs: 400, orderLifeMs: 8_000 } },
    });
    await live.commanded({ action: 'START_ENGINE', mode: 'live' });
    await live.commanded({ kind: 'deposit', asset: 'SOL', amount: lamportsOf(10) });
    await live.commanded({ kind: 'deposit', asset: 'USDC', amount: '2000000000' });
    await live.pass(2);
  }, 180_000);
  afterAll(async () => await live?.close());

  it('waits, and ends flat though that one lands in the last block it can, never crossed', async () => {
    await live.commanded({ kind: 'open', market: MARKET, size: lamportsOf(-3) });
    await live.untilState('nothing running', ({ operation }) => operation === null);

    live.net.faults.add({ id: 'lost', kind: 'drop' });
    const opening = randomUUID();
    await live.send({ kind: 'open', market: MARKET, size: lamportsOf(-2) }, { commandId: opening });
    await live.untilState('unknown', ({ unresolved }) => unresolved.includes(live.operationId(opening)));
    live.net.faults.remove('lost');
    live.net.pause();

    const flattening = randomUUID();
    const waiting = await live.send({ kind: 'flatten', market: MARKET }, { commandId: flattening });
    expect(waiting.data).toMatchObject({ status: 'pending', waits_for: [live.operationId(opening)] });
    const [attempt] = (await live.journal.operation(live.operationId(opening)))?.attempts ?? [];
    if (attempt === undefined) throw new Error('the open has an attempt');
    await landAtTheEnd(attempt);

    const answer = await until('the end', async () => (await live.journal.command(flattening))?.answer);
    const record = await live.journal.operation(live.operationId(flattening));
    withContext(JSON.stringify({ answer, record }), () => {
      expect(answer).toMatchObject({ success: true, data: { requested_size: 5, filled_size: 5 } });
      expect(live.net.record(attempt.signature).some(({ counts, error }) => counts && error === null)).toBe(true);
    });
    expect(await live.perp()).toBe(0n);
    const opened = await until('the open told', async () => (await live.journal.command(opening))?.answer);
    expect(opened).toMatchObject({ success: true, data: { filled_size: 2 } });
    // Nothing was sold or bought beyond flat: what the two orders filled is all that moved.
    expect((await live.snapshot()).account?.perps.every(({ baseAmount }) => baseAmount === 0n)).toBe(true);
  }, 120_000);
});
