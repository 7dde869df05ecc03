/** Operations on a real Temporal server, for tests: a worker of their own queue, windows scaled down. */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { createTransactionActivities, type TransactionPorts } from '../../activities/transaction.ts';
import { DEFAULT_POLICY, type PolicyJson } from '../../src/domain/hedge/policy.ts';
import { OPERATION_RULES } from '../../src/domain/operation/operation.ts';
import type { OperationReport } from '../../src/domain/operation/operation-report.ts';
import type { CommandAnswer } from '../../src/domain/order/command.ts';
import type { OperationRequest } from '../../src/domain/order/operation-request.ts';
import { OPERATIONS } from '../../src/domain/order/operations.ts';
import { type NeededPermission, signingQueue } from '../../src/domain/order/permission.ts';
import type { TransactionTiming } from '../../src/domain/transaction/transaction.ts';
import type { OperationWrite } from '../../src/journal/records.ts';
import { operationWorkflowId } from '../../src/lib/ids.ts';
import type { Venue } from '../../src/venues/venue.ts';
import { type OperationInput, operationState } from '../../workflows/messages.ts';
import { allReports } from './report-sink-messages.ts';
import { testWorkflowBundle } from './workflow-bundle.ts';

/** The procedure's windows, some fifty times shorter. */
export const FAST_TIMING: TransactionTiming = {
  confirmMs: 800,
  queryMs: 800,
  pollMs: 25,
  rebroadcastMs: 100,
  maxAttempts: 3,
  nextAttemptWithinMs: 30_000,
  proofMs: 100,
  proofMaxMs: 300,
  retryVerdictMs: 4_000,
  verdictProofMs: 2_500,
  // An order that is filled waits for none of it: only a busy machine needs it.
  orderLifeMs: 10_000,
};
/** For orders that stay unfilled, in part at least: they are waited for. */
export const SHORT_ORDERS: TransactionTiming = { ...FAST_TIMING, orderLifeMs: 1_500 };

export interface RunningOperation {
  readonly operationId: string;
  readonly handle: WorkflowHandle;
  result(): Promise<CommandAnswer>;
  report(): Promise<OperationReport>;
  /** Waits until a report of the operation satisfies it. */
  until(test: (report: OperationReport) => boolean): Promise<OperationReport>;
}

let quiet = false;

export class OperationBench {
  readonly client: Client;
  readonly taskQueue = `operations-${randomUUID()}`;
  /** What was written to the journal, in order. */
  readonly writes: OperationWrite[] = [];
  private readonly environment: TestWorkflowEnvironment;
  private readonly ports: TransactionPorts;
  private worker: Worker | null = null;
  private running: Promise<void> | null = null;

  private constructor(environment: TestWorkflowEnvironment, ports: TransactionPorts) {
    this.client = environment.client;
    this.environment = environment;
    this.ports = ports;
  }

  static async open(
    address: string,
    venueOf: (engineId: string) => Promise<Venue>,
    journal: TransactionPorts['journal'] = { writeOperation: async () => {}, operation: async () => null },
    rights: TransactionPorts['rights'] = () => null,
  ): Promise<OperationBench> {
    if (!quiet) Runtime.install({ logger: new DefaultLogger('ERROR') });
    quiet = true;
    const environment = await TestWorkflowEnvironment.createFromExistingServer({ address });
    const writes: OperationWrite[] = [];
    const bench = new OperationBench(environment, {
      venueOf,
      alerts: { announce: () => undefined },
      journal: {
        operation: (operationId) => journal.operation(operationId),
        async writeOperation(write) {
          await journal.writeOperation(write);
          writes.push(write);
        },
      },
      rights,
      clock: { nowMs: () => Date.now() },
      logger: { warn: () => {} },
    });
    (bench as { writes: OperationWrite[] }).writes = writes;
    await bench.startWorker();
    return bench;
  }

  async startWorker(): Promise<void> {
    this.worker = await Worker.create({
      connection: this.environment.nativeConnection,
      taskQueue: this.taskQueue,
      workflowBundle: await testWorkflowBundle(),
      activities: createTransactionActivities(this.ports),
      maxHeartbeatThrottleInterval: '200 ms',
      shutdownGraceTime: 0,
      stickyQueueScheduleToStartTimeout: '1 s',
    });
    this.running = this.worker.run();
  }

  /** A worker of a process that may sign for this engine: it polls that queue and nothing else. */
  async startSigner(engineId: string, permission: NeededPermission): Promise<{ stop(): Promise<void> }> {
    const { sign, submit } = createTransactionActivities({ ...this.ports, rights: () => null });
    const worker = await Worker.create({
      connection: this.environment.nativeConnection,
      taskQueue: signingQueue(engineId, permission),
      activities: { sign, submit },
      shutdownGraceTime: 0,
    });
    const running = worker.run();
    return {
      stop: async () => {
        worker.shutdown();
        await running;
      },
    };
  }

  async stopWorker(): Promise<void> {
    this.worker?.shutdown();
    await this.running;
    this.worker = null;
  }

  async close(): Promise<void> {
    if (this.worker !== null) await this.stopWorker();
    await this.environment.teardown();
  }

  /** A workflow that takes the reports in the engine's place. */
  async startSink(engineId: string): Promise<() => Promise<readonly OperationReport[]>> {
    const handle = await this.client.workflow.start('reportSink', {
      taskQueue: this.taskQueue,
      workflowId: engineId,
      args: [null],
    });
    return async () => await handle.query(allReports);
  }

  async start(
    engineId: string,
    request: OperationRequest,
    options: Partial<OperationInput> = {},
  ): Promise<RunningOperation> {
    const operationId = randomUUID();
    const input = operationInput({ operationId, engineId, request, ...options });
    const handle = await this.client.workflow.start(OPERATIONS[request.kind].workflow, {
      taskQueue: this.taskQueue,
      workflowId: operationWorkflowId(operationId),
      args: [input],
    });
    const latest = this.client.workflow.getHandle(handle.workflowId);
    const report = () => latest.query(operationState);
    return {
      operationId,
      handle: latest,
      result: async () => (await latest.result()) as CommandAnswer,
      report,
      until: (test) =>
        eventually(async () => {
          const now = await report();
          return test(now) ? now : null;
        }),
    };
  }
}

/** As an engine starts it, but for what is given. */
export function operationInput(
  given: Pick<OperationInput, 'operationId' | 'engineId' | 'request'> & Partial<OperationInput>,
): OperationInput {
  const policy: PolicyJson = { ...DEFAULT_POLICY, ...given.policy };
  return {
    commandId: given.operationId,
    timing: FAST_TIMING,
    acceptedAtMs: Date.now(),
    confirmedPriceLimit: null,
    exposureConfirmed: true,
    recovered: [],
    rules: OPERATION_RULES,
    searchAttributes: false,
    signsLocally: true,
    ...given,
    policy,
  };
}

/** Asks until there is something; the test's own timeout is the bound. */
export async function eventually<T>(ask: () => Promise<T | null> | T | null): Promise<T> {
  for (;;) {
    const found = await Promise.resolve(ask()).catch(() => null);
    if (found !== null) return found;
    await pause(20);
  }
}
