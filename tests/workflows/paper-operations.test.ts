import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { OperationRequest } from '../../src/domain/order/operation-request.ts';
import { LONG } from '../support/long.ts';
import { FAST_TIMING, SHORT_ORDERS } from '../support/operations.ts';
import { type PaperAccount, PaperBench } from '../support/paper-bench.ts';
import { temporalAddress } from '../support/temporal-address.ts';

const MARKET = 'SOL-PERP';
const OPEN: OperationRequest = { kind: 'open', market: MARKET, size: '-5000000000' };
const CLOSE: OperationRequest = { kind: 'close', market: MARKET };
const FLATTEN: OperationRequest = { kind: 'flatten', market: MARKET };

let bench: PaperBench;

beforeAll(async () => {
  bench = await PaperBench.open(temporalAddress());
});
afterAll(async () => {
  await bench.close();
});

const run = async ({ engineId }: PaperAccount, request: OperationRequest, options = {}) => {
  const operation = await bench.operations.start(engineId, request, options);
  const answer = await operation.result();
  return { answer, operation, record: await bench.journal.operation(operation.operationId) };
};

describe('operations on the paper venue', () => {
  it('deposits, answers with the fields of the protocol, and ends final', async () => {
    const account = await bench.account();
    const reports = await bench.operations.startSink(account.engineId);
    const { answer, operation, record } = await run(account, { kind: 'deposit', asset: 'SOL', amount: '1500000000' });
    expect(answer).toMatchObject({
      success: true,
      message: 'Deposited 1.5 SOL',
      data: {
        status: 'done',
        amount: 1.5,
        amount_base: '1500000000',
        commitment: 'confirmed',
        operation_id: operation.operationId,
        engine_id: account.engineId,
        mode: 'paper',
      },
    });
    expect(record).toMatchObject({ status: 'done', kind: 'deposit', answer: { message: 'Deposited 1.5 SOL' } });
    expect(record?.attempts).toMatchObject([{ number: 1, stage: 'finalized', outcome: 'confirmed' }]);
    expect(answer.data.tx_signature).toBe(record?.attempts[0]?.signature);
    expect((await reports()).map((report) => report.phase)).toEqual(['released', 'ended']);
    const transitions = await bench.journal.transitions(operation.operationId);
    expect(transitions.map(({ sequence }) => sequence)).toEqual(transitions.map((_, index) => index));
    expect(transitions.map(({ stage }) => stage)).toEqual([
      'prepared',
      'signed',
      'submitted',
      'confirmed',
      'finalized',
    ]);
  });

  it('needs exactly simulate, sign and submit to its answer, because paper lands at once', async () => {
    const account = await bench.account();
    const { operation } = await run(account, { kind: 'deposit', asset: 'SOL', amount: '1' });
    const { events } = await operation.handle.fetchHistory();
    const scheduled = events?.flatMap((event) => event.activityTaskScheduledEventAttributes?.activityType?.name ?? []);
    // Simulation and signature are local to the first workflow task.
    expect(events?.filter((event) => event.markerRecordedEventAttributes != null).length).toBe(2);
    expect(scheduled).toEqual(['submit', 'confirm', 'writeOperation']);
  });

  it('withdraws', async () => {
    const account = await bench.account();
    const { answer } = await run(account, { kind: 'withdraw', asset: 'USDC', amount: '20500000' });
    expect(answer).toMatchObject({ success: true, message: 'Withdrew 20.5 USDC', data: { amount: 20.5 } });
  });

  it('opens, closes with the exact size, and says who closed', async () => {
    const account = await bench.account();
    const opened = await run(account, OPEN);
    expect(opened.answer).toMatchObject({
      success: true,
      data: { requested_size: 5, filled_size: 5, requested_size_base: '5000000000', filled_size_base: '5000000000' },
    });
    expect(opened.answer.message).toMatch(/^Opened short 5 SOL-PERP at \d/);
    expect(opened.answer.data.average_price).toBeGreaterThan(0);
    expect(await account.perp()).toBe(-5_000_000_000n);
    const closed = await run(account, CLOSE);
    expect(closed.answer).toMatchObject({ success: true, data: { filled_size: 5, closed_by: 'us' } });
    expect(await account.perp()).toBe(0n);
  });

  it('says that there is no position, and that another closed the one that was there', async () => {
    const account = await bench.account();
    const none = await run(account, CLOSE);
    expect(none.answer).toMatchObject({ success: false, data: { status: 'rejected' }, error: { code: 'NO_POSITION' } });
    const other = await run(account, CLOSE, { hadPosition: true });
    expect(other.answer).toMatchObject({ success: true, data: { status: 'done', closed_by: 'other' } });
    const flat = await run(account, FLATTEN);
    expect(flat.answer).toMatchObject({ success: true, data: { changed: false } });
  });

  it('flattens and settles whatever PnL there is', async () => {
    const account = await bench.account();
    await run(account, OPEN);
    const { answer, record } = await run(account, FLATTEN);
    expect(answer).toMatchObject({ success: true, data: { closed_by: 'us' } });
    expect(record?.attempts.map(({ intent }) => intent.kind)).toEqual(['order', 'settle']);
  });

  it('rebalances reduce-only where it reduces', async () => {
    const account = await bench.account();
    await run(account, OPEN);
    const request: OperationRequest = { kind: 'rebalance', market: MARKET, size: '1000000000' };
    const { answer, record } = await run(account, request);
    expect(answer).toMatchObject({ success: true, data: { filled_size: 1 } });
    expect(answer.message).toMatch(/^Rebalanced: bought 1 SOL-PERP at /);
    expect(record?.attempts[0]?.intent).toMatchObject({ reduceOnly: true, cancelOpenOrders: true });
    expect(await account.perp()).toBe(-4_000_000_000n);
  });

  it('settles', async () => {
    const account = await bench.account();
    await run(account, OPEN);
    const { answer } = await run(account, { kind: 'settle', market: MARKET });
    expect(answer.success).toBe(true);
    expect(answer.message).toMatch(/^Settled /);
  });

  it('says what a part filled, and fails when nothing was', async () => {
    const account = await bench.account();
    account.faults.onSubmit({ kind: 'fills', ppm: 400_000 });
    const part = await run(account, OPEN, { timing: SHORT_ORDERS });
    expect(part.answer).toMatchObject({ success: true, data: { status: 'done', requested_size: 5, filled_size: 2 } });
    expect(part.answer.message).toMatch(/^Opened short 2 of 5 SOL-PERP/);
    account.faults.onSubmit({ kind: 'fills', ppm: 0 });
    const none = await run(account, OPEN, { timing: SHORT_ORDERS });
    expect(none.answer).toMatchObject({
      success: false,
      data: { status: 'failed' },
      error: { code: 'ORDER_NOT_FILLED' },
    });
  });

  it('places again what a close left unfilled', async () => {
    const account = await bench.account();
    await run(account, OPEN);
    account.faults.onSubmit({ kind: 'fills', ppm: 400_000 }).onSubmit({ kind: 'fills', ppm: 0 });
    const { answer, record } = await run(account, CLOSE, { timing: SHORT_ORDERS });
    expect(answer).toMatchObject({ success: true, data: { filled_size: 5, closed_by: 'us' } });
    // The spread was lost, and is settled from the deposited USDC.
    expect(record?.attempts.map(({ intent }) => intent.kind)).toEqual(['order', 'order', 'order', 'settle']);
    expect(await account.perp()).toBe(0n);
  });

  it('tells, critical, what could not be closed after five placements again', async () => {
    const account = await bench.account();
    await run(account, OPEN);
    for (let placement = 0; placement < 6; placement += 1) account.faults.onSubmit({ kind: 'fills', ppm: 0 });
    const timing = { ...FAST_TIMING, orderLifeMs: 600 };
    const { answer, record, operation } = await run(account, FLATTEN, { timing });
    expect(answer).toMatchObject({ success: false, error: { code: 'ORDER_NOT_FILLED' } });
    const limits =
      record?.attempts.map(({ intent }) => (intent.kind === 'order' ? BigInt(intent.priceLimit) : 0n)) ?? [];
    expect(limits.length).toBe(6);
    expect(limits[1]).toBeGreaterThan(limits[0] as bigint);
    expect(limits[2]).toBeGreaterThan(limits[1] as bigint);
    const alerts = bench.operations.writes.flatMap((write) => write.alerts ?? []);
    expect(alerts.filter((alert) => alert.operationId === operation.operationId)).toMatchObject([
      { severity: 'critical', code: 'CLOSE_INCOMPLETE' },
    ]);
  });

  it('is refused by a gate before anything is sent', async () => {
    const account = await bench.account();
    const { answer, record } = await run(account, { kind: 'deposit', asset: 'SOL', amount: '99000000000000' });
    expect(answer).toMatchObject({
      success: false,
      data: { status: 'rejected' },
      error: { code: 'INSUFFICIENT_FUNDS' },
    });
    expect(record).toMatchObject({ status: 'rejected', attempts: [] });
    expect(account.venue.signs).toBe(0);
  });

  it('is refused by a simulation that fails, and submits nothing', async () => {
    const account = await bench.account();
    account.faults.onSimulate({ code: 'SIMULATION_FAILED', message: 'custom program error: 0x1' });
    const { answer } = await run(account, { kind: 'deposit', asset: 'SOL', amount: '1000' });
    expect(answer).toMatchObject({ data: { status: 'rejected' }, error: { code: 'SIMULATION_FAILED' } });
    expect(account.venue.sends).toEqual([]);
  });

  const others: readonly OperationRequest[] = [
    { kind: 'withdraw', asset: 'USDC', amount: '1000000' },
    OPEN,
    { kind: 'rebalance', market: MARKET, size: '-1000000000' },
    { kind: 'settle', market: MARKET },
  ];
  it.each<OperationRequest>([
    { kind: 'deposit', asset: 'SOL', amount: '1500000000' },
    FLATTEN,
    ...(LONG ? others : []),
  ])('continues as new at every step: $kind', async (request) => {
    const account = await bench.account();
    // Temporal holds each new run back for a moment: the order must outlive that.
    const timing = { ...FAST_TIMING, confirmMs: 20_000, orderLifeMs: 20_000 };
    if (request.kind !== 'open') await run(account, OPEN);
    account.venue.sends.length = 0;
    const { answer, record } = await run(account, request, { continueAtEveryStep: true, timing });
    expect(answer.success).toBe(true);
    expect(record?.status).toBe('done');
    expect(new Set(account.venue.sends).size).toBe(account.venue.sends.length);
  });
});
