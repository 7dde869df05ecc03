/** A worker process and its supervisor: when it dies it is started again, with the accounts that it served. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { until } from '../../../localnet/tests/support/until.ts';
import type { Journal } from '../../../src/journal/journal.ts';
import type { FromWorker, KillPoint, ServedAccount, ToWorker, WorkerLine, WorkerOrders } from './mortal-worker.ts';

/** A busy machine takes its time to load a worker. */
const READY_WITHIN_MS = 90_000;

export interface LaneOptions {
  /** Of `tests/support/transfer-worker.ts`, built. */
  readonly script: string;
  readonly orders: Omit<WorkerOrders, 'accounts'>;
  /** The worker's journal when its orders say `parent`. */
  readonly journal: Journal | null;
}

export class WorkerLane {
  readonly #script: string;
  readonly #orders: Omit<WorkerOrders, 'accounts'>;
  readonly #journal: Journal | null;
  /** What workers said before they ended otherwise than by a SIGKILL: nothing of the kind should ever be. */
  readonly complaints: string[] = [];
  deaths = 0;
  #child: ChildProcess | null = null;
  #ready = false;
  #stopping = false;
  #served: ServedAccount[] = [];
  #taken = new Set<string>();
  /** Where the next workers die, one after the other. */
  #points: { readonly engineId: string; readonly point: KillPoint }[] = [];

  constructor({ script, orders, journal }: LaneOptions) {
    this.#script = script;
    this.#orders = orders;
    this.#journal = journal;
  }

  async start(): Promise<void> {
    this.#launch();
    await this.untilReady();
  }

  untilReady = (): Promise<boolean> => until('a worker to be ready', () => this.#ready, READY_WITHIN_MS);

  /** From now on this account and no other; the worker dies at each point in turn, one death per point. */
  async serve(served: ServedAccount, points: readonly KillPoint[]): Promise<void> {
    const { engineId } = served.account;
    await this.untilReady();
    this.#served = [served];
    this.#points = points.map((point) => ({ engineId, point }));
    this.#tell({ kind: 'serve', served });
    this.#arm();
    await until('a worker to serve an account', () => this.#taken.has(engineId), READY_WITHIN_MS);
  }

  /** What was signed and sent for an account, and where its workers killed themselves, in order. */
  lines(engineId: string): readonly WorkerLine[] {
    const { logPath } = this.#orders;
    if (!existsSync(logPath)) return [];
    const lines = readFileSync(logPath, 'utf8').split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line) as WorkerLine).filter((line) => line.engineId === engineId);
  }

  /** Now, wherever it stands. */
  kill(): void {
    this.#child?.kill('SIGKILL');
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    const child = this.#child;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  #arm(): void {
    const next = this.#points.shift();
    if (next !== undefined) this.#tell({ kind: 'arm', ...next });
  }

  #tell(message: ToWorker): void {
    // A worker that died in the meantime gets the order again after its restart.
    this.#child?.send(message, () => undefined);
  }

  #launch(): void {
    const child = fork(this.#script, { execArgv: [], stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    this.#child = child;
    this.#ready = false;
    let said = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    child.on('message', (message: FromWorker) => this.#hear(child, message));
    child.on('exit', (code, signal) => {
      this.#ready = false;
      if (this.#stopping) return;
      if (signal === 'SIGKILL') this.deaths += 1;
      else this.complaints.push(`a worker ended with ${code ?? signal}: ${said}`);
      this.#launch();
    });
  }

  #hear(child: ChildProcess, message: FromWorker): void {
    switch (message.kind) {
      case 'loaded':
        child.send({ kind: 'begin', orders: { ...this.#orders, accounts: this.#served } } satisfies ToWorker);
        return;
      case 'ready':
        this.#ready = true;
        this.#arm();
        return;
      case 'served':
        this.#taken.add(message.engineId);
        return;
      case 'journal':
        void this.#askJournal(child, message);
    }
  }

  /** The journal outlives the worker, as a server's would; an answer to one that died is lost. */
  async #askJournal(child: ChildProcess, { id, method, args }: FromWorker & { kind: 'journal' }): Promise<void> {
    const reply = (value: unknown, error: string | null): void => {
      if (child.connected) child.send({ kind: 'answer', id, value: value ?? null, error } satisfies ToWorker, () => {});
    };
    try {
      const methods = this.#journal as unknown as Record<string, (...args: readonly unknown[]) => Promise<unknown>>;
      if (this.#journal === null) throw new Error('there is no journal here');
      reply(await methods[method]?.(...args), null);
    } catch (error) {
      reply(null, String(error));
    }
  }
}
