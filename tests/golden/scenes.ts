/** The recorded scenes: the simplest run of every operation, and the difficult ones. See `record.ts`. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { startLocalnet } from '../../localnet/index.ts';
import { until as untilOnChain } from '../../localnet/tests/support/until.ts';
import type { OperationRequest } from '../../src/domain/order/operation-request.ts';
import type { OperationInput } from '../../workflows/messages.ts';
import { resolveTransaction, resolveTransactionUpdate, slotGranted, standDown } from '../../workflows/messages.ts';
import { buildWorker } from '../support/crash/built-worker.ts';
import { CRASH_TIMING } from '../support/crash/matrix.ts';
import { WorkerLane } from '../support/crash/worker-lane.ts';
import { EngineHarness, lamportsOf, QUICK_TIMING, until } from '../support/engine-harness.ts';
import { openTestJournal } from '../support/journal.ts';
import { FAST_TIMING, OperationBench, type RunningOperation } from '../support/operations.ts';
import { type PaperAccount, PaperBench, SHORT_LIFE } from '../support/paper-bench.ts';
import { mute } from '../support/scripted-venue.ts';
import { SteadyFeed } from '../support/steady-feed.ts';
import { newTransferAccount } from '../support/transfer-venue.ts';
import { testWorkflowBundle } from '../support/workflow-bundle.ts';

export interface Scene {
  /** Of its file. */
  readonly name: string;
  play(address: string, record: (workflow: WorkflowHandle) => Promise<void>): Promise<void>;
}

const DEPOSIT: OperationRequest = { kind: 'deposit', asset: 'SOL', amount: '1000000000' };
const OPEN: OperationRequest = { kind: 'open', market: 'SOL-PERP', size: '-5000000000' };
const CLOSE: OperationRequest = { kind: 'close', market: 'SOL-PERP' };
const IMPATIENT = { ...FAST_TIMING, confirmMs: 150, queryMs: 150 };

interface Stage {
  readonly bench: PaperBench;
  readonly account: PaperAccount;
  run(request: OperationRequest, options?: Partial<OperationInput>): Promise<RunningOperation>;
}

/** One operation on a paper account of its own. */
const onPaper = (
  name: string,
  play: (stage: Stage) => Promise<RunningOperation>,
  chain: Parameters<PaperBench['account']>[0] = {},
): Scene => ({
  name,
  async play(address, record) {
    const bench = await PaperBench.open(address);
    try {
      const account = await bench.account(chain);
      await bench.operations.startSink(account.engineId);
      const operation = await play({
        bench,
        account,
        run: (request, options) => bench.operations.start(account.engineId, request, options),
      });
      await operation.result();
      await record(operation.handle);
    } finally {
      await bench.close();
    }
  },
});

const plainly = (name: string, request: OperationRequest, before: readonly OperationRequest[] = []): Scene =>
  onPaper(name, async ({ run }) => {
    for (const one of before) await (await run(one)).result();
    return await run(request);
  });

const unresolved = (operation: RunningOperation) => operation.until(({ phase }) => phase === 'unresolved');
const verdict = (said: 'landed' | 'retry') => ({ verdict: said, operator: 'ann', note: 'looked at the explorer' });

/** A worker process on the local chain, killed for good once its bytes are out. */
const killed: Scene = {
  name: 'deposit-worker-killed',
  async play(address, record) {
    const folder = mkdtempSync(join(tmpdir(), 'driftless-golden-'));
    const [net, journal] = [await startLocalnet({ slotMs: 30, nodes: 1, seed: 'golden' }), await openTestJournal()];
    const bundlePath = join(folder, 'workflows.js');
    writeFileSync(bundlePath, (await testWorkflowBundle()).code);
    const bench = await OperationBench.open(address, async () => Promise.reject(new Error('another worker serves it')));
    await bench.stopWorker();
    const logPath = join(folder, 'worker.jsonl');
    const orders = {
      address,
      namespace: 'default',
      taskQueue: bench.taskQueue,
      bundlePath,
      logPath,
      journal: 'parent' as const,
    };
    const lane = new WorkerLane({ script: await buildWorker(folder), orders, journal });
    try {
      await lane.start();
      const account = newTransferAccount();
      const funds = [account.wallet, account.vault].map((to) => net.airdrop(to, 2_000_000_000n));
      const chain = { rpcUrls: [net.rpcUrl], rpcWsUrl: net.wsUrl, slotMs: 30, timeoutMs: 700 };
      await untilOnChain('the money', () => funds.every((one) => net.record(one).some(({ counts }) => counts)));
      await lane.serve({ account, chain }, [{ step: 'submit', when: 'after' }]);
      const policy = { mode: 'live' as const, maxRpcLatencyMs: 10_000 };
      const options = { timing: CRASH_TIMING, policy: policy as OperationInput['policy'] };
      const operation = await bench.start(
        account.engineId,
        { ...DEPOSIT, amount: '10000000' } as OperationRequest,
        options,
      );
      await operation.result();
      await record(operation.handle);
    } finally {
      await lane.stop();
      await Promise.all([bench.close(), net.stop(), journal.close()]);
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

/** One short life of an engine: opened, hedged again by itself, an unknown outcome resolved by a person, closed. */
const engine = (name: string, maxHistoryEvents: number): Scene => ({
  name,
  async play(address, record) {
    const harness = await EngineHarness.start({
      address,
      feed: new SteadyFeed(),
      tuning: { maxHistoryEvents, timing: { ...QUICK_TIMING, confirmMs: 300, queryMs: 300 } },
    });
    try {
      const market = 'SOL-PERP';
      await harness.carryOut({ kind: 'open', market, size: lamportsOf(-5) });
      await harness.carryOut({ kind: 'deposit', asset: 'SOL', amount: lamportsOf(2) });
      await harness.untilState('the rebalance', ({ cooldownEndsAtMs }) => cooldownEndsAtMs !== null);
      harness.faults.silence(1_000_000);
      const commandId = randomUUID();
      await harness.send({ kind: 'deposit', asset: 'SOL', amount: lamportsOf(0.5) }, { commandId });
      await harness.untilState('unresolved', ({ unresolved: open }) => open.length === 1);
      await harness.resolve(commandId, 'landed');
      await harness.untilState('released', ({ unresolved: open }) => open.length === 0);
      harness.faults.silence(0);
      await harness.carryOut({ kind: 'close', market });
      await until('all ended', async () =>
        (await harness.journal.operations({ engineId: harness.engineId, limit: 50 })).items.every(
          (one) => one.endedAtMs,
        ),
      );
      await harness.carryOut({ action: 'STOP_ENGINE' });
      await record(harness.handle);
    } finally {
      await harness.close();
    }
  },
});

export const SCENES: readonly Scene[] = [
  plainly('deposit', DEPOSIT),
  plainly('withdraw', { kind: 'withdraw', asset: 'USDC', amount: '1000000' }),
  plainly('open', OPEN),
  plainly('rebalance', { kind: 'rebalance', market: 'SOL-PERP', size: '1000000000' }, [OPEN]),
  plainly('close', CLOSE, [OPEN]),
  plainly('flatten', { kind: 'flatten', market: 'SOL-PERP' }, [OPEN]),
  plainly('settle', { kind: 'settle', market: 'SOL-PERP' }, [OPEN]),
  onPaper('deposit-signed-by-a-remote-signer', ({ run }) => run(DEPOSIT, { signsLocally: false })),
  plainly('open-refused-by-gates', { ...OPEN, size: '500000000000' } as OperationRequest),
  onPaper('open-stood-down', async ({ account, run }) => {
    account.faults.onSubmit({ kind: 'fills', ppm: 0, afterSlots: 2_000 });
    const operation = await run(OPEN, { timing: { ...FAST_TIMING, orderLifeMs: 60_000 } });
    await operation.until(({ stage }) => stage === 'order open');
    await operation.handle.signal(standDown, { reason: 'flatten' });
    return operation;
  }),
  onPaper(
    'deposit-expired-and-signed-again',
    async ({ account, run }) => {
      account.faults.onSubmit({ kind: 'dropped' });
      return await run(DEPOSIT, { timing: { ...FAST_TIMING, confirmMs: 4_000 } });
    },
    SHORT_LIFE,
  ),
  onPaper('deposit-failed-on-chain', async ({ account, run }) => {
    account.faults.onSubmit({ kind: 'fails', error: { code: 'TRANSACTION_FAILED', message: 'custom program error' } });
    return await run(DEPOSIT);
  }),
  onPaper('deposit-unknown-then-proven', async ({ account, run }) => {
    account.venue.testimony = mute;
    const operation = await run(DEPOSIT, { timing: IMPATIENT });
    await unresolved(operation);
    account.venue.testimony = (truth) => truth;
    return operation;
  }),
  onPaper('deposit-unknown-person-said-landed', async ({ account, run }) => {
    account.venue.testimony = mute;
    const operation = await run(DEPOSIT, { timing: IMPATIENT });
    await unresolved(operation);
    await operation.handle.executeUpdate(resolveTransactionUpdate, { args: [verdict('landed')] });
    await operation.until(({ phase }) => phase === 'released');
    account.venue.testimony = (truth) => truth;
    return operation;
  }),
  onPaper(
    'deposit-unknown-person-said-retry',
    async ({ account, run }) => {
      account.faults.onSubmit({ kind: 'dropped' });
      account.venue.testimony = mute;
      const operation = await run(DEPOSIT, { timing: { ...IMPATIENT, retryVerdictMs: 60_000 } });
      await unresolved(operation);
      await operation.handle.signal(resolveTransaction, verdict('retry'));
      account.venue.testimony = (truth) => truth;
      await operation.until(({ wantsSlot }) => wantsSlot === true);
      await operation.handle.signal(slotGranted, { confirmedPriceLimit: null, exposureConfirmed: true });
      return operation;
    },
    SHORT_LIFE,
  ),
  onPaper('deposit-unknown-continued-as-new', async ({ account, run }) => {
    account.venue.testimony = mute;
    const operation = await run(DEPOSIT, { timing: IMPATIENT, continueAtEveryStep: true });
    await unresolved(operation);
    await operation.handle.executeUpdate(resolveTransactionUpdate, { args: [verdict('landed')] });
    account.venue.testimony = (truth) => truth;
    return operation;
  }),
  onPaper('deposit-worker-gone-for-a-while', async ({ bench, account, run }) => {
    account.venue.testimony = mute;
    const operation = await run(DEPOSIT, { timing: IMPATIENT });
    await unresolved(operation);
    await bench.operations.stopWorker();
    account.venue.testimony = (truth) => truth;
    await bench.operations.startWorker();
    return operation;
  }),
  killed,
  engine('engine', 5_000),
  engine('engine-renewed', 60),
];
