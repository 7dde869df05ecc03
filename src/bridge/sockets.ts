/** The sockets: their limits, what arrives on them, and what is sent to all. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import { type RawData, WebSocket, WebSocketServer } from 'ws';
import { type Action, actionOf, type CommandAnswer, refused } from '../domain/order/command.ts';
import type { Clock } from '../lib/clock.ts';
import type { ErrorReport } from '../lib/errors.ts';
import { sleep } from '../lib/sleep.ts';
import { acceptanceUnknown, busy, unavailable } from './answers.ts';
import { readOnlyToken } from './auth.ts';
import type { Commands } from './commands.ts';
import {
  CLOSE_HANDSHAKE_MS,
  HEARTBEAT_MS,
  LAST_ANSWERS_MS,
  MAX_COMMANDS_PER_SOCKET,
  MAX_MESSAGE_BYTES,
  MAX_SOCKETS,
  MAX_UNSENT_BYTES,
  MESSAGES_PER_SECOND,
  SLOW_READER_BYTES,
} from './limits.ts';
import type { BridgeMetrics } from './metrics.ts';
import type { OpenEnds } from './open-ends.ts';
import {
  binaryMessage,
  commandResultFrame,
  errorFrame,
  type Incoming,
  type Nameable,
  parseMessage,
} from './protocol.ts';
import { RateLimit } from './rate-limit.ts';
import type { Access } from './tokens.ts';
import { refuseUpgrade } from './upgrade.ts';

const LAST_ANSWERS_PAUSE_MS = 20;
const CLOSE_TOO_BIG = 1009;
const CLOSE_POLICY = 1008;
const CLOSE_TRY_LATER = 1013;
const CLOSE_GOING_AWAY = 1001;

/** ws closes by itself when a message is too long, without an event: so the reason is sent just before. */
class Socket extends WebSocket {
  override close(code?: number, data?: string | Buffer): void {
    if (code === CLOSE_TOO_BIG && this.readyState === WebSocket.OPEN) {
      this.send(
        errorFrame({
          code: 'MESSAGE_TOO_LARGE',
          message: `The message is larger than ${MAX_MESSAGE_BYTES} bytes.`,
          details: { limit_bytes: MAX_MESSAGE_BYTES },
        }),
      );
    }
    super.close(code, data);
  }
}

interface Peer {
  readonly socket: Socket;
  readonly operator: string;
  readonly access: Access;
  readonly rate: RateLimit;
  alive: boolean;
  commands: number;
  closing: boolean;
}

interface SocketPorts {
  readonly commands: Commands;
  readonly ends: OpenEnds;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: BridgeMetrics;
  readonly nameable: Nameable;
  readonly operator: string;
  /** In the name of this engine. */
  readonly dress: (answer: CommandAnswer) => CommandAnswer;
  /** The first messages of a new socket. */
  readonly greeting: () => readonly string[];
}

interface CommandInHand {
  readonly peer: Peer;
  readonly action: Action;
  /** Null: it came without one. */
  readonly commandId: string | null;
}

export class Sockets {
  readonly #ports: SocketPorts;
  readonly #server: WebSocketServer;
  readonly #peers = new Set<Peer>();
  readonly #heartbeat: NodeJS.Timeout;
  /** Commands that have no answer yet. */
  readonly #inHand = new Set<CommandInHand>();
  #closed = false;

  constructor(ports: SocketPorts) {
    this.#ports = ports;
    // A variable of its own, since the types of ws do not know closeTimeout yet.
    const options = {
      noServer: true,
      clientTracking: false,
      maxPayload: MAX_MESSAGE_BYTES,
      perMessageDeflate: false,
      closeTimeout: CLOSE_HANDSHAKE_MS,
      WebSocket: Socket,
    };
    this.#server = new WebSocketServer(options);
    this.#heartbeat = setInterval(() => this.#beat(), HEARTBEAT_MS);
    this.#heartbeat.unref();
  }

  get size(): number {
    return this.#peers.size;
  }

  /** Takes over an upgrade that is authorised already. */
  accept(request: IncomingMessage, stream: Duplex, head: Buffer, access: Access): void {
    if (this.#closed || this.#peers.size >= MAX_SOCKETS) {
      refuseUpgrade(stream, 503, {
        code: 'UNAVAILABLE',
        message: this.#closed ? 'The bridge is closing.' : `All ${MAX_SOCKETS} connections are in use.`,
        details: { part: 'bridge', retry_after_s: 5 },
      });
      return;
    }
    this.#server.handleUpgrade(request, stream, head, (socket) => this.#open(socket as Socket, request, access));
  }

  /** To every socket. `stats`: may be missed by a slow reader, since the next one says it all again. */
  broadcast(frame: string, options: { readonly stats: boolean } = { stats: false }): void {
    const bytes = Buffer.from(frame);
    for (const peer of this.#peers) this.#send(peer, bytes, options.stats);
  }

  /** How a command ended, to every socket. What confirms a command goes to those that may send it. */
  broadcastResult(action: string, commandId: string, answer: CommandAnswer): void {
    const { confirmation_token: _ofFullAccess, ...data } = answer.data;
    const frames = {
      full: commandResultFrame(action, commandId, answer),
      read: commandResultFrame(action, commandId, { ...answer, data }),
    };
    for (const peer of this.#peers) this.#send(peer, frames[peer.access], false);
  }

  /** Their token was replaced. */
  signOut(access: Access): void {
    for (const peer of [...this.#peers]) {
      if (peer.access === access) peer.socket.close(CLOSE_POLICY, 'the token was replaced');
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#heartbeat);
    await this.#answerAll();
    const peers = [...this.#peers];
    const gone = peers.map(
      ({ socket }) =>
        new Promise<void>((resolve) =>
          socket.readyState === WebSocket.CLOSED ? resolve() : socket.once('close', () => resolve()),
        ),
    );
    for (const { socket } of peers) socket.close(CLOSE_GOING_AWAY, 'the bridge is closing');
    const patience = setTimeout(() => {
      for (const { socket } of peers) socket.terminate();
    }, 1_000);
    await Promise.all(gone);
    clearTimeout(patience);
    this.#server.close();
  }

  /** Gives running commands a moment to end; the others are answered with what is known of them. */
  async #answerAll(): Promise<void> {
    const untilMs = performance.now() + LAST_ANSWERS_MS;
    while (this.#inHand.size > 0 && performance.now() < untilMs) await sleep(LAST_ANSWERS_PAUSE_MS);
    const unknown = this.#ports.dress(acceptanceUnknown());
    for (const { peer, action, commandId } of this.#inHand) {
      this.#send(peer, commandResultFrame(action, commandId ?? randomUUID(), unknown), false);
    }
  }

  #open(socket: Socket, request: IncomingMessage, access: Access): void {
    const { clock, metrics, operator } = this.#ports;
    const peer: Peer = {
      socket,
      operator: `${operator} at ${request.socket.remoteAddress ?? 'an unknown address'}`,
      access,
      rate: new RateLimit(clock.nowMs()),
      alive: true,
      commands: 0,
      closing: false,
    };
    this.#peers.add(peer);
    metrics.sockets.set(this.#peers.size);
    socket.on('pong', () => {
      peer.alive = true;
    });
    socket.on('message', (data, isBinary) => this.#receive(peer, data, isBinary));
    socket.on('error', (error) => this.#ports.logger.debug({ err: error }, 'A socket failed'));
    socket.on('close', () => {
      this.#peers.delete(peer);
      metrics.sockets.set(this.#peers.size);
    });
    for (const frame of this.#ports.greeting()) this.#send(peer, frame, false);
  }

  #receive(peer: Peer, data: RawData, isBinary: boolean): void {
    if (peer.closing) return;
    peer.alive = true;
    const bytes = Buffer.isBuffer(data) ? data.length : MAX_MESSAGE_BYTES;
    const verdict = peer.rate.take(bytes, this.#ports.clock.nowMs());
    if (verdict.kind !== 'pass') {
      this.#ports.metrics.rateLimited.inc();
      if (verdict.kind === 'close') {
        this.#closeWith(peer, CLOSE_POLICY, rateLimited(0, 'so this connection is closed'), 'rate');
      } else if (verdict.notice) {
        this.#send(peer, errorFrame(rateLimited(verdict.dropped, 'so messages are dropped')), false);
      }
      return;
    }
    const incoming = isBinary ? binaryMessage() : parseMessage(data.toString(), this.#ports.nameable);
    this.#take(peer, incoming);
  }

  #take(peer: Peer, incoming: Incoming): void {
    const { metrics, dress } = this.#ports;
    switch (incoming.kind) {
      case 'not_understood':
        metrics.notUnderstood.inc();
        this.#send(peer, errorFrame(incoming.error), false);
        return;
      case 'bad_command':
        metrics.commands.inc({ action: 'invalid', status: incoming.answer.data.status });
        this.#send(
          peer,
          commandResultFrame(
            incoming.action,
            incoming.named ? incoming.commandId : randomUUID(),
            dress(incoming.answer),
          ),
          false,
        );
        return;
      case 'command':
        if (peer.access === 'read' && actionOf(incoming.request) !== 'GET_STATE') {
          const answer = dress(refused(readOnlyToken()));
          const commandId = incoming.commandId ?? randomUUID();
          metrics.commands.inc({ action: actionOf(incoming.request), status: answer.data.status });
          this.#send(peer, commandResultFrame(actionOf(incoming.request), commandId, answer), false);
          return;
        }
        if (this.#closed) {
          const answer = dress(unavailable('bridge', 'The bridge is closing. Nothing was sent.'));
          const commandId = incoming.commandId ?? randomUUID();
          this.#send(peer, commandResultFrame(actionOf(incoming.request), commandId, answer), false);
          return;
        }
        if (peer.commands >= MAX_COMMANDS_PER_SOCKET) {
          const answer = dress(busy(`This connection has ${MAX_COMMANDS_PER_SOCKET} unanswered commands.`));
          this.#send(
            peer,
            commandResultFrame(actionOf(incoming.request), incoming.commandId ?? randomUUID(), answer),
            false,
          );
          return;
        }
        void this.#run(peer, incoming);
    }
  }

  async #run(peer: Peer, incoming: Extract<Incoming, { kind: 'command' }>): Promise<void> {
    const { commands, ends, metrics } = this.#ports;
    const action = actionOf(incoming.request);
    peer.commands += 1;
    const stop = metrics.commandSeconds.startTimer();
    const inHand: CommandInHand = { peer, action, commandId: incoming.commandId };
    this.#inHand.add(inHand);
    const { commandId, answer } = await commands.run(incoming, peer.operator);
    this.#inHand.delete(inHand);
    stop();
    metrics.commands.inc({ action, status: answer.data.status });
    for (const code of blockingGates(answer)) metrics.gatesBlocked.inc({ code });
    peer.commands -= 1;
    this.#send(peer, commandResultFrame(action, commandId, answer), false);
    ends.answered(commandId, answer);
  }

  #send(peer: Peer, frame: string | Buffer, stats: boolean): void {
    const { socket } = peer;
    if (peer.closing || socket.readyState !== WebSocket.OPEN) return;
    const unsent = socket.bufferedAmount;
    if (stats && unsent > SLOW_READER_BYTES) {
      this.#ports.metrics.skippedStats.inc();
      return;
    }
    if (unsent > MAX_UNSENT_BYTES) {
      this.#closeWith(
        peer,
        CLOSE_TRY_LATER,
        {
          code: 'UNAVAILABLE',
          message: 'This connection reads too slowly and is closed. Connect again.',
          details: { part: 'bridge', unsent_bytes: unsent },
        },
        'slow reader',
      );
      return;
    }
    socket.send(frame, { binary: false });
  }

  #closeWith(peer: Peer, code: number, error: ErrorReport, reason: string): void {
    peer.closing = true;
    this.#ports.metrics.closedByUs.inc({ reason });
    this.#ports.logger.warn({ code: error.code, reason, peer: peer.operator }, 'Closing a connection');
    peer.socket.send(errorFrame(error));
    peer.socket.close(code, reason);
  }

  /** Drops the peers that did not answer the last ping: a cable pulled leaves no close frame. */
  #beat(): void {
    for (const peer of this.#peers) {
      if (!peer.alive) {
        this.#ports.metrics.closedByUs.inc({ reason: 'silent' });
        peer.socket.terminate();
        continue;
      }
      peer.alive = false;
      if (peer.socket.readyState === WebSocket.OPEN) peer.socket.ping();
    }
  }
}

/** Codes of the gates that blocked it; none for every other answer. */
function blockingGates({ error }: CommandAnswer): readonly string[] {
  const gates = error?.details?.gates;
  if (!Array.isArray(gates)) return [];
  return (gates as readonly { readonly code?: unknown; readonly pass?: unknown }[])
    .filter(({ pass }) => pass === false)
    .map(({ code }) => String(code));
}

const rateLimited = (dropped: number, consequence: string): ErrorReport => ({
  code: 'RATE_LIMITED',
  message: `More than ${MESSAGES_PER_SECOND} messages a second (long ones count more), ${consequence}.`,
  details: { limit_per_second: MESSAGES_PER_SECOND, ...(dropped > 0 ? { dropped } : {}) },
});
