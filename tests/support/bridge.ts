/** A bridge on a free port with a journal in memory and a scripted engine, and clients that speak to it over sockets. */

import { once } from 'node:events';
import pino from 'pino';
import { Registry } from 'prom-client';
import { WebSocket } from 'ws';
import type { AlertChannels } from '../../src/alerts/channels.ts';
import type { BridgePorts, BridgeSettings, Readiness } from '../../src/bridge/ports.ts';
import { type Bridge, startBridge } from '../../src/bridge/server.ts';
import { AccessTokens } from '../../src/bridge/tokens.ts';
import { DEFAULT_POLICY } from '../../src/domain/hedge/policy.ts';
import type { CommandAnswer } from '../../src/domain/order/command.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { RightOfWay } from '../../src/journal/right-of-way.ts';
import { TransientError } from '../../src/lib/errors.ts';
import { openAlertChannels } from '../../src/runtime/alert-channels.ts';
import { type Message, receivedMessage } from './received.ts';
import { type ScriptedGateway, scriptedGateway } from './scripted-gateway.ts';

export type { Message } from './received.ts';

export const TOKEN = 'token-of-the-bridge-tests-7f3a';
export const ENGINE_ID = 'engine:paper:synthetic:7:0';

export const READY: Readiness = {
  temporal: { ok: true, detail: 'answers' },
  journal: { ok: true, detail: 'answers' },
  worker: { ok: true, detail: 'polls' },
  feed: { ok: true, detail: 'synthetic:7' },
  venue: { ok: true, detail: 'paper' },
};

type JournalWay = 'works' | 'down' | 'hangs';

/** The journal given, or in its place one whose every call throws (the database is gone) or hangs (the network is). */
export function journalThatDoes(journal: Journal | null, way: () => JournalWay): Journal {
  const answer: Record<Exclude<JournalWay, 'works'>, () => Promise<never>> = {
    down: () => Promise.reject(new TransientError('UNAVAILABLE', 'no database')),
    hangs: () => new Promise(() => {}),
  };
  return new Proxy((journal ?? { journalId: 'none' }) as Journal, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name);
      if (name === 'journalId' || name === 'then') return member;
      return (...input: unknown[]) => {
        const now = way();
        if (now !== 'works') return answer[now]();
        return typeof member === 'function' ? (member.apply(target, input) as unknown) : member;
      };
    },
  });
}
export const journalThatIsDown = (): Journal => journalThatDoes(null, () => 'down');
export const journalThatHangs = (): Journal => journalThatDoes(null, () => 'hangs');

export interface TestBridge extends Bridge {
  readonly channels: AlertChannels;
  readonly gateway: ScriptedGateway;
  readonly registry: Registry;
  connect(options?: ConnectOptions): Promise<Client>;
}

export interface ConnectOptions {
  readonly token?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

export async function testBridge(
  given: Partial<Omit<BridgePorts, 'settings' | 'gateway'>> & {
    readonly settings?: Partial<Omit<BridgeSettings, 'tokens'>> & { readonly readToken?: string };
    readonly gateway?: ScriptedGateway;
    readonly journal: Journal;
  },
): Promise<TestBridge> {
  const gateway = given.gateway ?? scriptedGateway();
  const registry = given.metricsRegistry ?? new Registry();
  const clock = given.clock ?? { nowMs: () => Date.now() };
  const logger = given.logger ?? pino({ level: 'silent' });
  const alerts = openAlertChannels({ journal: given.journal, clock, logger, logsAlerts: false });
  const bridge = await startBridge({
    clock,
    logger,
    alerts: alerts.channels,
    readiness: async () => READY,
    policy: DEFAULT_POLICY,
    rightOfWay: new RightOfWay(),
    ...given,
    gateway,
    metricsRegistry: registry,
    settings: {
      host: '127.0.0.1',
      port: 0,
      tokens: new AccessTokens(TOKEN, given.settings?.readToken ?? null),
      engineId: ENGINE_ID,
      mode: 'paper',
      pageDir: null,
      temporalUiUrl: 'http://127.0.0.1:8233',
      explorerUrl: null,
      ...given.settings,
    },
  });
  return {
    ...bridge,
    async close() {
      await bridge.close();
      await alerts.stop();
    },
    channels: alerts.channels,
    gateway,
    registry,
    connect: ({ token = TOKEN, headers = {} } = {}) =>
      Client.connect(bridge.url.replace('http', 'ws'), {
        ...(token === null ? {} : { Authorization: `Bearer ${token}` }),
        ...headers,
      }),
  };
}

/** Keeps what it received; `next` takes the first message that fits, waiting for it. What is against the protocol fails. */
export class Client {
  readonly socket: WebSocket;
  readonly received: Message[] = [];
  closedWith: { readonly code: number; readonly reason: string } | null = null;
  readonly #waiting = new Set<() => void>();
  #fault: unknown = null;

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data) => {
      try {
        this.received.push(receivedMessage(data.toString()));
      } catch (error) {
        this.#fault ??= error;
      }
      this.#wake();
    });
    socket.on('close', (code, reason) => {
      this.closedWith = { code, reason: reason.toString() };
      this.#wake();
    });
    socket.on('error', () => this.#wake());
  }

  static async connect(url: string, headers: Readonly<Record<string, string>>): Promise<Client> {
    const socket = new WebSocket(`${url}/ws`, { headers, perMessageDeflate: false });
    const client = new Client(socket);
    await once(socket, 'open');
    return client;
  }

  send(message: unknown): void {
    this.socket.send(typeof message === 'string' || Buffer.isBuffer(message) ? message : JSON.stringify(message));
  }

  /** Removes and gives the first message that fits. */
  async next(fits: (message: Message) => boolean, withinMs = 6_000): Promise<Message> {
    const take = (): Message | undefined => {
      const index = this.received.findIndex(fits);
      return index === -1 ? undefined : this.received.splice(index, 1)[0];
    };
    return this.#until(take, withinMs);
  }

  result(commandId: string | null, withinMs?: number): Promise<Message> {
    return this.next((message) => message.type === 'COMMAND_RESULT' && message.command_id === commandId, withinMs);
  }

  ofType(type: string, withinMs?: number): Promise<Message> {
    return this.next((message) => message.type === type, withinMs);
  }

  closed(withinMs = 6_000): Promise<{ readonly code: number; readonly reason: string }> {
    return this.#until(() => this.closedWith ?? undefined, withinMs);
  }

  /** Sends a command and gives its answer. */
  async command(action: string, data: unknown = {}, commandId: string = crypto.randomUUID()): Promise<Message> {
    this.send({ type: 'COMMAND', action, command_id: commandId, data });
    return this.result(commandId);
  }

  /** All that was sent before has been taken by the bridge when this resolves, or the connection is gone. */
  async roundTrip(): Promise<void> {
    let answered = false;
    this.socket.once('pong', () => {
      answered = true;
      this.#wake();
    });
    this.socket.ping();
    await this.#until(() => answered || this.closedWith !== null || undefined, 6_000);
  }

  close(): void {
    this.socket.terminate();
    if (this.#fault !== null) throw this.#fault;
  }

  async #until<T>(take: () => T | undefined, withinMs: number): Promise<T> {
    const deadline = Date.now() + withinMs;
    for (;;) {
      if (this.#fault !== null) throw this.#fault;
      const found = take();
      if (found !== undefined) return found;
      const left = deadline - Date.now();
      if (left <= 0)
        throw new Error(
          `nothing came within ${withinMs} ms; had ${JSON.stringify(this.received.map((message) => message.type).slice(-20))}`,
        );
      await new Promise<void>((resolve) => {
        const wake = () => {
          clearTimeout(timer);
          this.#waiting.delete(wake);
          resolve();
        };
        const timer = setTimeout(wake, left);
        this.#waiting.add(wake);
      });
    }
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }
}

export const statusOf = (message: Message): CommandAnswer['data']['status'] => message.data.status;
