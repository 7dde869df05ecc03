import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Worker } from '@temporalio/worker';
import type { OperationRequest } from '../../src/domain/order/operation-request.ts';
import type { SignedAttempt } from '../../src/domain/transaction/attempt.ts';
import { resolveTransaction, resolveTransactionUpdate, slotGranted, standDown } from '../../workflows/messages.ts';
import { itLong } from '../support/long.ts';
import { eventually, FAST_TIMING, type RunningOperation } from '../support/operations.ts';
import { type PaperAccount, PaperBench, SHORT_LIFE } from '../support/paper-bench.ts';
import { absent, denied, mute, prunedNode } from '../support/scripted-venue.ts';
import { temporalAddress } from '../support/temporal-address.ts';
import { testWorkflowBundle } from '../support/workflow-bundle.ts';

const DEPOSIT: OperationRequest = { kind: 'deposit', asset: 'SOL', amount: '1000000000' };
const OPEN: OperationRequest = { kind: 'open', market: 'SOL-PERP', size: '-5000000000' };

/** Unknown soon: for tests in which no node answers. */
const IMPATIENT = { ...FAST_TIMING, confirmMs: 150, queryMs: 150 };
/** Asks until the bytes are dead. */
const PATIENT = { ...FAST_TIMING, confirmMs: 10_000 };

let bench: PaperBench;

beforeAll(async () => {
  bench = await PaperBench.open(temporalAddress());
});
afterAll(async () => {
  await bench.close();
});

const start = ({ engineId }: PaperAccount, request: OperationRequest = DEPOSIT, options = {}) =>
  bench.operations.start(engineId, request, options);

const alertsOf = ({ operationId }: RunningOperation) =>
  bench.operations.writes.flatMap((write) => write.alerts ?? []).filter((alert) => alert.operationId === operationId);

const resolve = (operation: RunningOperation, verdict: 'landed' | 'failed' | 'retry') =>
  operation.handle.executeUpdate(resolveTransactionUpdate, { args: [{ verdict, operator: 'ann', note: 'looked' }] });

const unresolved = (operation: RunningOperation) => operation.until((report) => report.phase === 'unresolved');

/** The wallet paid once: the deposit, and fees far below a thousandth SOL. */
async function depositedOnce(account: PaperAccount, before: bigint): Promise<void> {
  const spent = before - (await account.walletSol());
  expect(spent).toBeGreaterThanOrEqual(1_000_000_000n);
  expect(spent).toBeLessThan(1_001_000_000n);
}

describe('a send that goes wrong', () => {
  it('is made again only once the first is proven never to land', async () => {
    const account = await bench.account(SHORT_LIFE);
    const before = await account.walletSol();
    account.faults.onSubmit({ kind: 'dropped' });
    const operation = await start(account, DEPOSIT, { timing: PATIENT });
    const answer = await operation.result();
    expect(answer).toMatchObject({ success: true });
    const record = await bench.journal.operation(operation.operationId);
    expect(record?.attempts).toMatchObject([
      { number: 1, outcome: 'expired' },
      { number: 2, outcome: 'confirmed' },
    ]);
    await depositedOnce(account, before);
  });

  itLong('ends expired after three proven attempts, with nothing done', async () => {
    const account = await bench.account(SHORT_LIFE);
    const before = await account.walletSol();
    for (let attempt = 0; attempt < 3; attempt += 1) account.faults.onSubmit({ kind: 'dropped' });
    const operation = await start(account, DEPOSIT, { timing: PATIENT });
    expect(await operation.result()).toMatchObject({
      data: { status: 'failed' },
      error: { code: 'TRANSACTION_FAILED' },
    });
    const record = await bench.journal.operation(operation.operationId);
    expect(record).toMatchObject({ status: 'expired' });
    expect(record?.attempts.map(({ outcome }) => outcome)).toEqual(['expired', 'expired', 'expired']);
    expect(await account.walletSol()).toBe(before);
  });

  it.each([
    { fault: { kind: 'reply_lost' } as const },
    { fault: { kind: 'late', slots: 15 } as const },
    { fault: { kind: 'timeout' } as const },
  ])('lands once when $fault.kind', async ({ fault }) => {
    const account = await bench.account();
    const before = await account.walletSol();
    account.faults.onSubmit(fault);
    const operation = await start(account, DEPOSIT, { timing: PATIENT });
    expect((await operation.result()).success).toBe(true);
    expect(new Set(account.venue.sends).size).toBe(1);
    await depositedOnce(account, before);
  });

  it('is failed only by a finalized error, with the reason of the chain', async () => {
    const account = await bench.account();
    account.faults.onSubmit({
      kind: 'fails',
      error: { code: 'TRANSACTION_FAILED', message: 'custom program error: 0x7' },
    });
    const operation = await start(account);
    expect(await operation.result()).toMatchObject({
      data: { status: 'failed' },
      error: { code: 'TRANSACTION_FAILED', message: 'custom program error: 0x7' },
    });
    expect(await bench.journal.operation(operation.operationId)).toMatchObject({ status: 'failed' });
  });

  it('is not signed again after a timeout, however long nobody answers', async () => {
    const account = await bench.account();
    account.venue.testimony = mute;
    const operation = await start(account, DEPOSIT, { timing: IMPATIENT });
    await unresolved(operation);
    const asks = account.venue.asks;
    await eventually(() => (account.venue.asks > asks + 3 ? true : null));
    expect(account.venue.signs).toBe(1);
    account.venue.testimony = (truth) => truth;
    expect((await operation.result()).success).toBe(true);
  });
});

describe('an unknown outcome', () => {
  it('frees the slot, alerts with signature, link, mute node and remedy, and ends by proof', async () => {
    const account = await bench.account();
    const reports = await bench.operations.startSink(account.engineId);
    account.venue.testimony = mute;
    const operation = await start(account, DEPOSIT, { timing: IMPATIENT });
    const report = await unresolved(operation);
    expect(report.answer).toMatchObject({ success: false, data: { status: 'unknown' } });
    const signature = account.venue.sends[0] as string;
    const [alert] = await eventually(() => (alertsOf(operation).length > 0 ? alertsOf(operation) : null));
    expect(alert).toMatchObject({ severity: 'critical', code: 'TRANSACTION_UNKNOWN' });
    expect(alert?.message).toContain('node-a (timeout; add another endpoint to RPC_URL)');
    expect(alert?.action).toContain(signature);
    expect(alert?.action).toContain(`https://explorer.test/tx/${signature}`);
    expect(alert?.action).toContain('resolveTransaction');
    account.venue.testimony = (truth) => truth;
    expect(await operation.result()).toMatchObject({ success: true, message: 'Deposited 1 SOL' });
    expect((await reports()).map(({ phase }) => phase)).toEqual(['unresolved', 'released', 'ended']);
    expect(alertsOf(operation).map(({ kind, code }) => `${kind} ${code}`)).toEqual([
      'alert TRANSACTION_UNKNOWN',
      'recovered TRANSACTION_UNKNOWN',
    ]);
  });

  it('goes on across continue-as-new, and across a worker that dies and comes back', async () => {
    const account = await bench.account();
    account.venue.testimony = mute;
    const operation = await start(account, DEPOSIT, { continueAtEveryStep: true, timing: IMPATIENT });
    await unresolved(operation);
    await bench.operations.stopWorker();
    account.venue.testimony = (truth) => truth;
    await bench.operations.startWorker();
    expect((await operation.result()).success).toBe(true);
    expect(account.venue.signs).toBe(1);
  });

  it('ends by a verdict "landed", marked as a person\'s, and later by its proof', async () => {
    const account = await bench.account();
    account.venue.testimony = mute;
    const operation = await start(account, DEPOSIT, { timing: IMPATIENT });
    await unresolved(operation);
    expect(await resolve(operation, 'landed')).toMatchObject({ success: true });
    const report = await operation.until(({ phase }) => phase === 'released');
    expect(report.answer?.data).toMatchObject({ status: 'done', resolved_by: 'human', operator: 'ann' });
    await eventually(async () => {
      const record = await bench.journal.operation(operation.operationId);
      return record?.status === 'resolved_by_human' ? record : null;
    });
    account.venue.testimony = (truth) => truth;
    expect(await operation.result()).toMatchObject({ success: true, message: 'Deposited 1 SOL' });
    expect(await operation.report()).toMatchObject({ phase: 'ended', contradicted: false });
  });

  itLong('stays resolved by a person when proof never comes within its days', async () => {
    const account = await bench.account();
    account.venue.testimony = mute;
    const operation = await start(account, DEPOSIT, { timing: IMPATIENT });
    await unresolved(operation);
    await resolve(operation, 'landed');
    await operation.result();
    expect(await bench.journal.operation(operation.operationId)).toMatchObject({ status: 'resolved_by_human' });
  });

  it('refuses a verdict that the chain contradicts, by update and by signal', async () => {
    const account = await bench.account();
    account.venue.testimony = mute;
    const operation = await start(account, DEPOSIT, {
      timing: { ...IMPATIENT, proofMs: 60_000, proofMaxMs: 60_000 },
    });
    await unresolved(operation);
    account.venue.testimony = (truth) => (truth.kind === 'landed' ? { ...truth, commitment: 'processed' } : truth);
    expect(await resolve(operation, 'failed')).toMatchObject({ success: false, error: { code: 'VERDICT_REFUSED' } });
    await operation.handle.signal(resolveTransaction, { verdict: 'retry', operator: 'bob', note: '' });
    await eventually(() =>
      alertsOf(operation).filter(({ code }) => code === 'VERDICT_REFUSED').length === 2 ? true : null,
    );
    account.venue.testimony = absent;
    expect(await resolve(operation, 'landed')).toMatchObject({ success: false, error: { code: 'VERDICT_REFUSED' } });
    await operation.result();
  });

  it('refuses a malformed verdict, tells what it should look like at once, and changes nothing', async () => {
    const account = await bench.account();
    account.venue.testimony = mute;
    const operation = await start(account, DEPOSIT, { timing: IMPATIENT });
    await unresolved(operation);
    const bad = { verdict: 'perhaps', operator: 'ann', note: '' } as never;
    await expect(operation.handle.executeUpdate(resolveTransactionUpdate, { args: [bad] })).rejects.toThrow();
    await operation.handle.signal(resolveTransaction, bad);
    const told = await eventually(() => alertsOf(operation).find(({ code }) => code === 'VERDICT_REFUSED') ?? null);
    expect(told).toMatchObject({ severity: 'warning', details: { field: 'verdict' } });
    expect((await operation.report()).phase).toBe('unresolved');
    account.venue.testimony = (truth) => truth;
    expect((await operation.result()).success).toBe(true);
  });

  it('takes "failed" only once it can no longer land, and is corrected and told critical when it landed after all', async () => {
    const account = await bench.account();
    account.venue.testimony = mute;
    const operation = await start(account, DEPOSIT, { timing: IMPATIENT });
    await unresolved(operation);
    expect(await resolve(operation, 'failed')).toMatchObject({ success: false, error: { code: 'VERDICT_REFUSED' } });
    account.venue.testimony = prunedNode;
    await operation.until(({ windowClosed }) => windowClosed);
    expect(await resolve(operation, 'failed')).toMatchObject({ success: true });
    const report = await operation.until(({ phase }) => phase === 'released');
    expect(report.answer).toMatchObject({ success: false, data: { status: 'failed' } });
    account.venue.testimony = (truth) => truth;
    expect(await operation.result()).toMatchObject({ success: true, message: 'Deposited 1 SOL' });
    expect(await operation.report()).toMatchObject({ phase: 'ended', contradicted: true });
    expect(await bench.journal.operation(operation.operationId)).toMatchObject({ status: 'done' });
    expect(alertsOf(operation)).toContainEqual(
      expect.objectContaining({ severity: 'critical', code: 'VERDICT_CONTRADICTED' }),
    );
  });

  it('retries by a verdict only once expiry is proven and the slot is given', async () => {
    const account = await bench.account(SHORT_LIFE);
    const before = await account.walletSol();
    account.faults.onSubmit({ kind: 'dropped' });
    account.venue.testimony = mute;
    const operation = await start(account, DEPOSIT, { timing: IMPATIENT });
    await unresolved(operation);
    expect(await resolve(operation, 'retry')).toMatchObject({ success: true });
    account.venue.testimony = (truth) => truth;
    await operation.until(({ wantsSlot }) => wantsSlot === true);
    expect(account.venue.signs).toBe(1);
    await operation.handle.signal(slotGranted, { confirmedPriceLimit: null, exposureConfirmed: true });
    expect(await operation.result()).toMatchObject({ success: true, message: 'Deposited 1 SOL' });
    await depositedOnce(account, before);
  });

  itLong('ends expired when nobody gives a retry the slot in time', async () => {
    const account = await bench.account(SHORT_LIFE);
    account.faults.onSubmit({ kind: 'dropped' });
    account.venue.testimony = mute;
    const operation = await start(account, DEPOSIT, { timing: { ...IMPATIENT, retryVerdictMs: 1_500 } });
    await unresolved(operation);
    await resolve(operation, 'retry');
    account.venue.testimony = (truth) => truth;
    expect(await operation.result()).toMatchObject({ success: false });
    expect(await bench.journal.operation(operation.operationId)).toMatchObject({ status: 'expired' });
  });

  itLong('is proven when only its signature came back from the journal', async () => {
    const account = await bench.account(SHORT_LIFE);
    const signed: SignedAttempt = await account.venue.sign({ kind: 'deposit', asset: 'SOL', amount: '1000000000' });
    await account.venue.submit(signed, 0);
    const landed = await start(account, DEPOSIT, { recovered: [signed] });
    expect(await landed.result()).toMatchObject({ success: true, message: 'Deposited 1 SOL' });
    const lost: SignedAttempt = await account.venue.sign({ kind: 'deposit', asset: 'SOL', amount: '1000000000' });
    const dead = await start(account, DEPOSIT, { recovered: [lost] });
    expect(await dead.result()).toMatchObject({ success: false });
    expect(await bench.journal.operation(dead.operationId)).toMatchObject({ status: 'expired' });
    expect(account.venue.sends).toEqual([signed.signature]);
  });
});

describe('a fork', () => {
  it('that drops a confirmed one sends the same bytes back to work', async () => {
    const account = await bench.account();
    const reports = await bench.operations.startSink(account.engineId);
    let dropped = false;
    account.venue.testimony = (truth) => {
      if (account.venue.asks === 1 || truth.kind !== 'landed') return truth;
      dropped = account.venue.sends.length < 2;
      return dropped ? denied() : truth;
    };
    const operation = await start(account);
    expect(await operation.result()).toMatchObject({ success: true });
    expect(new Set(account.venue.sends).size).toBe(1);
    expect(account.venue.sends.length).toBeGreaterThan(1);
    expect((await reports()).map(({ phase }) => phase)).toEqual(['released', 'dropped', 'released', 'ended']);
  });

  it('that drops it for good corrects the answer and tells it, critical', async () => {
    const account = await bench.account();
    account.venue.testimony = (truth) => (account.venue.asks === 1 ? truth : absent());
    const operation = await start(account);
    expect(await operation.result()).toMatchObject({ success: false, error: { code: 'TRANSACTION_FAILED' } });
    expect(await bench.journal.operation(operation.operationId)).toMatchObject({ status: 'expired' });
    expect(alertsOf(operation)).toContainEqual(expect.objectContaining({ code: 'CONFIRMED_THEN_LOST' }));
    expect(account.venue.signs).toBe(1);
  });
});

describe('standing down', () => {
  it('cancels the open order, and says what was filled', async () => {
    const account = await bench.account();
    account.faults.onSubmit({ kind: 'fills', ppm: 0, afterSlots: 2_000 });
    const operation = await start(account, OPEN, { timing: { ...FAST_TIMING, orderLifeMs: 60_000 } });
    await operation.until(({ stage }) => stage === 'order open');
    await operation.handle.signal(standDown, { reason: 'flatten' });
    expect(await operation.result()).toMatchObject({ success: false, error: { code: 'ORDER_NOT_FILLED' } });
    const record = await bench.journal.operation(operation.operationId);
    expect(record?.attempts.map(({ intent }) => intent.kind)).toEqual(['order', 'cancel_orders']);
  });

  it('sends nothing more when nothing was sent; so does an operator who cancels', async () => {
    for (const way of ['signal', 'cancel'] as const) {
      const account = await bench.account();
      // Signed locally for a second at most, then by an activity of its own: both wait.
      const waiting: (() => void)[] = [];
      const signing = new Promise<void>((resolveSigning) => {
        account.venue.beforeSign = async () => {
          resolveSigning();
          await new Promise<void>((letGo) => {
            waiting.push(letGo);
          });
        };
      });
      const operation = await start(account);
      await signing;
      if (way === 'signal') await operation.handle.signal(standDown, { reason: 'flatten' });
      else await operation.handle.cancel();
      expect(await operation.result()).toMatchObject({
        data: { status: 'rejected' },
        error: { code: 'ENGINE_REDUCING' },
      });
      for (const letGo of waiting) letGo();
      expect(account.venue.sends).toEqual([]);
    }
  });

  it('by an operator who cancels after the send does not forget the money', async () => {
    const account = await bench.account();
    account.venue.testimony = mute;
    const operation = await start(account);
    await eventually(() => (account.venue.sends.length > 0 ? true : null));
    await operation.handle.cancel();
    account.venue.testimony = (truth) => truth;
    expect(await operation.result()).toMatchObject({ success: true, message: 'Deposited 1 SOL' });
  });
});

describe('histories', () => {
  it('replay without a difference', async () => {
    const account = await bench.account(SHORT_LIFE);
    account.faults.onSubmit({ kind: 'dropped' });
    const requests: OperationRequest[] = [
      OPEN,
      { kind: 'rebalance', market: 'SOL-PERP', size: '1000000000' },
      { kind: 'flatten', market: 'SOL-PERP' },
      DEPOSIT,
      { kind: 'withdraw', asset: 'USDC', amount: '1000000' },
      { kind: 'settle', market: 'SOL-PERP' },
    ];
    for (const request of requests) {
      const operation = await start(account, request);
      await operation.result();
      const history = await operation.handle.fetchHistory();
      const workflowBundle = await testWorkflowBundle();
      await Worker.runReplayHistory({ workflowBundle }, history, operation.handle.workflowId);
    }
  });
});
