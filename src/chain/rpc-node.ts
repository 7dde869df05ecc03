/** One node over HTTP: every call ends in time, as an answer, a refusal or silence. */
import type { Clock } from '../lib/clock.ts';
import { TransientError } from '../lib/errors.ts';
import { retryAfterMs } from '../lib/retry-after.ts';
import type { NodeEndpoint } from './endpoint.ts';
import { HttpTimeout, postJson } from './http-post.ts';
import { HealthRecord } from './node-health.ts';
import { inWords, type NoAnswer, type RpcAnswer, refusal } from './rpc-answer.ts';
import type { CallOutcome, RpcObserver } from './rpc-observer.ts';

export interface RpcTuning {
  /** Of each call, its body included. */
  readonly timeoutMs: number;
  /** One node's proof of absence waits so long for the word of another that is silent or behind. */
  readonly mutePatienceMs: number;
}

export const DEFAULT_RPC: RpcTuning = { timeoutMs: 10_000, mutePatienceMs: 30_000 };

interface RpcNodePorts {
  readonly clock: Clock;
  /** For durations, which a jump of the clock must not change. */
  readonly monotonicMs: () => number;
  readonly observe?: RpcObserver | undefined;
}

const RATE_LIMITED = 429;
const isOk = (status: number): boolean => status >= 200 && status < 300;

type Exchange = { readonly kind: 'body'; readonly status: number; readonly text: string } | NoAnswer;

export class RpcNode {
  readonly name: string;
  readonly endpoint: NodeEndpoint;
  readonly health = new HealthRecord();
  readonly #tuning: Pick<RpcTuning, 'timeoutMs'>;
  readonly #ports: RpcNodePorts;
  #calls = 0;

  constructor(endpoint: NodeEndpoint, tuning: Pick<RpcTuning, 'timeoutMs'>, ports: RpcNodePorts) {
    this.name = endpoint.name;
    this.endpoint = endpoint;
    this.#tuning = tuning;
    this.#ports = ports;
  }

  /** HTTP requests that were made so far. */
  get calls(): number {
    return this.#calls;
  }

  restsMs = (): number => this.health.restsMs(this.#ports.monotonicMs());

  /**
   * @param read turns the result into a value, or into undefined when it is not what the method promises
   */
  async ask<T>(
    method: string,
    params: readonly unknown[],
    read: (result: unknown) => T | undefined,
  ): Promise<RpcAnswer<T>> {
    return await this.#observed(method, () => this.#ask(method, params, read), outcomeOf);
  }

  async #observed<T>(method: string, call: () => Promise<T>, outcome: (came: T) => CallOutcome): Promise<T> {
    const { observe, monotonicMs } = this.#ports;
    if (observe === undefined) return await call();
    const startMs = monotonicMs();
    const came = await call();
    observe({ node: this.name, method, outcome: outcome(came), seconds: (monotonicMs() - startMs) / 1_000 });
    return came;
  }

  async #ask<T>(
    method: string,
    params: readonly unknown[],
    read: (result: unknown) => T | undefined,
  ): Promise<RpcAnswer<T>> {
    const sent = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
    const got = await this.#exchange(sent);
    if (got.kind !== 'body') return got;
    const reply = parseReply(got.text);
    if (reply === undefined) return this.#silent('unreadable', `HTTP ${got.status}, no JSON-RPC`);
    if ('error' in reply) {
      const refused = refusal(reply.error.code, reply.error.message);
      if (refused.kind === 'none' && refused.why === 'rate_limited') {
        this.health.limited(this.#ports.monotonicMs(), null);
      } else if (refused.kind === 'none') this.health.failed();
      return refused;
    }
    const value = read(reply.result);
    return value === undefined ? this.#silent('unreadable', method) : { kind: 'answer', value };
  }

  /**
   * For a `Connection` of web3.js, which has no timeout of its own.
   * @throws TransientError in place of an answer
   */
  async fetch(body: string): Promise<Response> {
    // The SDK's own requests: their methods are in the body, and a batch has several.
    const got = await this.#observed(
      'sdk',
      () => this.#exchange(body),
      (exchange) => (exchange.kind === 'body' ? 'answer' : outcomeOf(exchange)),
    );
    if (got.kind === 'body') return new Response(got.text, { status: got.status });
    throw new TransientError('RPC_UNREACHABLE', `${this.name}: ${inWords(got)}.`, { node: this.name });
  }

  async #exchange(body: string): Promise<Exchange> {
    const restsMs = this.restsMs();
    if (restsMs > 0) return { kind: 'none', why: 'resting', detail: `not asked for another ${restsMs} ms` };
    const { monotonicMs, clock } = this.#ports;
    const { timeoutMs } = this.#tuning;
    const startMs = monotonicMs();
    this.#calls += 1;
    try {
      const { status, text, retryAfter } = await postJson(this.endpoint.url, body, timeoutMs);
      if (status === RATE_LIMITED) {
        this.health.limited(monotonicMs(), retryAfterMs(retryAfter, clock.nowMs()));
        return { kind: 'none', why: 'rate_limited', detail: 'HTTP 429' };
      }
      // Some proxies send a JSON-RPC body with 4xx and 5xx: it counts if it can be read.
      if (!isOk(status) && parseReply(text) === undefined) return this.#silent('unreachable', `HTTP ${status}`);
      this.health.answered(monotonicMs() - startMs);
      return { kind: 'body', status, text };
    } catch (error) {
      // Never the error's own message: it may quote the URL, and that may hold a provider's key.
      if (error instanceof HttpTimeout) return this.#silent('timeout', `${timeoutMs} ms`);
      return this.#silent('unreachable', networkCode(error));
    }
  }

  #silent(why: 'timeout' | 'unreachable' | 'unreadable', detail: string): NoAnswer {
    this.health.failed();
    return { kind: 'none', why, detail };
  }
}

const outcomeOf = (answer: RpcAnswer<unknown>): CallOutcome => (answer.kind === 'none' ? answer.why : answer.kind);

type Reply = { readonly result: unknown } | { readonly error: { readonly code: number; readonly message: string } };

function parseReply(text: string): Reply | undefined {
  let reply: unknown;
  try {
    reply = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof reply !== 'object' || reply === null) return undefined;
  if ('error' in reply && typeof reply.error === 'object' && reply.error !== null) {
    const { code, message } = reply.error as { code?: unknown; message?: unknown };
    if (typeof code !== 'number') return undefined;
    return { error: { code, message: typeof message === 'string' ? message : '' } };
  }
  return 'result' in reply ? { result: reply.result } : undefined;
}

function networkCode(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : 'connection lost';
}
