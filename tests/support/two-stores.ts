/**
 * An engine over real SOL on the local chain, between two stores that can be lost and restored as files: a Temporal server
 * of its own on its database, and a journal in its folder.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { pino } from 'pino';
import type { Rebuilt } from '../../activities/contract.ts';
import { createEngineActivities, type WorkflowLookup } from '../../activities/engine.ts';
import { type Rebuilding, rebuildJournal } from '../../activities/rebuild-journal.ts';
import { createTransactionActivities } from '../../activities/transaction.ts';
import { type Localnet, startLocalnet } from '../../localnet/index.ts';
import { until, waitUntil } from '../../localnet/tests/support/until.ts';
import { DEFAULT_POLICY, type PolicyJson } from '../../src/domain/hedge/policy.ts';
import { actionOf, type CommandAnswer, type CommandRequest } from '../../src/domain/order/command.ts';
import { signCommand } from '../../src/domain/order/signed-command.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { openJournal } from '../../src/journal/open-journal.ts';
import type { EngineRecord } from '../../src/journal/records.ts';
import { hashJson, operationIdOf, operationWorkflowId } from '../../src/lib/ids.ts';
import { startActivityLog } from '../../src/runtime/activity-log.ts';
import { openAlertChannels } from '../../src/runtime/alert-channels.ts';
import { workflowLookup } from '../../src/runtime/engine-start.ts';
import type { Logger } from '../../src/runtime/logger.ts';
import { findTemporalCli } from '../../src/runtime/temporal-cli.ts';
import type { Venue } from '../../src/venues/venue.ts';
import { command, configure, type EngineTuning, engineState } from '../../workflows/messages.ts';
import { TEST_COMMAND_KEY, TEST_COMMAND_PORTS } from './command-key.ts';
import { CRASH_TIMING } from './crash/matrix.ts';
import { failureTypes } from './failure-types.ts';
import { freePort } from './free-ports.ts';
import { makeTestDataFolder } from './pglite-image.ts';
import { newTransferAccount, TransferVenue } from './transfer-venue.ts';
import { testWorkflowBundle } from './workflow-bundle.ts';

const SLOT_MS = 30;
const FUNDS = 5_000_000_000n;
const WAIT_MS = 120_000;
/** A task that went with its process is given to the next one after this time; 10 s by default. */
const TASK_TIMEOUT = '3 s';
/** What is looked at costs the worker and both stores a turn each time. */
const LOOK_EVERY_MS = 100;
const POLICY: PolicyJson = {
  ...DEFAULT_POLICY,
  mode: 'live',
  maxRpcLatencyMs: 10_000,
  pollIntervalMs: 500,
  loopIntervalMs: 500,
};
const TUNING: EngineTuning = {
  checkpointMs: 3_600_000,
  maxHistoryEvents: 5_000,
  answerWithinMs: 3_000,
  retryAfterMs: 1_000,
  slotWaitMs: 30_000,
  maxWaiting: 8,
  // A call takes as long as it may in production: under load a short one is cut off before its error is told.
  timing: { ...CRASH_TIMING, nextAttemptWithinMs: 600_000, callMs: 30_000 },
  searchAttributes: false,
  signsLocally: true,
};

export interface TwoStoresOptions {
  readonly logger?: Logger;
  readonly jito?: boolean;
  /** Another venue in front of it. */
  readonly venueOf?: (venue: TransferVenue) => Venue;
  /** Another way to what Temporal keeps. */
  readonly lookupOf?: (lookup: WorkflowLookup) => WorkflowLookup;
  readonly tuning?: Partial<EngineTuning>;
}

/** The running half: what a process of ours holds, and what goes when it goes. */
interface Process {
  readonly journal: Journal;
  readonly client: Client;
  readonly venue: TransferVenue;
  stop(): Promise<void>;
}

let quiet = false;

export class TwoStores {
  readonly account = newTransferAccount();
  readonly taskQueue = `two-stores-${randomUUID()}`;
  net!: Localnet;
  /** What the process logs. */
  readonly options: TwoStoresOptions;
  private readonly folder = mkdtempSync(join(tmpdir(), 'driftless-two-stores-'));
  private port = 0;
  private server: ChildProcess | null = null;
  private process: Process | null = null;

  private constructor(options: TwoStoresOptions) {
    this.options = options;
  }

  static async start(options: TwoStoresOptions = {}): Promise<TwoStores> {
    if (!quiet) Runtime.install({ logger: new DefaultLogger('ERROR') });
    quiet = true;
    const stores = new TwoStores(options);
    await makeTestDataFolder(stores.journalFolder);
    stores.net = await startLocalnet({ slotMs: SLOT_MS, nodes: 1, seed: 'two stores' });
    stores.port = await freePort();
    const { wallet, vault } = stores.account;
    const funds = [wallet, vault].map((to) => stores.net.airdrop(to, FUNDS));
    await until('the money', () => funds.every((one) => stores.net.record(one).some(({ counts }) => counts)));
    await stores.startTemporal();
    await stores.startProcess();
    return stores;
  }

  get engineId(): string {
    return this.account.engineId;
  }

  get journal(): Journal {
    if (this.process === null) throw new Error('no process runs');
    return this.process.journal;
  }

  get client(): Client {
    if (this.process === null) throw new Error('no process runs');
    return this.process.client;
  }

  get handle(): WorkflowHandle {
    return this.client.workflow.getHandle(this.engineId);
  }

  private get journalFolder(): string {
    return join(this.folder, 'journal');
  }

  private get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Lamports that the chain's newest block holds in the vault beyond those it began with: past every node and fault. */
  get deposited(): bigint {
    const { vault } = this.account;
    return (this.net.chain.bank.accountAt(this.net.chain.head, vault)?.lamports ?? 0n) - FUNDS;
  }

  async startTemporal(): Promise<void> {
    const cli = await findTemporalCli({ given: process.env.TEMPORAL_CLI, env: process.env, say: () => {} });
    const database = join(this.folder, 'temporal.db');
    const flags = ['--ip', '127.0.0.1', '--port', String(this.port), '--db-filename', database, '--log-level', 'error'];
    this.server = spawn(cli.path, ['server', 'start-dev', '--headless', ...flags], { stdio: 'ignore' });
    await until('a Temporal server', () => this.temporalAnswers(), WAIT_MS);
  }

  private async temporalAnswers(): Promise<boolean> {
    try {
      const connection = await Connection.connect({ address: this.address, connectTimeout: 1_000 });
      await connection.workflowService.describeNamespace({ namespace: 'default' });
      await connection.close();
      return true;
    } catch {
      return false;
    }
  }

  async stopTemporal(): Promise<void> {
    const { server } = this;
    this.server = null;
    if (server === null || server.exitCode !== null) return;
    const exited = once(server, 'exit');
    server.kill('SIGTERM');
    await exited;
  }

  async startProcess(): Promise<void> {
    const journal = await openJournal({ databaseUrl: null, dataDir: this.journalFolder });
    const { logger = null, jito = false } = this.options;
    const venue = new TransferVenue(
      this.account,
      {
        jitoUrl: jito ? this.net.jitoUrl : null,
        rpcUrls: [this.net.rpcUrl],
        rpcWsUrl: this.net.wsUrl,
        slotMs: SLOT_MS,
        timeoutMs: 1_000,
        newsWaitMs: 250,
      },
      logger ?? undefined,
    );
    const connection = await Connection.connect({ address: this.address });
    const native = await NativeConnection.connect({ address: this.address });
    const client = new Client({ connection });
    const clock = { nowMs: () => Date.now() };
    const alerts = openAlertChannels({
      journal,
      clock,
      logger: logger ?? pino({ level: 'silent' }),
      logsAlerts: logger !== null,
    });
    const ports = {
      venueOf: async () => this.options.venueOf?.(venue) ?? venue,
      accountExists: async () => true,
      journal,
      alerts: alerts.channels,
      rights: () => null,
      ...TEST_COMMAND_PORTS,
      clock: { nowMs: () => Date.now() },
      lookup: this.options.lookupOf?.(workflowLookup(client)) ?? workflowLookup(client),
      logger: logger ?? { warn: () => undefined },
    };
    const worker = await Worker.create({
      connection: native,
      taskQueue: this.taskQueue,
      workflowBundle: await testWorkflowBundle(),
      activities: { ...createTransactionActivities(ports), ...createEngineActivities(ports) },
      shutdownGraceTime: '100 ms',
      maxHeartbeatThrottleInterval: '200 ms',
      defaultHeartbeatThrottleInterval: '200 ms',
      stickyQueueScheduleToStartTimeout: '1 s',
    });
    const run = worker.run();
    const activityLog =
      logger === null ? null : startActivityLog({ journal, logger, policy: POLICY, nowMs: () => Date.now() });
    this.process = {
      journal,
      client,
      venue,
      async stop() {
        worker.shutdown();
        await run;
        await activityLog?.stop();
        await alerts.stop();
        await venue.close();
        await native.close();
        await connection.close();
        await journal.close();
      },
    };
    const tuning = { ...TUNING, ...this.options.tuning };
    const args = [{ engineId: this.engineId, policy: POLICY, tuning, carried: null }];
    const { engineId: workflowId, taskQueue } = this;
    await client.workflow.start('engine', {
      ...{ workflowId, taskQueue, args },
      workflowIdConflictPolicy: 'USE_EXISTING',
      workflowTaskTimeout: TASK_TIMEOUT,
    });
    await this.handle.executeUpdate(configure, { args: [{ policy: POLICY, tuning }] });
  }

  async stopProcess(): Promise<void> {
    const running = this.process;
    this.process = null;
    await running?.stop();
  }

  /** Both stores at rest, so that their files are whole. */
  async atRest(work: () => void | Promise<void>): Promise<void> {
    await this.stopProcess();
    await this.stopTemporal();
    await work();
    await this.startTemporal();
    await this.startProcess();
  }

  /** The journal at rest; Temporal serves on, as it does when a journal is lost or restored beside it. */
  async journalAtRest(work: () => void | Promise<void>): Promise<void> {
    await this.stopProcess();
    await work();
    await this.startProcess();
  }

  private get temporalFiles(): readonly string[] {
    return readdirSync(this.folder).filter((name) => name.startsWith('temporal.db'));
  }

  copyTemporal(): void {
    for (const name of this.temporalFiles) cpSync(join(this.folder, name), join(this.folder, `copy-${name}`));
  }

  loseTemporal(): void {
    for (const name of this.temporalFiles) rmSync(join(this.folder, name));
  }

  restoreTemporal(): void {
    this.loseTemporal();
    for (const name of readdirSync(this.folder).filter((one) => one.startsWith('copy-temporal'))) {
      cpSync(join(this.folder, name), join(this.folder, name.slice('copy-'.length)));
    }
  }

  copyJournal(): void {
    cpSync(this.journalFolder, join(this.folder, 'copy-journal'), { recursive: true });
  }

  async loseJournal(): Promise<void> {
    rmSync(this.journalFolder, { recursive: true });
    await makeTestDataFolder(this.journalFolder);
  }

  restoreJournal(): void {
    rmSync(this.journalFolder, { recursive: true });
    cpSync(join(this.folder, 'copy-journal'), this.journalFolder, { recursive: true });
  }

  /** As when its retention is over. */
  async forgetWorkflowOf(commandId: string): Promise<void> {
    const { workflowId } = this.workflowOf(commandId);
    await this.workflowOf(commandId).result();
    const execution = { workflowId };
    await this.client.workflowService.deleteWorkflowExecution({ namespace: 'default', workflowExecution: execution });
    const lookup = workflowLookup(this.client);
    const gone = async () =>
      (await lookup.state(workflowId)) === 'not_found' && (await lookup.runs(workflowId)).length === 0;
    await until('a forgotten workflow', gone, WAIT_MS);
  }

  /** The rebuild by hand, from where one was cut off. */
  async rebuild(begun: Rebuilding | null): Promise<{ readonly last: Rebuilt; readonly progress: Rebuilding | null }> {
    let progress = begun;
    const ports = { journal: this.journal.rebuilding, lookup: workflowLookup(this.client) };
    const last = await rebuildJournal(ports, this.engineId, begun, (told) => {
      progress = told;
    });
    return { last, progress };
  }

  /** The first answer. */
  async send(request: CommandRequest, commandId: string = randomUUID()): Promise<CommandAnswer> {
    const now = Date.now();
    const requestHash = hashJson(request as never);
    const envelope = signCommand(TEST_COMMAND_KEY, this.engineId, {
      ...{ commandId, request, requestHash, operator: 'test' },
      ...{ receivedAtMs: now, notAfterMs: now + 60_000 },
    });
    const updateId = `${commandId}:${hashJson([requestHash, String(now)])}`;
    return await this.handle.executeUpdate(command, { args: [envelope], updateId });
  }

  /** The final answer. */
  async carryOut(request: CommandRequest, commandId: string = randomUUID()): Promise<CommandAnswer> {
    const first = await this.send(request, commandId);
    if (first.data.status !== 'pending') return first;
    return await this.waitFor(
      `the end of ${actionOf(request)}`,
      async () => (await this.journal.command(commandId))?.answer,
    );
  }

  async waitFor<T>(what: string, read: () => Promise<T | null | undefined | false>): Promise<T> {
    return await waitUntil(what, read, { withinMs: WAIT_MS, everyMs: LOOK_EVERY_MS });
  }

  async state(): Promise<EngineRecord> {
    return await this.handle.query(engineState);
  }

  async untilState(what: string, met: (state: EngineRecord) => boolean): Promise<EngineRecord> {
    let last: EngineRecord | null = null;
    try {
      return await this.waitFor(what, async () => {
        last = await this.state().catch(() => last);
        return last !== null && met(last) ? last : null;
      });
    } catch (error) {
      throw new Error(`${String(error)}; the engine's last state: ${JSON.stringify(last)}`);
    }
  }

  operationId(commandId: string): string {
    return operationIdOf(this.engineId, commandId);
  }

  /** The operation's end, as the journal tells it. */
  async ended(commandId: string) {
    return await this.waitFor('the end of an operation', async () => {
      const record = await this.journal.operation(this.operationId(commandId));
      return record?.endedAtMs == null ? null : record;
    });
  }

  workflowOf(commandId: string): WorkflowHandle {
    return this.client.workflow.getHandle(operationWorkflowId(this.operationId(commandId)));
  }

  /** Types of the failures of an operation's activities, local ones too, over all of its runs. */
  async failureTypes(commandId: string): Promise<readonly string[]> {
    return await failureTypes(this.client, this.workflowOf(commandId).workflowId);
  }

  async close(): Promise<void> {
    await this.stopProcess().catch(() => undefined);
    await this.stopTemporal();
    await this.net.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
