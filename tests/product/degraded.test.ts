/**
 * The same command a hundred times, and parts that are away: what is answered, within which time, and that nothing
 * trades late. Worker and bridge run apart on Postgres and a Temporal server of the test's own.
 */

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { itUnless } from '../../localnet/tests/support/unless.ts';
import type { Message } from '../support/bridge.ts';
import { longOnly } from '../support/long.ts';
import { noPostgres, startPostgres, type TestPostgres } from '../support/postgres.ts';
import { until } from '../support/product.ts';
import type { Caller } from '../support/product-caller.ts';
import { ProductRun } from '../support/product-run.ts';
import { imbalances } from '../support/product-sums.ts';
import { temporalAddress } from '../support/temporal-address.ts';
import { withContext } from '../support/with-context.ts';

const ANSWER_MS = 5_000;
/** A command may not start later than this after it was received. */
const COMMAND_LIFE_MS = 5_000;
const COPIES = 100;
/** A start on a busy machine takes half a minute, and some tests have two. */

const deposits = async (run: ProductRun) => (await run.list('operations')).filter(({ kind }) => kind === 'deposit');
const sameEnd = (answers: readonly Message[]) => {
  const finals = answers.filter(({ data }) => data.status === 'done');
  return new Set(finals.map(({ data }) => data.operation_id));
};

async function timed(work: Promise<Message>): Promise<Message> {
  const startedAt = performance.now();
  const answer = await work;
  expect(performance.now() - startedAt).toBeLessThan(ANSWER_MS);
  return answer;
}

longOnly(describe)('one command_id', () => {
  let run: ProductRun;
  const id = 'the-same-command';
  const before = { wallet: 0n };

  beforeAll(async () => {
    run = await ProductRun.open();
    await run.start();
    before.wallet = BigInt((await run.state()).account.wallet_sol_base);
  });
  afterAll(() => run?.end());

  it('has one effect and one end, sent a hundred times at once over ten sockets', async () => {
    const callers = await Promise.all(Array.from({ length: 10 }, () => run.caller()));
    const ends = await Promise.all(
      Array.from({ length: COPIES }, (_, copy) =>
        (callers[copy % callers.length] as Caller).end('DRIFT_DEPOSIT', { amount: '0.75' }, id),
      ),
    );
    expect(sameEnd(ends).size).toBe(1);
    for (const end of ends) expect(end).toMatchObject({ success: true, message: 'Deposited 0.75 SOL' });
    expect(await deposits(run)).toHaveLength(1);
    for (const caller of callers) caller.close();
  });

  it('is a conflict with other data, and the same answer again after a restart', async () => {
    const caller = await run.caller();
    const first = await caller.end('DRIFT_DEPOSIT', { amount: '0.75' }, id);
    const conflict = async () => await (await run.caller()).end('DRIFT_DEPOSIT', { amount: '0.76' }, id);
    expect(await conflict()).toMatchObject({ success: false, error: { code: 'COMMAND_ID_CONFLICT' } });
    await run.killNode();
    await run.start();
    const again = await (await run.caller()).end('DRIFT_DEPOSIT', { amount: 0.75 }, id);
    expect({ ...again.data }).toEqual({ ...first.data });
    expect(again.message).toBe(first.message);
    expect(await conflict()).toMatchObject({ success: false, error: { code: 'COMMAND_ID_CONFLICT' } });
    const other = await (await run.caller()).end('DRIFT_OPEN_POSITION', {
      ...{ market: 'SOL-PERP', direction: 'short', size: 1 },
    });
    expect(other.success).toBe(true);
    expect(await deposits(run)).toHaveLength(1);
    // One effect of the deposit, and the fees of the two transactions, once a poll has read them.
    await until('both transactions in the wallet', async () => {
      const { account } = await run.state();
      return before.wallet - BigInt(account.wallet_sol_base) === 750_000_000n + 2n * 5_000n;
    });
    expect(await imbalances(run)).toEqual([]);
  });

  it('is answered in time while Temporal is away, and not carried out behind anybody’s back', async () => {
    const caller = await run.caller();
    const pid = run.killTemporal();
    const answer = await timed(caller.first('DRIFT_DEPOSIT', { amount: '0.5' }, 'while-temporal-is-away'));
    // Another server may be there before the answer is due: then it is simply carried out.
    if (!answer.success) expect(['UNAVAILABLE', 'ACCEPTANCE_UNKNOWN']).toContain(answer.error?.code);
    const state = await timed(caller.first('GET_STATE'));
    expect(state).toMatchObject({ success: true, data: { status: 'done' } });
    await until('another Temporal server', () => run.product.temporalPid() !== pid);
    await until('every part to be ready', () => run.isReady());
    const end = await caller.end('DRIFT_DEPOSIT', { amount: '0.5' }, 'while-temporal-is-away');
    const done = end.success ? 2 : 1;
    expect(end.success || end.error?.code === 'COMMAND_EXPIRED').toBe(true);
    expect(await deposits(run)).toHaveLength(done);
  });
});

longOnly(describe)('worker and bridge apart', () => {
  let postgres: TestPostgres | null = null;
  let bridge: ProductRun;
  let worker: ProductRun;

  beforeAll(async () => {
    postgres = await startPostgres();
    if (postgres === null) return;
    const shared = {
      TEMPORAL_ADDRESS: temporalAddress(),
      TEMPORAL_NAMESPACE: `roles-${process.pid}-${Date.now()}`,
      DATABASE_URL: await postgres.createDatabase(),
      MARKET_FEED: 'synthetic:roles',
    };
    worker = await ProductRun.open(shared);
    bridge = await ProductRun.open(shared);
    worker.launch(['worker']);
    await until('the worker', () => worker.product.output.includes('worker ready'));
    bridge.launch(['bridge']);
    await bridge.product.ready();
    await until('every part to be ready', () => bridge.isReady());
  });
  afterAll(async () => {
    await bridge?.end();
    await worker?.end();
    await postgres?.stop();
  });

  itUnless(noPostgres())('trades nothing late that was sent while the worker was away', async () => {
    const caller = await bridge.caller();
    expect(await caller.end('DRIFT_DEPOSIT', { amount: '0.1' })).toMatchObject({ success: true });
    await worker.killNode();
    const first = await Promise.all(
      Array.from({ length: 5 }, (_, index) => timed(caller.first('DRIFT_DEPOSIT', { amount: '0.2' }, `away-${index}`))),
    );
    for (const answer of first) {
      expect(answer.success).toBe(false);
      expect(['ACCEPTANCE_UNKNOWN', 'ENGINE_BUSY', 'UNAVAILABLE']).toContain(answer.error?.code);
    }
    const close = await timed(caller.first('DRIFT_CLOSE_POSITION', { market: 'SOL-PERP' }, 'away-close'));
    expect(close.success).toBe(false);
    const sentAt = Date.now();
    await until('the commands to be too old', () => Date.now() - sentAt > COMMAND_LIFE_MS + 500);
    worker.launch(['worker']);
    const unknown = first.flatMap((answer) => (answer.error?.code === 'ACCEPTANCE_UNKNOWN' ? [answer.command_id] : []));
    for (const commandId of unknown) {
      await until(`the fate of ${commandId}`, () => caller.sent.get(commandId ?? '')?.end !== null);
      expect(caller.sent.get(commandId ?? '')?.end?.error?.code).toBe('COMMAND_EXPIRED');
    }
    expect(await deposits(bridge)).toHaveLength(1);
    expect(await caller.end('DRIFT_DEPOSIT', { amount: '0.3' })).toMatchObject({ success: true });
    expect(await imbalances(bridge)).toEqual([]);
  });

  itUnless(noPostgres())('answers in time while the journal is away, and goes on when it is back', async () => {
    const caller = await bridge.caller();
    const before = (await deposits(bridge)).length;
    await postgres?.crash();
    const answers = await Promise.all([
      timed(caller.first('DRIFT_DEPOSIT', { amount: '0.4' }, 'without-journal')),
      timed(caller.first('GET_STATE')),
      timed(caller.first('DRIFT_OPEN_POSITION', { market: 'SOL-PERP', direction: 'short', size: 1 })),
    ]);
    for (const index of [0, 2]) {
      expect(answers[index]?.success).toBe(false);
      expect(['UNAVAILABLE', 'ACCEPTANCE_UNKNOWN']).toContain(answers[index]?.error?.code);
    }
    await postgres?.start();
    await until('every part to be ready', () => bridge.isReady());
    const end = await caller.end('DRIFT_DEPOSIT', { amount: '0.4' }, 'without-journal');
    withContext(JSON.stringify(end), () => expect(end.success || end.error?.code === 'COMMAND_EXPIRED').toBe(true));
    expect(await deposits(bridge)).toHaveLength(before + (end.success ? 1 : 0));
    expect(await imbalances(bridge)).toEqual([]);
  });
});
