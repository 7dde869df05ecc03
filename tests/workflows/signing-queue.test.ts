/** A worker that may not sign runs the workflow; one that may takes signing and sending from the engine's queue. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { OperationRequest } from '../../src/domain/order/operation-request.ts';
import { FAST_TIMING } from '../support/operations.ts';
import { PaperBench } from '../support/paper-bench.ts';
import { temporalAddress } from '../support/temporal-address.ts';

const DEPOSIT: OperationRequest = { kind: 'deposit', asset: 'SOL', amount: '1000000000' };
const DENIED = { code: 'PERMISSION_DENIED', message: 'not here', details: {} };

let bench: PaperBench;
let mayThisWorkerSign = false;
beforeAll(async () => {
  bench = await PaperBench.open(temporalAddress(), () => (mayThisWorkerSign ? null : DENIED));
});
afterAll(async () => await bench?.close());

const run = async (account: Awaited<ReturnType<PaperBench['account']>>, signsOnQueue: boolean) => {
  const timing = { ...FAST_TIMING, callMs: 1_500, nextAttemptWithinMs: 20_000 };
  const operation = await bench.operations.start(account.engineId, DEPOSIT, { timing, signsOnQueue });
  return await operation.result();
};

describe('a live operation whose workflow runs on a worker that may not sign', () => {
  it('is signed and sent by the worker that polls the queue of its engine and permission', async () => {
    const account = await bench.account();
    const signer = await bench.operations.startSigner(account.engineId, 'capital');
    try {
      expect(await run(account, true)).toMatchObject({ success: true, message: 'Deposited 1 SOL' });
    } finally {
      await signer.stop();
    }
  });

  it('is refused with nothing sent when nobody polls it, and says who is missing', async () => {
    const account = await bench.account();
    const trader = await bench.operations.startSigner(account.engineId, 'trading');
    try {
      expect(await run(account, true)).toMatchObject({
        data: { status: 'rejected' },
        error: { code: 'UNAVAILABLE', details: { part: 'signer', need: 'capital' } },
      });
      expect(account.venue.sends).toEqual([]);
    } finally {
      await trader.stop();
    }
  });

  it('is refused at sign without the queue, and nothing is sent', async () => {
    const account = await bench.account();
    expect(await run(account, false)).toMatchObject({
      data: { status: 'rejected' },
      error: { code: 'PERMISSION_DENIED' },
    });
    expect(account.venue.sends).toEqual([]);
  });

  it('is signed where it runs when that worker may, and sent from the queue', async () => {
    mayThisWorkerSign = true;
    const account = await bench.account();
    const signer = await bench.operations.startSigner(account.engineId, 'capital');
    try {
      expect(await run(account, true)).toMatchObject({ success: true });
    } finally {
      mayThisWorkerSign = false;
      await signer.stop();
    }
  });
});
