/**
 * Runs combinations of deaths and faults on real chains, each in an account of its own, several at a time: one Temporal
 * server, a chain and one that forks for each world of theirs, one journal, and some worker processes that die and are started again.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import type { FaultInput, Localnet } from '../../../localnet/index.ts';
import { DEFAULT_POLICY } from '../../../src/domain/hedge/policy.ts';
import type { OperationStatus } from '../../../src/domain/operation/operation.ts';
import type { CommandAnswer } from '../../../src/domain/order/command.ts';
import { OPERATIONS } from '../../../src/domain/order/operations.ts';
import { DEFAULT_TIMING, type TransactionTiming } from '../../../src/domain/transaction/transaction.ts';
import type { Journal } from '../../../src/journal/journal.ts';
import type { OperationRecord } from '../../../src/journal/records.ts';
import { operationWorkflowId } from '../../../src/lib/ids.ts';
import type { OperationInput } from '../../../workflows/messages.ts';
import { openTestJournal } from '../journal.ts';
import { testWorkflowBundle } from '../workflow-bundle.ts';
import { buildWorker } from './built-worker.ts';
import type { Combination } from './combinations.ts';
import type { FaultScene } from './faults.ts';
import { sentSignatures } from './judge.ts';
import type { CrashAccount } from './mortal-worker.ts';
import type { CrashSubject } from './subject.ts';
import { WorkerLane } from './worker-lane.ts';

const SLOT_MS = 30;
const NODES_PER_LANE = 2;
/** The procedure's windows on 30 ms slots: confirm and query outlast a blockhash and its proof (some 7 s). */
export const CRASH_TIMING: TransactionTiming = {
  ...DEFAULT_TIMING,
  confirmMs: 4_500,
  queryMs: 4_500,
  pollMs: 120,
  rebroadcastMs: 300,
  proofMs: 500,
  proofMaxMs: 2_000,
  callMs: 5_000,
  heartbeatMs: 3_500,
};
const TASK_TIMEOUT = '3 s';
/** Of a call to a node: less than a call of the procedure, so that a silent node does not count as a dead worker. */
const RPC_TIMEOUT_MS = 1_000;
/**
 * Of a proof of absence with a silent node: more than twice the time of that proof on a quiet machine, so that a starved
 * one, where every node is silent at times, does not use it up.
 */
const MUTE_PATIENCE_MS = 15_000;
const NEWS_WAIT_MS = 250;
/** Neither ended nor unknown with an alert by then: stuck. Three attempts that expire take some 30 s, and ten times that on a starved machine. */
const END_WITHIN_MS = 300_000;
const LOOK_EVERY_MS = 20;
/** An order's fill that no node tells raises an alert when the windows of finality are over, later where all is slow. */
const UNTOLD_WITHIN_MS = 120_000;
/** What an alert says where it is unknown whether a transaction landed, and where an operation is unresolved for any reason. */
const UNKNOWN: readonly string[] = ['TRANSACTION_UNKNOWN'];
const UNRESOLVED: readonly string[] = [...UNKNOWN, 'FILL_UNKNOWN'];
/** At the journal, for an outcome that is unknown: a query each, and eight combinations run at a time. */
const LOOK_AT_JOURNAL_EVERY_MS = 300;

export interface MatrixOptions {
  readonly address: string;
  /** Absent: the default one. */
  readonly namespace?: string;
  /** Workers that run side by side. */
  readonly lanes: number;
  readonly seed?: string;
  readonly say?: (line: string) => void;
}

export interface CombinationResult<C extends Combination = Combination> {
  readonly combination: C;
  readonly end: OperationStatus | 'stuck';
  /** It was unknown on the way, with an alert. */
  readonly unknown: boolean;
  readonly attempts: number;
  /** Deaths of the worker that served it. */
  readonly deaths: number;
  readonly tookMs: number;
  /** Empty when the chain, the journal and the answer agree. */
  readonly wrong: readonly string[];
}

interface Lane {
  readonly index: number;
  readonly worker: WorkerLane;
  readonly taskQueue: string;
}

export class CrashMatrix<N extends Localnet, A extends CrashAccount, C extends Combination> {
  readonly #subject: CrashSubject<N, A, C>;
  readonly #options: MatrixOptions;
  readonly #folder = mkdtempSync(join(tmpdir(), 'driftless-matrix-'));
  /** Each is started with the first combination that needs it. */
  readonly #chains = new Map<string, Promise<N>>();
  #journal!: Journal;
  #client!: Client;
  #lanes: readonly Lane[] = [];

  private constructor(subject: CrashSubject<N, A, C>, options: MatrixOptions) {
    this.#subject = subject;
    this.#options = options;
  }

  static async open<N extends Localnet, A extends CrashAccount, C extends Combination>(
    subject: CrashSubject<N, A, C>,
    options: MatrixOptions,
  ): Promise<CrashMatrix<N, A, C>> {
    const matrix = new CrashMatrix(subject, options);
    matrix.#journal = await openTestJournal();
    const { address, namespace = 'default' } = options;
    matrix.#client = new Client({ connection: await Connection.connect({ address }), namespace });
    const bundlePath = join(matrix.#folder, 'workflows.js');
    writeFileSync(bundlePath, (await testWorkflowBundle()).code);
    const script = await buildWorker(matrix.#folder, subject.workerEntry);
    matrix.#lanes = Array.from({ length: options.lanes }, (_, index) => {
      const taskQueue = `crash-${randomUUID()}`;
      const logPath = join(matrix.#folder, `lane-${index}.jsonl`);
      const orders = { address, namespace, taskQueue, bundlePath, logPath, journal: 'parent' as const };
      return { index, taskQueue, worker: new WorkerLane({ script, orders, journal: matrix.#journal }) };
    });
    await Promise.all(matrix.#lanes.map(({ worker }) => worker.start()));
    return matrix;
  }

  /** All of them, as many side by side as there are lanes. */
  async run(combinations: readonly C[]): Promise<readonly CombinationResult<C>[]> {
    const waiting = await Promise.all(
      combinations.map(async (one) => [one, await this.#subject.account(await this.#chainOf(one), one)] as const),
    );
    const results: CombinationResult<C>[] = [];
    await Promise.all(
      this.#lanes.map(async (lane) => {
        for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
          const result = await this.#runOne(lane, ...next);
          results.push(result);
          this.#tell(result, results.length, combinations.length);
        }
      }),
    );
    return results;
  }

  async close(): Promise<void> {
    await Promise.all(this.#lanes.map(({ worker }) => worker.stop()));
    const chains = [...this.#chains.values()].map(async (net) => (await net).stop());
    await Promise.all([...chains, this.#journal.close()]);
    await this.#client.connection.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** What went wrong with workers other than their deaths. */
  complaints = (): readonly string[] => this.#lanes.flatMap(({ worker }) => worker.complaints);

  #tell({ combination, end, unknown, deaths, tookMs, wrong }: CombinationResult, done: number, all: number): void {
    const how = `${end}${unknown ? ', was unknown' : ''}, ${deaths} deaths, ${(tookMs / 1_000).toFixed(1)} s`;
    this.#options.say?.(`${done}/${all} ${wrong.length === 0 ? 'ok' : 'WRONG'} ${combination.name}: ${how}`);
    for (const text of wrong) this.#options.say?.(`    ${text}`);
  }

  #chainOf(combination: C): Promise<N> {
    const world = this.#subject.world?.(combination) ?? '';
    const name = combination.fault.forks === true ? `${world}, forking` : world;
    const { lanes, seed = 'crash' } = this.#options;
    const options = { slotMs: SLOT_MS, nodes: lanes * NODES_PER_LANE, seed };
    const chain = this.#chains.get(name) ?? this.#subject.startChain(options, world);
    this.#chains.set(name, chain);
    return chain;
  }

  async #runOne(lane: Lane, combination: C, account: A): Promise<CombinationResult<C>> {
    const startedAt = performance.now();
    const net = await this.#chainOf(combination);
    const scene = new Scene(net, lane.index, combination, account);
    const deathsBefore = lane.worker.deaths;
    const { engineId } = account;
    await lane.worker.serve({ account, chain: scene.chain }, combination.points);
    combination.fault.begin?.(scene);
    const judged = this.#subject.judge(net, account, combination);
    const operationId = randomUUID();
    const handle = await this.#start(lane, combination, account, operationId);
    const triggers = this.#pullTriggers(lane, scene, combination);
    const random = this.#killLater(lane, combination);
    const mourner = this.#onDeath(lane, () => this.#subject.whenDied?.(net, account, combination));
    const { answer, unknown, wrong } = await this.#untilEnd(handle, scene, combination, operationId);
    await Promise.all([triggers.stop(), random.stop(), mourner.stop()]);
    scene.heal();
    const record = await this.#journal.operation(operationId);
    const lines = lane.worker.lines(engineId);
    if (answer !== null) {
      const evidence = { net, journal: this.#journal, operationId, engineId, lines, answer };
      wrong.push(...(await judged(evidence)), ...this.#unexpected(combination, record, unknown));
    }
    return {
      combination,
      end: answer === null ? 'stuck' : (record?.status ?? 'stuck'),
      unknown,
      attempts: sentSignatures(lines).size,
      deaths: lane.worker.deaths - deathsBefore,
      tookMs: performance.now() - startedAt,
      wrong,
    };
  }

  #start(lane: Lane, combination: C, { engineId }: A, operationId: string) {
    const { request, policy, timing, localActivities } = this.#subject.operation(combination);
    const input: OperationInput = {
      operationId,
      engineId,
      commandId: operationId,
      request,
      timing: { ...CRASH_TIMING, ...timing },
      acceptedAtMs: Date.now(),
      confirmedPriceLimit: null,
      exposureConfirmed: true,
      recovered: [],
      searchAttributes: false,
      signsLocally: true,
      signsOnQueue: true,
      ...(localActivities === undefined ? {} : { localActivities }),
      policy: { ...DEFAULT_POLICY, mode: 'live', maxRpcLatencyMs: 10_000, ...policy },
    };
    return this.#client.workflow.start(OPERATIONS[request.kind].workflow, {
      taskQueue: lane.taskQueue,
      workflowId: operationWorkflowId(operationId),
      workflowTaskTimeout: TASK_TIMEOUT,
      args: [input],
    });
  }

  /** The end, however it comes about. Unknown is no end: what it waits for is healed where the fault itself bars it. */
  async #untilEnd(handle: WorkflowHandle, scene: Scene, { fault }: Combination, operationId: string) {
    const wrong: string[] = [];
    let answer: CommandAnswer | null = null;
    let unknown = false;
    const look = this.#unresolvedLooks(scene.account, operationId);
    const ending = handle.result().then(
      (result) => {
        answer = result as CommandAnswer;
      },
      (error: unknown) => {
        wrong.push(`the workflow failed: ${String(error)}`);
      },
    );
    const deadline = performance.now() + END_WITHIN_MS;
    let over = false;
    void ending.then(() => {
      over = true;
    });
    while (!over && performance.now() < deadline) {
      await Promise.race([ending, pause(LOOK_AT_JOURNAL_EVERY_MS)]);
      if (unknown) continue;
      const told = await look();
      if (told === null) continue;
      unknown = true;
      wrong.push(...told);
      if (fault.unknown === true || fault.flaky === true) scene.heal();
    }
    if (!over) {
      const record = await this.#journal.operation(operationId);
      wrong.push(`no end within ${END_WITHIN_MS} ms: ${JSON.stringify(record)}`);
      await handle.terminate('stuck').catch(() => undefined);
      await ending;
    }
    return { answer: answer as CommandAnswer | null, unknown, wrong };
  }

  /** Looks again and again whether it is unresolved, and then whether an alert says so; null: neither, or not yet. */
  #unresolvedLooks({ engineId }: CrashAccount, operationId: string): () => Promise<readonly string[] | null> {
    let untoldSinceMs = Number.POSITIVE_INFINITY;
    return async () => {
      const record = await this.#journal.operation(operationId);
      const isUnknown = record?.attempts.some(({ outcome }) => outcome === 'unknown') === true;
      if (record?.status !== 'unresolved' && !isUnknown) return null;
      const { items } = await this.#journal.alerts({ engineId, limit: 500 });
      const wanted = isUnknown ? UNKNOWN : UNRESOLVED;
      const alert = items.find(({ code, kind }) => kind === 'alert' && wanted.includes(code));
      if (alert !== undefined) {
        const isMild = isUnknown && alert.severity !== 'critical';
        return isMild ? [`the alert of an unknown outcome is ${alert.severity}`] : [];
      }
      if (isUnknown) return ['unknown, and no alert'];
      // Landed, and no node tells yet what its order filled: an alert says so once that takes longer than finality may.
      untoldSinceMs = Math.min(untoldSinceMs, performance.now());
      return performance.now() - untoldSinceMs < UNTOLD_WITHIN_MS ? null : ['the fill is not told, and no alert'];
    };
  }

  /** Faults that wait for a signature, or for its block. */
  #pullTriggers(lane: Lane, scene: Scene, { fault }: Combination) {
    let signed = fault.onSigned === undefined;
    let landed = fault.onLanded === undefined;
    return repeatedly(() => {
      if (signed && landed) return;
      const lines = lane.worker.lines(scene.account.engineId);
      const signatures = lines.flatMap((line) => (line.kind === 'signed' ? [line.signature] : []));
      const [first] = signatures;
      if (!signed && first !== undefined) {
        signed = true;
        fault.onSigned?.(scene, first);
      }
      const inBlock = signatures.find((signature) => scene.net.record(signature).some(({ counts }) => counts));
      if (!landed && inBlock !== undefined) {
        landed = true;
        fault.onLanded?.(scene, inBlock);
      }
    });
  }

  /** An end that agrees with the chain, and that this fault does not bring about all the same. */
  #unexpected(combination: C, record: OperationRecord | null, unknown: boolean): readonly string[] {
    const { ends = [], neverDone = false, flaky = false } = combination.fault;
    const end = record?.status ?? null;
    const why = record?.error?.code ?? '';
    const blocking = blockingGates(record);
    const starved = NOBODY_ANSWERED.has(why) || (blocking.length === 1 && blocking[0] === 'SNAPSHOT_AGE');
    const fits =
      end === 'done'
        ? !neverDone
        : end === 'failed'
          ? ends.includes('failed')
          : end === 'expired'
            ? unknown || ends.includes('expired')
            : end === 'rejected' && (flaky || starved);
    if (fits || (end !== null && this.#subject.mayEnd?.(combination, end, why) === true)) return [];
    return [`it ended ${end ?? 'nowhere'} (${[why, ...blocking].join(' ')}), which this fault does not explain`];
  }

  #onDeath({ worker }: Lane, work: () => void) {
    const before = worker.deaths;
    let done = false;
    return repeatedly(() => {
      if (done || worker.deaths === before) return;
      done = true;
      work();
    });
  }

  #killLater(lane: Lane, { killAfterMs }: Combination) {
    const atMs = performance.now() + (killAfterMs ?? 0);
    let done = killAfterMs === undefined;
    return repeatedly(() => {
      if (done || performance.now() < atMs) return;
      done = true;
      lane.worker.kill();
    });
  }
}

/** The chain as one account sees it, and the rules that stand against it. */
class Scene implements FaultScene {
  readonly net: Localnet;
  readonly account: CrashAccount;
  readonly nodes: FaultScene['nodes'];
  readonly #rules: string[] = [];
  readonly #jito: boolean;

  constructor(net: Localnet, lane: number, { fault }: Combination, account: CrashAccount) {
    this.net = net;
    this.account = account;
    this.nodes = net.nodes.slice(lane * NODES_PER_LANE, lane * NODES_PER_LANE + fault.nodes);
    this.#jito = fault.jito === true;
  }

  get wallet(): string {
    return this.account.wallet;
  }

  get chain() {
    const [first] = this.nodes;
    return {
      rpcUrls: this.nodes.map(({ rpcUrl }) => rpcUrl),
      rpcWsUrl: first?.wsUrl ?? null,
      jitoUrl: this.#jito ? this.net.jitoUrl : null,
      slotMs: SLOT_MS,
      timeoutMs: RPC_TIMEOUT_MS,
      mutePatienceMs: MUTE_PATIENCE_MS,
      newsWaitMs: NEWS_WAIT_MS,
    };
  }

  add = (rule: FaultInput): void => {
    this.#rules.push(this.net.addFault(rule).id);
  };

  heal(): void {
    for (const id of this.#rules.splice(0)) this.net.removeFault(id);
    this.net.heal();
  }
}

function repeatedly(work: () => void): { stop(): Promise<void> } {
  let stopped = false;
  const running = (async () => {
    while (!stopped) {
      work();
      await pause(LOOK_EVERY_MS);
    }
  })();
  return {
    async stop() {
      stopped = true;
      await running;
    },
  };
}

/** Codes of the gates that refused it. */
function blockingGates(record: OperationRecord | null): readonly string[] {
  const gates = record?.error?.details?.gates;
  if (!Array.isArray(gates)) return [];
  return gates.flatMap((gate: { code?: unknown; blocks?: unknown }) =>
    gate.blocks === true ? [String(gate.code)] : [],
  );
}

/** What a refusal before the first send says when no node or no worker answered in its windows: true of a busy machine. */
const NOBODY_ANSWERED = new Set(['UNAVAILABLE', 'RPC_TIMEOUT', 'RPC_UNREACHABLE', 'RPC_UNHEALTHY']);
