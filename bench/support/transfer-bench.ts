/** The product's worker over transfer venues on a local chain: an engine to command, and operations without one. */

import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { createEngineActivities } from '../../activities/engine.ts';
import { createTransactionActivities } from '../../activities/transaction.ts';
import type { Localnet } from '../../localnet/index.ts';
import { until } from '../../localnet/tests/support/until.ts';
import { AlertChannels } from '../../src/alerts/channels.ts';
import { journalChannel } from '../../src/alerts/journal-channel.ts';
import { DEFAULT_POLICY, type PolicyJson } from '../../src/domain/hedge/policy.ts';
import type { CommandAnswer, CommandRequest } from '../../src/domain/order/command.ts';
import { signCommand } from '../../src/domain/order/signed-command.ts';
import { DEFAULT_TIMING } from '../../src/domain/transaction/transaction.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { hashJson, operationWorkflowId } from '../../src/lib/ids.ts';
import { workflowLookup } from '../../src/runtime/engine-start.ts';
import { openWorkflowBundle } from '../../src/runtime/workflow-bundle.ts';
import { TEST_COMMAND_KEY, TEST_COMMAND_PORTS } from '../../tests/support/command-key.ts';
import { SILENT } from '../../tests/support/engine-harness.ts';
import { openTestJournal } from '../../tests/support/journal.ts';
import { newTransferAccount, type TransferAccount, TransferVenue } from '../../tests/support/transfer-venue.ts';
import { command, configure, type EngineTuning, type OperationInput } from '../../workflows/messages.ts';
import { type BenchServer, NAMESPACE, startBenchServer } from './temporal-server.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FUNDS = 100_000_000_000n;
/** The lifetime of a command's envelope; 5 s in the product. */
const NOT_AFTER_MS = 5_000;
/** Enough for a hundred operations on a machine with two cores. */
const PATIENCE_MS = 120_000;

const POLICY: PolicyJson = { ...DEFAULT_POLICY, mode: 'live', maxRpcLatencyMs: 5_000 };
const TUNING: EngineTuning = {
  checkpointMs: 3_600_000,
  maxHistoryEvents: 5_000,
  answerWithinMs: 3_000,
  slotWaitMs: 30_000,
  maxWaiting: 8,
  timing: DEFAULT_TIMING,
  searchAttributes: true,
  signsLocally: true,
};

const isEnd = (answer: CommandAnswer): boolean => answer.data.status !== 'pending';

export class TransferBench {
  readonly #net: Localnet;
  readonly #venues = new Map<string, TransferVenue>();
  readonly #folder = mkdtempSync(join(tmpdir(), 'driftless-bench-'));
  readonly #taskQueue = `transfers-${randomUUID()}`;
  readonly #engines: string[] = [];
  /** Waiters for a row of the journal, by its key. A hundred clients that poll would distort the measurement. */
  readonly #waiting = new Map<string, () => void>();
  #server!: BenchServer;
  #client!: Client;
  #native!: NativeConnection;
  #journal!: Journal;
  #worker!: { readonly worker: Worker; readonly run: Promise<void> };

  private constructor(net: Localnet) {
    this.#net = net;
  }

  static async open(net: Localnet): Promise<TransferBench> {
    const bench = new TransferBench(net);
    const server = await startBenchServer(bench.#folder, { tuned: true });
    bench.#server = server;
    bench.#journal = await openTestJournal();
    await bench.#journal.listen(
      ({ key }) => bench.#waiting.get(key)?.(),
      () => undefined,
    );
    const connection = await Connection.connect({ address: server.address });
    bench.#client = new Client({ connection, namespace: NAMESPACE });
    bench.#native = await NativeConnection.connect({ address: server.address });
    await bench.#startWorker();
    return bench;
  }

  async #startWorker(): Promise<void> {
    const ports = {
      venueOf: async (engineId: string) => this.venue(engineId),
      accountExists: async () => true,
      journal: this.#journal,
      alerts: new AlertChannels(SILENT).add(journalChannel(this.#journal)),
      rights: () => null,
      ...TEST_COMMAND_PORTS,
      clock: { nowMs: () => Date.now() },
      lookup: workflowLookup(this.#client),
      logger: SILENT,
    };
    const say = () => undefined;
    // With the options of src/runtime/worker.ts.
    const worker = await Worker.create({
      connection: this.#native,
      namespace: NAMESPACE,
      taskQueue: this.#taskQueue,
      workflowBundle: await openWorkflowBundle({ root: ROOT, folder: this.#folder, say }),
      activities: { ...createTransactionActivities(ports), ...createEngineActivities(ports) },
      shutdownGraceTime: '100 ms',
      maxHeartbeatThrottleInterval: '1 s',
      defaultHeartbeatThrottleInterval: '1 s',
    });
    this.#worker = { worker, run: worker.run() };
  }

  /** The server that the worker uses. */
  get address(): string {
    return this.#server.address;
  }

  venue(engineId: string): TransferVenue {
    const venue = this.#venues.get(engineId);
    if (venue === undefined) throw new Error(`no venue for ${engineId}`);
    return venue;
  }

  /** With 100 SOL in its wallet and as much in its vault, final. */
  async account(): Promise<TransferAccount> {
    const account = newTransferAccount();
    const signatures = [account.wallet, account.vault].map((address) => this.#net.airdrop(address, FUNDS));
    await until('the airdrops to be confirmed', () => {
      const { slot } = this.#net.chain.heads().confirmed;
      return signatures.every((signature) => this.#net.record(signature).some((one) => one.slot <= slot));
    });
    const where = { rpcUrls: [this.#net.rpcUrl], rpcWsUrl: this.#net.wsUrl };
    this.#venues.set(account.engineId, new TransferVenue(account, where));
    return account;
  }

  async startEngine({ engineId }: TransferAccount): Promise<void> {
    await this.#client.workflow.start('engine', {
      workflowId: engineId,
      taskQueue: this.#taskQueue,
      args: [{ engineId, policy: POLICY, tuning: TUNING, carried: null }],
    });
    const handle = this.#client.workflow.getHandle(engineId);
    await handle.executeUpdate(configure, { args: [{ policy: POLICY, tuning: TUNING }] });
    this.#engines.push(engineId);
  }

  /** Through the engine, as the bridge does it, until the answer says confirmed. @throws Error when it ends otherwise */
  async command({ engineId }: TransferAccount, request: CommandRequest): Promise<void> {
    const receivedAtMs = Date.now();
    const envelope = signCommand(TEST_COMMAND_KEY, engineId, {
      commandId: randomUUID(),
      request,
      requestHash: hashJson(request as never),
      operator: 'bench',
      receivedAtMs,
      notAfterMs: receivedAtMs + NOT_AFTER_MS,
    });
    const first: CommandAnswer = await this.#client.workflow
      .getHandle(engineId)
      .executeUpdate(command, { args: [envelope], updateId: envelope.commandId });
    const stored = async () => (await this.#journal.command(envelope.commandId))?.answer ?? null;
    const answer = isEnd(first) ? first : await this.#told(envelope.commandId, stored);
    if (answer.data.status !== 'done') throw new Error(`the command ended as ${JSON.stringify(answer)}`);
  }

  /** One deposit without an engine; resolves when it is confirmed and returns the wait for finality. */
  async deposit({ engineId }: TransferAccount, amount: string): Promise<{ final(): Promise<CommandAnswer> }> {
    const operationId = randomUUID();
    const input: OperationInput = {
      operationId,
      engineId,
      commandId: operationId,
      request: { kind: 'deposit', asset: 'SOL', amount },
      timing: DEFAULT_TIMING,
      acceptedAtMs: Date.now(),
      confirmedPriceLimit: null,
      exposureConfirmed: true,
      recovered: [],
      searchAttributes: true,
      signsLocally: true,
      policy: POLICY,
    };
    const handle = await this.#client.workflow.start('deposit', {
      taskQueue: this.#taskQueue,
      workflowId: operationWorkflowId(operationId),
      args: [input],
    });
    // Asks the journal, not the workflow: a query would cost the worker a task each time.
    await this.#told(operationId, async () => (await this.#journal.operation(operationId))?.answer ?? null);
    return { final: async () => (await handle.result()) as CommandAnswer };
  }

  /** The end that `stored` reads, once the journal reports that row. @throws Error when it does not come */
  async #told(key: string, stored: () => Promise<CommandAnswer | null>): Promise<CommandAnswer> {
    const deadline = performance.now() + PATIENCE_MS;
    try {
      for (;;) {
        const told = new Promise<void>((resolve) => this.#waiting.set(key, resolve));
        const answer = await stored();
        if (answer !== null && isEnd(answer)) return answer;
        const left = deadline - performance.now();
        if (left <= 0) throw new Error(`no end of ${key}`);
        const late = new AbortController();
        await Promise.race([told, sleep(left, undefined, { signal: late.signal }).catch(() => undefined)]);
        late.abort();
      }
    } finally {
      this.#waiting.delete(key);
    }
  }

  async close(): Promise<void> {
    for (const engineId of this.#engines) await this.#client.workflow.getHandle(engineId).terminate('bench over');
    this.#worker.worker.shutdown();
    await this.#worker.run;
    await Promise.all([...this.#venues.values()].map((venue) => venue.close()));
    await this.#journal.close();
    await this.#native.close();
    await this.#client.connection.close();
    await this.#server.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
