/**
 * An engine as it ships, on the run's Temporal server: real workflows from the real bundle, the real paper venue on a
 * real journal, a worker that can be taken away and brought back. Slots and windows are scaled down, nothing is faked.
 */

import { randomUUID } from 'node:crypto';
import { Client, ServiceError, type WorkflowHandle, WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { pino } from 'pino';
import { createEngineActivities } from '../../activities/engine.ts';
import { createTransactionActivities } from '../../activities/transaction.ts';
import { waitUntil } from '../../localnet/tests/support/until.ts';
import { logChannel } from '../../src/alerts/log-channel.ts';
import { decodeSnapshot, type Snapshot } from '../../src/domain/account/snapshot.ts';
import type { Alert } from '../../src/domain/alerts/alert.ts';
import { DEFAULT_POLICY, type PolicyJson } from '../../src/domain/hedge/policy.ts';
import { lamports } from '../../src/domain/money/units.ts';
import {
  actionOf,
  type CommandAnswer,
  type CommandEnvelope,
  type CommandRequest,
  type Verdict,
} from '../../src/domain/order/command.ts';
import { signCommand, signVerdict } from '../../src/domain/order/signed-command.ts';
import { DEFAULT_TIMING, type TransactionTiming } from '../../src/domain/transaction/transaction.ts';
import type { Journal } from '../../src/journal/journal.ts';
import type { EngineRecord } from '../../src/journal/records.ts';
import * as z from '../../src/lib/codec.ts';
import { hashJson, operationIdOf, operationWorkflowId } from '../../src/lib/ids.ts';
import { sleep } from '../../src/lib/sleep.ts';
import { within } from '../../src/lib/within.ts';
import type { MarketFeed } from '../../src/market-data/feed.ts';
import { openFeed } from '../../src/market-data/open-feed.ts';
import { backtestCarry } from '../../src/runtime/carry-backtest.ts';
import { type EncryptionKeys, NO_KEYS } from '../../src/runtime/encryption-keys.ts';
import { workflowLookup } from '../../src/runtime/engine-start.ts';
import type { Logger } from '../../src/runtime/logger.ts';
import { type PayloadCipher, payloadCipher } from '../../src/runtime/payload-encryption.ts';
import { closedDoors, type PayloadKeys, signingCodec } from '../../src/runtime/payload-signatures.ts';
import type { Tracing } from '../../src/runtime/tracing.ts';
import { inItsName, UNTRACED } from '../../src/runtime/worker.ts';
import type { WorkflowBundle } from '../../src/runtime/workflow-bundle.ts';
import type { ChainTuning } from '../../src/venues/paper/chain.ts';
import { PaperFaults } from '../../src/venues/paper/faults.ts';
import { PaperVenue } from '../../src/venues/paper/paper-venue.ts';
import type { PaperDefaults } from '../../src/venues/paper/parameters.ts';
import { PaperState, type PaperStateJson } from '../../src/venues/paper/state.ts';
import type { Venue } from '../../src/venues/venue.ts';
import {
  command,
  configure,
  type EngineTuning,
  engineState,
  resolveTransactionUpdate,
} from '../../workflows/messages.ts';
import { journalAlerts } from './alerts.ts';
import { TEST_COMMAND_KEY, TEST_COMMAND_PORTS, TEST_PAYLOAD_KEYS } from './command-key.ts';
import { openTestJournal } from './journal.ts';
import { productWorkflowBundle } from './shared-builds.ts';

export const SILENT = pino({ level: 'silent' });
export const SOL = 1_000_000_000n;
export const lamportsOf = (sol: number): string => BigInt(Math.round(sol * 1e9)).toString();

/** Slots of 20 ms and windows to match, so that an unknown outcome takes seconds and not minutes. */
export const QUICK_CHAIN = { slotMs: 20, blockhashLife: 60, finalitySlots: 10 };
export const QUICK_TIMING: TransactionTiming = {
  ...DEFAULT_TIMING,
  confirmMs: 1_500,
  queryMs: 1_000,
  pollMs: 50,
  rebroadcastMs: 200,
  proofMs: 500,
  proofMaxMs: 2_000,
  // An order that is filled waits for none of it: only a busy machine needs it.
  orderLifeMs: 6_000,
};

/** What cannot be reached is tried again after a tenth of the product's time. */
const RETRY_AFTER_MS = 1_000;

/** Nothing runs, and no outcome is unknown. CLOSE is answered at its fill: what it settles may run on. */
export const atRest = ({ operation, unresolved }: EngineRecord): boolean =>
  operation === null && unresolved.length === 0;

export interface HarnessOptions {
  readonly address: string;
  readonly policy?: Partial<PolicyJson>;
  readonly tuning?: Partial<EngineTuning>;
  readonly feed?: MarketFeed;
  readonly defaults?: PaperDefaults;
  /** Of funding; an hour by default. */
  readonly periodMs?: number;
  readonly chain?: Partial<ChainTuning>;
  /** How long a command's admission, and a read for it, take on top: a machine, a database or a node that is slow. */
  readonly admissionMs?: number;
}

/** As Temporal's worker takes them. */
// biome-ignore lint/suspicious/noExplicitAny: they differ in what they are given, and only a worker calls them
export type Activities = Record<string, (...args: any[]) => Promise<unknown>>;

/** Each look at an engine is a workflow query. */
const A_MINUTE = { withinMs: 60_000, everyMs: 100 };

/** Waits for a condition, for at most a minute; the value that met it. */
export const until = <T>(what: string, read: () => Promise<T | null | undefined | false>): Promise<T> =>
  waitUntil(what, read, A_MINUTE);

/** One bundle for the whole file: a worker that comes back runs the code that it ran before. */
let bundle: Promise<WorkflowBundle> | null = null;
const bundleOnce = (): Promise<WorkflowBundle> => {
  bundle ??= productWorkflowBundle();
  return bundle;
};

/**
 * A replay takes a second or two. Twice in some hundred the SDK's replaying worker never ended, with nothing to do and no error; the
 * same history ended when it was replayed again. An error of the replay itself is thrown at once.
 */
async function endOfReplay(replay: () => Promise<void>): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    const waited = await within(REPLAYED_WITHIN_MS, replay);
    if (waited.kind === 'value') return;
    if (waited.kind === 'failed') throw waited.error;
    if (tries === REPLAYS)
      throw new Error(`a replay did not end within ${REPLAYED_WITHIN_MS / 1_000} s, ${tries} times`);
    process.stderr.write('a replay did not end; once more\n');
  }
}
const REPLAYED_WITHIN_MS = 60_000;
const REPLAYS = 3;

/** The engine answers within seconds: what takes longer is a fault to be told, not to be waited for. */
const ANSWERED_WITHIN_MS = 90_000;

const isRenewal = (error: unknown): boolean =>
  (error instanceof ServiceError && /workflow task failure|Workflow Task in failed state/.test(String(error.cause))) ||
  (error instanceof WorkflowUpdateFailedError &&
    error.cause instanceof ApplicationFailure &&
    error.cause.type === 'AcceptedUpdateCompletedWorkflow');

export class EngineHarness {
  readonly engineId: string;
  readonly taskQueue: string;
  readonly faults = new PaperFaults();
  readonly options: HarnessOptions;
  journal!: Journal;
  venue!: PaperVenue;
  client!: Client;
  protected environment!: TestWorkflowEnvironment;
  private cipher = payloadCipher(NO_KEYS);
  private tracing: Tracing | null = null;
  private worker: { readonly worker: Worker; readonly run: Promise<void> } | null = null;

  protected constructor(options: HarnessOptions, engineId?: string) {
    this.options = options;
    const key = randomUUID().slice(0, 8);
    this.engineId = engineId ?? `engine:paper:synthetic:${key}:0`;
    this.taskQueue = `test-${key}`;
  }

  static async start(options: HarnessOptions): Promise<EngineHarness> {
    return await EngineHarness.begin(new EngineHarness(options), options);
  }

  protected static async begin<H extends EngineHarness>(harness: H, options: HarnessOptions): Promise<H> {
    harness.journal = await openTestJournal();
    harness.environment = await TestWorkflowEnvironment.createFromExistingServer({ address: options.address });
    harness.openClient();
    await harness.openVenue(true);
    await harness.startWorker();
    await harness.startEngine();
    return harness;
  }

  private openClient(): void {
    const { connection } = this.environment;
    const dataConverter = { payloadCodecs: [signingCodec(TEST_PAYLOAD_KEYS, this.cipher)] };
    const workflow = this.tracing === null ? [] : [this.tracing.client];
    this.client = new Client({ connection, dataConverter, interceptors: { workflow } });
  }

  /** Restarts worker and client with these keys, as after a change of CODEC_KEYS_FILE. */
  async encryptWith(keys: EncryptionKeys): Promise<void> {
    await this.stopWorker();
    this.cipher = payloadCipher(keys);
    this.openClient();
    await this.startWorker();
  }

  /** Restarts worker and client as with OTEL_EXPORTER_OTLP_ENDPOINT; null: as without. */
  async traceWith(tracing: Tracing | null): Promise<void> {
    await this.stopWorker();
    this.tracing = tracing;
    this.openClient();
    await this.startWorker();
  }

  get policy(): PolicyJson {
    return { ...DEFAULT_POLICY, pollIntervalMs: 300, loopIntervalMs: 300, ...this.options.policy };
  }

  get tuning(): EngineTuning {
    return {
      checkpointMs: 3_600_000,
      maxHistoryEvents: 5_000,
      answerWithinMs: 3_000,
      retryAfterMs: RETRY_AFTER_MS,
      slotWaitMs: 30_000,
      maxWaiting: 8,
      timing: QUICK_TIMING,
      searchAttributes: false,
      signsLocally: true,
      ...this.options.tuning,
    };
  }

  /** What the worker's activities and this harness read: paper here, another in who extends it. */
  protected get anyVenue(): Venue {
    return this.venue;
  }

  protected async venueOf(_engineId: string): Promise<Venue> {
    return this.anyVenue;
  }

  protected get logger(): Logger {
    return SILENT;
  }

  protected accountExists(engineId: string): Promise<boolean> {
    return PaperVenue.accountExists(this.journal, engineId);
  }

  /** The activities as the worker has them. */
  protected served(activities: Activities): Activities {
    return activities;
  }

  async openVenue(seed: boolean): Promise<void> {
    this.venue = await PaperVenue.open({
      engineId: this.engineId,
      journal: this.journal,
      clock: { nowMs: () => Date.now() },
      feed: this.options.feed ?? openFeed('synthetic:7', { periodMs: 3_600_000 }),
      speed: this.policy.marketSpeed,
      ...(this.options.periodMs === undefined ? {} : { periodMs: this.options.periodMs }),
      // Where no policy goes by it, a snapshot need not carry it.
      ...(this.policy.carryPolicy === 'auto' ? { carryWindowHours: this.policy.carryWindowHours ?? 336 } : {}),
      seed,
      faults: this.faults,
      tuning: { chain: { ...QUICK_CHAIN, ...this.options.chain } },
      ...(this.options.defaults === undefined ? {} : { defaults: this.options.defaults }),
    });
  }

  async startWorker(): Promise<void> {
    const ports = {
      venueOf: (engineId: string) => this.venueOf(engineId),
      accountExists: (engineId: string) => this.accountExists(engineId),
      journal: this.journal,
      alerts: journalAlerts(this.journal).add(logChannel(this.logger)),
      rights: () => null,
      ...TEST_COMMAND_PORTS,
      clock: { nowMs: () => Date.now() },
      lookup: workflowLookup(this.client),
      backtestCarry,
      readRetries: { afterMs: [50, 100, 200], reconnectMs: RETRY_AFTER_MS },
      logger: this.logger,
    };
    const engine = createEngineActivities(ports);
    const transaction = createTransactionActivities(ports);
    const { admissionMs = 0 } = this.options;
    const slowly =
      <Input, Result>(work: (input: Input) => Promise<Result>) =>
      async (input: Input): Promise<Result> => {
        if (admissionMs > 0) await sleep(admissionMs);
        return await work(input);
      };
    const { dataConverter, interceptors } = closedDoors(TEST_PAYLOAD_KEYS, this.cipher);
    const traced = this.tracing === null ? [] : [inItsName, this.tracing.activity];
    const worker = await Worker.create({
      connection: this.environment.nativeConnection,
      taskQueue: this.taskQueue,
      workflowBundle: await bundleOnce(),
      activities: this.served({
        ...transaction,
        ...engine,
        admitCommand: slowly(engine.admitCommand),
        readSnapshot: slowly(transaction.readSnapshot),
      }),
      shutdownGraceTime: '100 ms',
      dataConverter,
      interceptors: { activity: [...traced, ...(interceptors.activity ?? [])] },
      sinks: this.tracing?.sinks ?? UNTRACED,
      // What a stopped worker leaves behind goes to the next one soon; by default it waits 10 s.
      stickyQueueScheduleToStartTimeout: '1 s',
      maxHeartbeatThrottleInterval: '1 s',
      defaultHeartbeatThrottleInterval: '1 s',
    });
    this.worker = { worker, run: worker.run() };
  }

  /**
   * Replays the whole history of every run of a workflow: a defect in determinism stops it. Returns how many runs.
   * The keys may be others than those that signed it, as after a change of the token.
   */
  async replay(
    workflowId: string,
    keys: PayloadKeys = TEST_PAYLOAD_KEYS,
    cipher: PayloadCipher = this.cipher,
  ): Promise<number> {
    const workflowBundle = await bundleOnce();
    const { dataConverter } = closedDoors(keys, cipher);
    let runs = 0;
    for (const runId of await this.runIds(workflowId)) {
      const history = await this.client.workflow.getHandle(workflowId, runId).fetchHistory();
      await endOfReplay(() =>
        Worker.runReplayHistory({ workflowBundle, dataConverter, sinks: UNTRACED }, history, workflowId),
      );
      runs += 1;
    }
    return runs;
  }

  /** Of all its runs. Temporal lists a run a little later than it begins. */
  private async runIds(workflowId: string): Promise<readonly string[]> {
    const { runId: newest } = await this.client.workflow.getHandle(workflowId).describe();
    return await until(`the runs of ${workflowId} to be listed`, async () => {
      const listed: string[] = [];
      for await (const { runId } of this.client.workflow.list({ query: `WorkflowId = "${workflowId}"` })) {
        listed.push(runId);
      }
      return listed.includes(newest) ? listed : null;
    });
  }

  async stopWorker(): Promise<void> {
    const running = this.worker;
    this.worker = null;
    running?.worker.shutdown();
    await running?.run;
  }

  /** Somebody who reaches Temporal's port and has no token. */
  get stranger(): Client {
    return this.environment.client;
  }

  get handle(): WorkflowHandle {
    return this.client.workflow.getHandle(this.engineId);
  }

  async startEngine(): Promise<void> {
    await this.client.workflow.start('engine', {
      workflowId: this.engineId,
      taskQueue: this.taskQueue,
      workflowIdConflictPolicy: 'USE_EXISTING',
      args: [{ engineId: this.engineId, policy: this.policy, tuning: this.tuning, carried: null }],
    });
    await this.configure();
  }

  /** As each start of a process does. */
  async configure(): Promise<void> {
    await this.handle.executeUpdate(configure, { args: [{ policy: this.policy, tuning: this.tuning }] });
  }

  /** Signed as the bridge does it, unless `change` says what else stands for the signature. */
  envelope(request: CommandRequest, change: Partial<CommandEnvelope> = {}): CommandEnvelope {
    const now = Date.now();
    const signed = signCommand(TEST_COMMAND_KEY, this.engineId, {
      commandId: randomUUID(),
      request,
      requestHash: hashJson(request as never),
      operator: 'test',
      receivedAtMs: now,
      notAfterMs: now + 60_000,
      ...change,
    });
    return 'mac' in change ? { ...signed, ...change } : signed;
  }

  /** The first answer. */
  async send(request: CommandRequest, change: Partial<CommandEnvelope> = {}): Promise<CommandAnswer> {
    const envelope = this.envelope(request, change);
    const token = envelope.confirmationToken ?? '';
    const updateId = `${envelope.commandId}:${hashJson([envelope.requestHash, token])}`;
    const untilMs = Date.now() + ANSWERED_WITHIN_MS;
    for (;;) {
      try {
        return await this.client.connection.withDeadline(untilMs, () =>
          this.handle.executeUpdate(command, { args: [envelope], updateId }),
        );
      } catch (error) {
        if (!isRenewal(error) || Date.now() > untilMs) throw error;
        await sleep(50);
      }
    }
  }

  /** The final answer, however long it takes. */
  async carryOut(request: CommandRequest, change: Partial<CommandEnvelope> = {}): Promise<CommandAnswer> {
    const commandId = change.commandId ?? randomUUID();
    const first = await this.send(request, { ...change, commandId });
    if (first.data.status !== 'pending') return first;
    return await until(`the end of ${actionOf(request)}`, async () => (await this.journal.command(commandId))?.answer);
  }

  operationId(commandId: string): string {
    return operationIdOf(this.engineId, commandId);
  }

  operation(commandId: string): WorkflowHandle {
    return this.client.workflow.getHandle(operationWorkflowId(this.operationId(commandId)));
  }

  async state(): Promise<EngineRecord> {
    return await this.handle.query(engineState);
  }

  async untilState(what: string, met: (state: EngineRecord) => boolean): Promise<EngineRecord> {
    let last: EngineRecord | null = null;
    try {
      return await until(what, async () => {
        last = await this.state();
        return met(last) ? last : null;
      });
    } catch (error) {
      throw new Error(`${String(error)}; the engine's last state: ${JSON.stringify(last)}`);
    }
  }

  async snapshot(): Promise<Snapshot> {
    return await (await this.venueOf(this.engineId)).read('confirmed');
  }

  async latest(): Promise<Snapshot | null> {
    const latest = await this.journal.latestSnapshot(this.engineId);
    return latest === null ? null : decodeSnapshot(latest.snapshot);
  }

  /** Changes the paper account like a foreign program, without telling the engine. */
  async edit(change: (state: PaperState) => PaperState): Promise<void> {
    await this.journal.db.transaction().execute(async (trx) => {
      const row = await trx
        .selectFrom('paper_accounts')
        .select('state')
        .where('engine_id', '=', this.engineId)
        .forUpdate()
        .executeTakeFirstOrThrow();
      const state = z.encode(PaperState, change(z.decode(PaperState, row.state as PaperStateJson)));
      await trx
        .updateTable('paper_accounts')
        .set({ state: JSON.stringify(state) })
        .where('engine_id', '=', this.engineId)
        .execute();
    });
  }

  /** Somebody else trades: signed SOL of perp afterwards. */
  async foreignPerp(sol: number): Promise<void> {
    await this.edit((state) => ({ ...state, perp: { ...state.perp, baseAmount: lamports(BigInt(lamportsOf(sol))) } }));
  }

  /** All alerts of the engine, oldest first, as `code` or `code over`. */
  async alerts(): Promise<readonly Alert[]> {
    const { items } = await this.journal.alerts({ engineId: this.engineId, limit: 500 });
    return [...items].sort((a, b) => a.tsMs - b.tsMs);
  }

  async untilAlert(code: string, kind: Alert['kind'] = 'alert'): Promise<Alert> {
    return await until(`${kind} ${code}`, async () =>
      (await this.alerts()).find((alert) => alert.code === code && alert.kind === kind),
    );
  }

  /** What the Temporal UI shows of a workflow. */
  async details(workflowId = this.engineId): Promise<string> {
    const metadata = await this.client.workflow
      .getHandle(workflowId)
      .query<{ readonly currentDetails?: string }>('__temporal_workflow_metadata');
    return metadata.currentDetails ?? '';
  }

  async historyLength(): Promise<number> {
    return (await this.handle.describe()).historyLength;
  }

  async resolve(commandId: string, verdict: Verdict, note = 'looked'): Promise<CommandAnswer> {
    const signed = signVerdict(TEST_COMMAND_KEY, this.operationId(commandId), { verdict, operator: 'ann', note });
    return await this.operation(commandId).executeUpdate(resolveTransactionUpdate, { args: [signed] });
  }

  async perp(): Promise<bigint> {
    return (await this.snapshot()).account?.perps[0]?.baseAmount ?? 0n;
  }

  protected async closeVenue(): Promise<void> {
    await this.anyVenue.close();
  }

  async close(): Promise<void> {
    await this.handle.terminate('test over').catch(() => undefined);
    for (const operation of (await this.journal.operations({ engineId: this.engineId, limit: 500 })).items) {
      if (operation.endedAtMs !== null) continue;
      const handle = this.client.workflow.getHandle(operationWorkflowId(operation.operationId));
      await handle.terminate('test over').catch(() => undefined);
    }
    await this.stopWorker();
    await this.closeVenue();
    await this.journal.close();
    await this.environment.teardown();
  }
}
