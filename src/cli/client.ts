/** A client of the protocol: the lists and the state over HTTP, commands over the socket, each to its end. */
import { setTimeout as pause } from 'node:timers/promises';
import { WebSocket } from 'ws';
import type * as z from '../lib/codec.ts';
import { read } from '../lib/codec.ts';
import { HttpError } from '../protocol/api.ts';
import type { ErrorInfo } from '../protocol/error.ts';
import { readMessage } from '../protocol/messages.ts';
import type { CommandResult } from '../protocol/result.ts';

/** Nothing answers there, or it does not let us in. */
export class NotReachable extends Error {}

/** The product answered with an error. */
export class AnsweredWithError extends Error {
  readonly error: ErrorInfo;

  constructor(error: ErrorInfo) {
    super(error.message);
    this.error = error;
  }
}

export interface ClientPlace {
  /** `http://127.0.0.1:8765` */
  readonly url: string;
  readonly token: string;
}

export interface SentCommand {
  readonly action: string;
  readonly commandId: string;
  readonly data: object;
}

const CONNECT_MS = 5_000;
/** The bridge answers within 5 s. */
const ANSWER_MS = 10_000;
const AGAIN_MS = 1_000;

export class Client {
  readonly #place: ClientPlace;

  constructor(place: ClientPlace) {
    this.#place = place;
  }

  /** @throws NotReachable, AnsweredWithError */
  async get<Value>(
    path: string,
    schema: z.Codec<Value, unknown>,
  ): Promise<{ readonly json: unknown; readonly value: Value }> {
    const response = await this.#fetch(path);
    const json: unknown = await response.json().catch(() => null);
    if (response.status === 401 || response.status === 403) throw new NotReachable(this.#notLetIn());
    if (!response.ok) {
      const failed = read(HttpError, json);
      if (failed === null) throw new NotReachable(`${this.#place.url} answered with HTTP ${response.status}.`);
      throw new AnsweredWithError(failed.error);
    }
    const value = read(schema, json);
    if (value === null)
      throw new NotReachable(`What answers at ${this.#place.url} is not Driftless, or another version.`);
    return { json, value };
  }

  async #fetch(path: string): Promise<Response> {
    const { url, token } = this.#place;
    try {
      return await fetch(new URL(path, url), {
        headers: { authorization: `Bearer ${token}` },
        signal: AbortSignal.timeout(ANSWER_MS),
      });
    } catch (error) {
      throw new NotReachable(this.#silent(error));
    }
  }

  /**
   * Sends it, and sends it again under its id after a lost connection, until there is an end: the same id never does it
   * twice. `onPending` is called once with an answer that is not the end yet.
   * @throws NotReachable when nothing answers at all, or no end came by `untilMs`
   */
  async command(
    sent: SentCommand,
    withinMs: number,
    onPending: (first: CommandResult) => void,
  ): Promise<CommandResult> {
    const deadline = performance.now() + withinMs;
    let pending: CommandResult | null = null;
    let reached = false;
    for (;;) {
      const socket = await this.#connect().catch((error: unknown) => {
        if (!reached || !(error instanceof NotReachable) || performance.now() > deadline) throw error;
        return null;
      });
      if (socket !== null) {
        reached = true;
        const leftMs = Math.max(1, deadline - performance.now());
        const end = await this.#exchange(socket, sent, leftMs, (first) => {
          if (pending === null) onPending(first);
          pending = first;
        });
        if (end !== null) return end;
      }
      if (performance.now() > deadline) {
        if (pending !== null) return pending;
        throw new NotReachable(
          `No answer from ${this.#place.url}. It may have been accepted: ask again with --command-id ${sent.commandId}.`,
        );
      }
      await pause(AGAIN_MS);
    }
  }

  #connect(): Promise<WebSocket> {
    const { url, token } = this.#place;
    const at = new URL('/ws', url);
    at.protocol = at.protocol === 'https:' ? 'wss:' : 'ws:';
    const socket = new WebSocket(at, { headers: { authorization: `Bearer ${token}` }, handshakeTimeout: CONNECT_MS });
    return new Promise((resolve, reject) => {
      socket.once('open', () => resolve(socket));
      socket.once('unexpected-response', (_request, { statusCode }) => {
        const denied = statusCode === 401 || statusCode === 403;
        reject(new NotReachable(denied ? this.#notLetIn() : `${url} answered with HTTP ${statusCode}.`));
        socket.terminate();
      });
      socket.on('error', (error) => reject(new NotReachable(this.#silent(error))));
    });
  }

  /** Null: the connection was lost, or the time is over. */
  #exchange(
    socket: WebSocket,
    { action, commandId, data }: SentCommand,
    withinMs: number,
    onPending: (first: CommandResult) => void,
  ): Promise<CommandResult | null> {
    return new Promise((resolve) => {
      const end = (result: CommandResult | null) => {
        clearTimeout(timer);
        socket.terminate();
        resolve(result);
      };
      const timer = setTimeout(() => end(null), withinMs);
      socket.on('message', (text) => {
        const message = readMessage(text.toString());
        if (message?.type !== 'COMMAND_RESULT' || message.command_id !== commandId) return;
        if (message.data.status === 'pending' || message.data.status === 'unknown') onPending(message);
        else end(message);
      });
      socket.on('close', () => end(null));
      socket.send(JSON.stringify({ type: 'COMMAND', action, command_id: commandId, data }));
    });
  }

  #silent(error: unknown): string {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const why = cause instanceof Error ? cause.message : String(cause);
    return `Driftless is not reachable at ${this.#place.url}: ${why || 'nothing listens there'}.\nRemedy: start it (npm start), or set HOST and PORT, or --url, to where it runs.`;
  }

  #notLetIn(): string {
    return `${this.#place.url} refuses the token.\nRemedy: set DRIFTLESS_TOKEN, or DRIFTLESS_HOME to the data folder of the running product.`;
  }
}
