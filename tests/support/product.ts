/** The whole product as a person runs it: `node scripts/start.mjs` in an empty folder, on ports of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WebSocket } from 'ws';
import { waitUntil } from '../../localnet/tests/support/until.ts';
import { freePorts } from './free-ports.ts';
import { type Message, receivedMessage, receivedResponse } from './received.ts';

export type { Message } from './received.ts';

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
/** What `npm start` runs. */
export const START = join(ROOT, 'scripts', 'start.mjs');
/** Each look is a request that the product answers from its journal: looking more often takes time from what is waited for. */
const POLL_MS = 100;
/** The machine may be busy with other tests. */
export const PATIENCE_MS = 240_000;

export const until = <T>(
  what: string | (() => string),
  look: () => T | null | undefined | false | Promise<T | null | undefined | false>,
  patienceMs = PATIENCE_MS,
): Promise<T> => waitUntil(what, look, { withinMs: patienceMs, everyMs: POLL_MS });

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly tookMs: number;
}

export class Product {
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly child: ChildProcess;
  readonly exited: Promise<Exit>;
  output = '';

  constructor(folder: string, env: NodeJS.ProcessEnv, args: readonly string[] = [], script = START) {
    this.folder = folder;
    this.env = env;
    const startedAt = performance.now();
    this.child = spawn(process.execPath, [script, ...args], { cwd: folder, env });
    const keep = (chunk: Buffer) => {
      this.output += chunk.toString('utf8');
    };
    this.child.stdout?.on('data', keep);
    this.child.stderr?.on('data', keep);
    this.exited = new Promise((resolve) => {
      this.child.once('close', (code, signal) => resolve({ code, signal, tookMs: performance.now() - startedAt }));
    });
  }

  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  async ready(): Promise<this> {
    await until(
      () => `the product to be ready; it said:\n${this.output}`,
      () => {
        if (!this.running) throw new Error(`the product ended while starting; it said:\n${this.output}`);
        return /^Driftless (is|worker) ready/m.test(this.output);
      },
    );
    return this;
  }

  get url(): string {
    return /Page: +(http:\/\/[^/]+)\//.exec(this.output)?.[1] ?? '';
  }

  get token(): string {
    return /\?token=([\w-]+)/.exec(this.output)?.[1] ?? '';
  }

  /** Of the Temporal server that runs now. */
  temporalPid(): number | null {
    try {
      return Number(readFileSync(join(this.folder, '.driftless', 'temporal.pid'), 'utf8'));
    } catch {
      return null;
    }
  }

  async get(path: string): Promise<Response> {
    const response = await fetch(this.url + path, { headers: { authorization: `Bearer ${this.token}` } });
    return receivedResponse(path, response);
  }

  async state(): Promise<NonNullable<Message['data']>> {
    return (await (await this.get('/api/state')).json()) as NonNullable<Message['data']>;
  }

  /** Sends one command and gives its answers up to a final one; a lost connection is an error. */
  async command(action: string, data: object = {}, commandId?: string): Promise<Message> {
    const socket = new WebSocket(`${this.url.replace('http', 'ws')}/ws?token=${this.token}`);
    try {
      return await new Promise<Message>((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`no end of ${action} after ${PATIENCE_MS} ms`)), PATIENCE_MS);
        timer.unref();
        let ownId: string | null = commandId ?? null;
        socket.on('error', reject);
        socket.on('close', () => reject(new Error('the socket closed')));
        socket.on('open', () => {
          ownId ??= crypto.randomUUID();
          socket.send(JSON.stringify({ type: 'COMMAND', action, command_id: ownId, data }));
        });
        socket.on('message', (raw) => {
          let message: Message;
          try {
            message = receivedMessage(String(raw));
          } catch (error) {
            reject(error);
            return;
          }
          if (message.type !== 'COMMAND_RESULT' || message.command_id !== ownId) return;
          // The true fate of what was accepted in doubt follows under the same id.
          if (message.data?.status === 'pending' || message.error?.code === 'ACCEPTANCE_UNKNOWN') return;
          clearTimeout(timer);
          resolve(message);
        });
      });
    } finally {
      socket.removeAllListeners('close');
      socket.terminate();
    }
  }

  /** As Ctrl-C does. */
  async interrupt(): Promise<Exit & { readonly stoppedInMs: number }> {
    const at = performance.now();
    this.child.kill('SIGINT');
    const exit = await this.exited;
    return { ...exit, stoppedInMs: performance.now() - at };
  }

  async crash(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.exited;
  }

  /** For afterAll: ends it and its Temporal server, however the test went. */
  async end(): Promise<void> {
    if (this.running) await this.interrupt();
    const pid = this.temporalPid();
    if (pid === null) return;
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It went with its parent.
    }
  }
}

/** An environment without this machine's settings of ours, on free ports. */
export async function productEnv(settings: NodeJS.ProcessEnv = {}): Promise<NodeJS.ProcessEnv> {
  const [port, temporalPort, uiPort] = await freePorts(3);
  const { PATH, HOME, TMPDIR, XDG_CACHE_HOME, TEMPORAL_CLI, SystemRoot, LOCALAPPDATA, TEMP } = process.env;
  const kept = { PATH, HOME, TMPDIR, XDG_CACHE_HOME, TEMPORAL_CLI, SystemRoot, LOCALAPPDATA, TEMP };
  const given = Object.fromEntries(Object.entries(kept).filter(([, value]) => value !== undefined));
  const ports = { PORT: String(port), TEMPORAL_PORT: String(temporalPort), TEMPORAL_UI_PORT: String(uiPort) };
  return { ...given, ...ports, ...settings };
}
