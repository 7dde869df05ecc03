/**
 * What a careful program does with our socket: it reconnects, and sends every command again under its command_id until
 * it has an end. It notes every answer, so that a test can hold two ends of one command against each other, and fails on
 * what is against the protocol.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { type Message, receivedMessage } from './received.ts';

const RECONNECT_MS = 100;
const AGAIN_MS = 1_000;
/** Longer than any test has patience for. */
const PATIENCE_MS = 600_000;
/** These leave no record, so that the same command may come again. `unknown` and `pending` are no ends either. */
const TRY_AGAIN: ReadonlySet<string> = new Set(['UNAVAILABLE', 'ENGINE_BUSY']);
/** But one that was accepted, and waited for the slot in vain, ends busy: this time it is recorded. */
const BUSY_FOR_GOOD = 'waited_s';

export interface Sent {
  readonly commandId: string;
  readonly action: string;
  readonly data: object;
  /** Every COMMAND_RESULT under its id, in order of arrival. */
  readonly answers: Message[];
  /** How long each sending waited for the first answer to it, ms; null: the connection went first. */
  readonly waits: (number | null)[];
  end: Message | null;
}

export const isEnd = ({ data, error }: Message): boolean =>
  data.status !== 'pending' &&
  data.status !== 'unknown' &&
  (!TRY_AGAIN.has(error?.code ?? '') || error?.details?.[BUSY_FOR_GOOD] !== undefined);

export class Caller {
  readonly sent = new Map<string, Sent>();
  /** Everything but COMMAND_RESULT, oldest first. */
  readonly broadcasts: Message[] = [];
  readonly #url: string;
  readonly #token: string;
  readonly #sentAt = new Map<string, number>();
  #socket: WebSocket | null = null;
  #closed = false;
  #fault: unknown = null;

  constructor(url: string, token: string) {
    this.#url = url;
    this.#token = token;
    this.#connect();
  }

  async connected(): Promise<void> {
    await this.#until('a connection', () => this.#socket?.readyState === WebSocket.OPEN);
  }

  /** Sends once and gives the first answer, whatever it says. */
  async first(action: string, data: object = {}, commandId: string = crypto.randomUUID()): Promise<Message> {
    const sent = this.note(action, data, commandId);
    const had = sent.answers.length;
    this.#send(sent);
    await this.#until(`an answer to ${action}`, () => sent.answers.length > had);
    return sent.answers[had] as Message;
  }

  /** Sends, and sends again, until there is an end. */
  async end(action: string, data: object = {}, commandId: string = crypto.randomUUID()): Promise<Message> {
    const sent = this.note(action, data, commandId);
    this.#send(sent);
    let again = performance.now() + AGAIN_MS;
    await this.#until(`the end of ${action} ${commandId}`, () => {
      const last = sent.answers.at(-1);
      if (sent.end === null && last !== undefined && !isEnd(last) && performance.now() > again) {
        again = performance.now() + AGAIN_MS;
        if (last.data.status !== 'pending') this.#send(sent);
      }
      return sent.end !== null;
    });
    return sent.end as Message;
  }

  note(action: string, data: object, commandId: string): Sent {
    const known = this.sent.get(commandId);
    if (known !== undefined) return known;
    const sent: Sent = { commandId, action, data, answers: [], waits: [], end: null };
    this.sent.set(commandId, sent);
    return sent;
  }

  /** The first broadcast that fits, among those from `from` on; waits for it. */
  async broadcast(what: string, fits: (message: Message) => boolean, from = 0): Promise<Message> {
    await this.#until(what, () => this.broadcasts.slice(from).some(fits));
    return this.broadcasts.slice(from).find(fits) as Message;
  }

  /** Something that is no command. */
  raw(message: string | Buffer): void {
    this.#socket?.send(message);
  }

  close(): void {
    this.#closed = true;
    this.#socket?.terminate();
    if (this.#fault !== null) throw this.#fault;
  }

  #send(sent: Sent): void {
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    const { action, commandId, data } = sent;
    this.#sentAt.set(commandId, performance.now());
    this.#socket.send(JSON.stringify({ type: 'COMMAND', action, command_id: commandId, data }));
  }

  #connect(): void {
    if (this.#closed) return;
    const socket = new WebSocket(this.#url, { headers: { authorization: `Bearer ${this.#token}` } });
    this.#socket = socket;
    socket.on('open', () => {
      for (const sent of this.sent.values()) if (sent.end === null) this.#send(sent);
    });
    socket.on('message', (data) => {
      try {
        this.#take(receivedMessage(data.toString()));
      } catch (error) {
        this.#fault ??= error;
      }
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      for (const commandId of this.#sentAt.keys()) this.sent.get(commandId)?.waits.push(null);
      this.#sentAt.clear();
      setTimeout(() => this.#connect(), RECONNECT_MS).unref();
    });
  }

  #take(message: Message): void {
    if (message.type !== 'COMMAND_RESULT') {
      this.broadcasts.push(message);
      return;
    }
    const sent = this.sent.get(message.command_id ?? '');
    if (sent === undefined) return;
    const at = this.#sentAt.get(sent.commandId);
    if (at !== undefined) {
      sent.waits.push(performance.now() - at);
      this.#sentAt.delete(sent.commandId);
    }
    sent.answers.push(message);
    if (isEnd(message)) sent.end ??= message;
  }

  async #until(what: string, look: () => boolean): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      if (this.#fault !== null) throw this.#fault;
      if (look()) return;
      if (performance.now() > deadline) throw new Error(`waited ${PATIENCE_MS} ms in vain for ${what}`);
      await sleep(10);
    }
  }
}
