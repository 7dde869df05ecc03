/**
 * A worker process of its own, for tests to kill: the product's activities over real venues, in the product's Temporal
 * worker. It kills itself, by a real SIGKILL, at a point that it was told. What it signed and sent stands in a file, line
 * by line, which outlives it; its journal is a database, or that of the process that started it.
 */

import { appendFileSync } from 'node:fs';
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { createEngineActivities } from '../../../activities/engine.ts';
import { createTransactionActivities } from '../../../activities/transaction.ts';
import { signingQueue } from '../../../src/domain/order/permission.ts';
import type { Journal } from '../../../src/journal/journal.ts';
import type { OperationWrite } from '../../../src/journal/records.ts';
import { workflowLookup } from '../../../src/runtime/engine-start.ts';
import type { OrderReport, Sighting, Venue } from '../../../src/venues/venue.ts';
import { journalAlerts } from '../alerts.ts';
import { TEST_COMMAND_PORTS } from '../command-key.ts';
import type { TransferChain } from '../transfer-venue.ts';

/** Where a worker dies: `nth` counts the calls that fit, from 1. */
export interface KillPoint {
  readonly step: 'read' | 'simulate' | 'sign' | 'submit' | 'status' | 'order' | 'journal';
  /** `during`: the call was begun, and what it asked of others is on its way. */
  readonly when: 'before' | 'during' | 'after';
  /**
   * simulate, sign, submit: the intent's kind · status: what was seen (`after` only) · order: `open`, `part` or `gone`
   * (`after` only) · journal: a stage in what is written. With a space before what was seen or written, the intent's kind:
   * `cancel_orders confirmed`. Absent: whatever it is.
   */
  readonly of?: string;
  readonly nth?: number;
}

/** Plain JSON: whom an account belongs to, whatever its venue needs beside. */
export interface CrashAccount {
  readonly engineId: string;
  /** Who pays. */
  readonly wallet: string;
}

export interface ServedAccount<A extends CrashAccount = CrashAccount> {
  readonly account: A;
  readonly chain: TransferChain;
}

export interface WorkerOrders {
  readonly address: string;
  readonly namespace: string;
  readonly taskQueue: string;
  /** The workflows as one script. */
  readonly bundlePath: string;
  /** JSON lines: {@link WorkerLine}. */
  readonly logPath: string;
  readonly journal: 'parent' | { readonly databaseUrl: string } | { readonly dataDir: string };
  readonly accounts: readonly ServedAccount[];
}

export type WorkerLine =
  | { readonly kind: 'signed' | 'sent'; readonly engineId: string; readonly signature: string; readonly atMs: number }
  | { readonly kind: 'killed'; readonly engineId: string; readonly point: KillPoint; readonly atMs: number };

export type ToWorker =
  | { readonly kind: 'begin'; readonly orders: WorkerOrders }
  | { readonly kind: 'serve'; readonly served: ServedAccount }
  | { readonly kind: 'arm'; readonly engineId: string; readonly point: KillPoint }
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown; readonly error: string | null };

export type FromWorker =
  | { readonly kind: 'loaded' | 'ready' }
  | { readonly kind: 'served'; readonly engineId: string }
  | { readonly kind: 'journal'; readonly id: number; readonly method: string; readonly args: readonly unknown[] };

/** What a sighting is called in a {@link KillPoint}. */
const nameOf = (sighting: Sighting): string =>
  sighting.kind !== 'landed' ? sighting.kind : sighting.error !== null ? 'failed' : sighting.commitment;

/** Long enough for a request to leave, too short for most answers. */
const DURING_MS = 3;

class Killer {
  readonly #armed = new Map<string, { readonly point: KillPoint; left: number }>();
  readonly #say: (line: WorkerLine) => void;

  constructor(say: (line: WorkerLine) => void) {
    this.#say = say;
  }

  arm(engineId: string, point: KillPoint): void {
    this.#armed.set(engineId, { point, left: point.nth ?? 1 });
  }

  async around<T>(
    engineId: string,
    step: KillPoint['step'],
    call: () => Promise<T>,
    names: { readonly before?: readonly string[]; readonly after?: (value: T) => readonly string[] } = {},
  ): Promise<T> {
    const before = names.before ?? [];
    if (this.#meets(engineId, step, 'before', before)) this.#die(engineId);
    const during = this.#meets(engineId, step, 'during', before);
    const calling = call();
    if (during) {
      calling.catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, DURING_MS));
      this.#die(engineId);
    }
    try {
      const value = await calling;
      if (this.#meets(engineId, step, 'after', names.after === undefined ? before : names.after(value))) {
        this.#die(engineId);
      }
      return value;
    } catch (error) {
      // A call that failed is over too.
      if (this.#meets(engineId, step, 'after', before)) this.#die(engineId);
      throw error;
    }
  }

  #meets(engineId: string, step: KillPoint['step'], when: KillPoint['when'], is: readonly string[]): boolean {
    const armed = this.#armed.get(engineId);
    if (armed === undefined || armed.point.step !== step || armed.point.when !== when) return false;
    if (armed.point.of !== undefined && !is.includes(armed.point.of)) return false;
    armed.left -= 1;
    return armed.left === 0;
  }

  #die(engineId: string): never {
    const point = this.#armed.get(engineId)?.point as KillPoint;
    this.#say({ kind: 'killed', engineId, point, atMs: Date.now() });
    process.kill(process.pid, 'SIGKILL');
    for (;;);
  }
}

const nameOfOrder = ({ gone, fills }: OrderReport): string => (gone ? 'gone' : fills.length > 0 ? 'part' : 'open');

/** A venue that records what it signs and sends, and dies at the requested point. */
function mortal(venue: Venue, { engineId }: CrashAccount, killer: Killer, say: (line: WorkerLine) => void): Venue {
  /** Of what this process signed. */
  const kinds = new Map<string, string>();
  const kindOf = (signature: string): string => kinds.get(signature) ?? '';
  const tell = (kind: 'signed' | 'sent', signature: string): void =>
    say({ kind, engineId, signature, atMs: Date.now() });
  return {
    kind: venue.kind,
    explorerUrl: (signature) => venue.explorerUrl(signature),
    read: (commitment) => killer.around(engineId, 'read', () => venue.read(commitment)),
    simulate: (intent, seen) =>
      killer.around(engineId, 'simulate', () => venue.simulate(intent, seen), { before: [intent.kind] }),
    sign: (intent) =>
      killer.around(
        engineId,
        'sign',
        async () => {
          const signed = await venue.sign(intent);
          kinds.set(signed.signature, intent.kind);
          tell('signed', signed.signature);
          return signed;
        },
        { before: [intent.kind] },
      ),
    submit: (attempt, tryNumber) =>
      killer.around(
        engineId,
        'submit',
        async () => {
          tell('sent', attempt.signature);
          await venue.submit(attempt, tryNumber);
        },
        { before: [kindOf(attempt.signature)] },
      ),
    status: (attempt) =>
      killer.around(engineId, 'status', () => venue.status(attempt), {
        before: [kindOf(attempt.signature)],
        after: (sighting) => [nameOf(sighting), `${kindOf(attempt.signature)} ${nameOf(sighting)}`],
      }),
    order: (attempt) =>
      killer.around(engineId, 'order', () => venue.order(attempt), { after: (report) => [nameOfOrder(report)] }),
    close: () => venue.close(),
  };
}

const engineOf = (write: OperationWrite): string | null =>
  write.operation?.engineId ?? write.attemptOutcome?.ref.engineId ?? null;

/** The operation's account is named by its first write only, so it is remembered. */
function mortalJournal(journal: Journal, killer: Killer): Journal {
  const owners = new Map<string, string>();
  return new Proxy(journal, {
    get(target, name, receiver) {
      if (name !== 'writeOperation') return Reflect.get(target, name, receiver);
      return (write: OperationWrite) => {
        const operationId = write.transitions[0]?.operationId ?? write.update?.operationId ?? '';
        const owner = engineOf(write) ?? owners.get(operationId) ?? write.alerts?.[0]?.engineId ?? '';
        owners.set(operationId, owner);
        const stages = write.transitions.map(({ stage }) => stage);
        const kind = write.attemptOutcome?.ref.intent.kind ?? '';
        const before = [...stages, ...stages.map((stage) => `${kind} ${stage}`)];
        return killer.around(owner, 'journal', () => target.writeOperation(write), { before });
      };
    },
  });
}

const toParent = (message: FromWorker): void => void process.send?.(message);

/** The journal of the parent, method by method; what it refuses is thrown here. */
function parentJournal(): { readonly journal: Journal; answered(message: ToWorker & { kind: 'answer' }): void } {
  const waiting = new Map<number, (message: ToWorker & { kind: 'answer' }) => void>();
  let last = 0;
  const ask =
    (method: string) =>
    (...args: readonly unknown[]): Promise<unknown> =>
      new Promise((resolve, reject) => {
        last += 1;
        waiting.set(last, ({ value, error }) => (error === null ? resolve(value) : reject(new Error(error))));
        toParent({ kind: 'journal', id: last, method, args });
      });
  // A journal is no promise: what awaits it must not call `then`.
  const journal = new Proxy({}, { get: (_, name) => (name === 'then' ? undefined : ask(String(name))) });
  return {
    journal: journal as Journal,
    answered(message) {
      waiting.get(message.id)?.(message);
      waiting.delete(message.id);
    },
  };
}

/** Loaded only where it is used: most tests restart many workers, and the databases' drivers take their time. */
async function ownJournal(where: Exclude<WorkerOrders['journal'], 'parent'>): Promise<Journal> {
  const { openJournal } = await import('../../../src/journal/open-journal.ts');
  return await openJournal({ databaseUrl: null, dataDir: null, ...where });
}

/** The venue of an account that this worker is to serve. */
export type OpenVenue<A extends CrashAccount> = (account: A, chain: TransferChain) => Promise<Venue>;

async function work<A extends CrashAccount>(
  orders: WorkerOrders,
  parent: ReturnType<typeof parentJournal>,
  open: OpenVenue<A>,
): Promise<void> {
  const say = (line: WorkerLine): void => appendFileSync(orders.logPath, `${JSON.stringify(line)}\n`);
  const killer = new Killer(say);
  const opened = orders.journal === 'parent' ? parent.journal : await ownJournal(orders.journal);
  const journal = mortalJournal(opened, killer);
  const venues = new Map<string, Venue>();
  const [connection, native] = await Promise.all([
    Connection.connect({ address: orders.address }),
    NativeConnection.connect({ address: orders.address }),
  ]);
  const ports = {
    venueOf: async (engineId: string): Promise<Venue> => {
      const venue = venues.get(engineId);
      if (venue === undefined) throw new Error(`no venue for ${engineId}`);
      return venue;
    },
    accountExists: async () => true,
    journal,
    alerts: journalAlerts(journal),
    rights: () => null,
    ...TEST_COMMAND_PORTS,
    clock: { nowMs: () => Date.now() },
    lookup: workflowLookup(new Client({ connection, namespace: orders.namespace })),
    logger: { warn: () => undefined },
  };
  const transactions = createTransactionActivities(ports);
  const common = {
    connection: native,
    namespace: orders.namespace,
    maxHeartbeatThrottleInterval: '200 ms',
    defaultHeartbeatThrottleInterval: '200 ms',
    shutdownGraceTime: 0,
  } as const;
  const signers = new SigningQueues(async (taskQueue) => {
    const { sign, submit } = transactions;
    return await Worker.create({ ...common, taskQueue, activities: { sign, submit } });
  });
  const serve = async ({ account, chain }: ServedAccount): Promise<void> => {
    // Who starts it names accounts that its venue can read.
    venues.set(account.engineId, mortal(await open(account as A, chain), account, killer, say));
    await signers.serve(account.engineId);
    toParent({ kind: 'served', engineId: account.engineId });
  };
  process.on('message', (message: ToWorker) => {
    if (message.kind === 'arm') killer.arm(message.engineId, message.point);
    else if (message.kind === 'serve') void serve(message.served);
  });
  await Promise.all(orders.accounts.map(serve));
  const worker = await Worker.create({
    ...common,
    taskQueue: orders.taskQueue,
    workflowBundle: { codePath: orders.bundlePath },
    activities: { ...transactions, ...createEngineActivities(ports) },
    // Tasks for the cache of a worker that died come back to the queue this soon.
    stickyQueueScheduleToStartTimeout: '1 s',
  });
  toParent({ kind: 'ready' });
  await worker.run();
}

/** As in the product, each account is signed and sent for on queues of its own: those of the account that is served. */
class SigningQueues {
  readonly #create: (taskQueue: string) => Promise<Worker>;
  #running: readonly Worker[] = [];

  constructor(create: (taskQueue: string) => Promise<Worker>) {
    this.#create = create;
  }

  async serve(engineId: string): Promise<void> {
    for (const worker of this.#running) worker.shutdown();
    this.#running = await Promise.all(
      (['capital', 'trading'] as const).map((permission) => this.#create(signingQueue(engineId, permission))),
    );
    for (const worker of this.#running) void worker.run();
  }
}

/** Serves until it is killed, or until its parent is gone. */
export function runMortalWorker<A extends CrashAccount>(open: OpenVenue<A>): void {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const parent = parentJournal();
  process.on('message', (message: ToWorker) => {
    if (message.kind === 'answer') parent.answered(message);
    if (message.kind !== 'begin') return;
    work(message.orders, parent, open).then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
        process.exit(1);
      },
    );
  });
  process.on('disconnect', () => process.exit(0));
  toParent({ kind: 'loaded' });
}
