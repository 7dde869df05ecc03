import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FaultRules, FaultSubject } from '../faults/faults.ts';
import type { FaultRule } from '../faults/rule.ts';
import { toJson } from '../json.ts';
import { RpcError } from '../rpc/rpc-error.ts';
import { fromBase58 } from '../wire/base58.ts';
import { parseTransaction } from '../wire/transaction.ts';
import { answer } from './endpoint.ts';

const MAX_BATCH = 100;

interface Call {
  readonly id: unknown;
  readonly method: string;
  readonly params: unknown;
}

/** Answers one call; throws RpcError. */
type Perform = (method: string, params: unknown, request: IncomingMessage) => unknown;

/** JSON-RPC over HTTP, single calls and batches, with the faults that meet requests and replies. */
export class JsonRpc {
  readonly #node: string;
  readonly #faults: FaultRules;
  readonly #perform: Perform;

  constructor(node: string, faults: FaultRules, perform: Perform) {
    this.#node = node;
    this.#faults = faults;
    this.#perform = perform;
  }

  handle(request: IncomingMessage, response: ServerResponse, body: string): void {
    if (request.method === 'OPTIONS') answer(response, 204, '');
    else if (request.method === 'GET') this.#health(request, response);
    else this.#receive(request, response, body);
  }

  #receive(request: IncomingMessage, response: ServerResponse, body: string): void {
    const calls = readCalls(body);
    if (calls === null) {
      answer(response, 200, toJson(failure(null, new RpcError(-32700, 'Parse error'))));
      return;
    }
    const subject = this.#subjectOf(calls.list);
    const rule = this.#faults.onRequest(subject);
    if (rule === null) this.#answerAll(request, response, calls, subject);
    else if (rule.kind === 'slow') setTimeout(() => this.#answerAll(request, response, calls, subject), rule.ms);
    else refuse(request, response, rule, calls.list[0]?.id ?? null);
  }

  /** One call as a value, for the socket too. */
  call({ id, method, params }: Call, request: IncomingMessage): object {
    try {
      return { jsonrpc: '2.0', result: this.#perform(method, params, request), id };
    } catch (error) {
      if (error instanceof RpcError) return failure(id, error);
      const why = error instanceof Error ? error.message : String(error);
      return failure(id, new RpcError(-32603, `Internal error: ${why}`));
    }
  }

  #health(request: IncomingMessage, response: ServerResponse): void {
    if (request.url !== '/health') {
      answer(response, 405, '');
      return;
    }
    const { result } = this.call({ id: null, method: 'getHealth', params: [] }, request) as { result?: string };
    answer(response, 200, result ?? 'behind', { 'content-type': 'text/plain' });
  }

  #answerAll(
    request: IncomingMessage,
    response: ServerResponse,
    { list, isBatch }: { list: Call[]; isBatch: boolean },
    subject: FaultSubject,
  ): void {
    const answers = list.map((call) => this.call(call, request));
    const lost = this.#faults.onReply(subject);
    const body = toJson(isBatch ? answers : answers[0]);
    if (lost === null) answer(response, 200, body);
    else lose(request, response, lost, body);
  }

  #subjectOf(calls: readonly Call[]): FaultSubject {
    const [first] = calls;
    const about = first === undefined ? {} : transactionIn(first);
    return { node: this.#node, ...(first === undefined ? {} : { method: first.method }), ...about };
  }
}

function readCalls(body: string): { list: Call[]; isBatch: boolean } | null {
  try {
    const value: unknown = JSON.parse(body);
    const isBatch = Array.isArray(value);
    const list = (isBatch ? value : [value]) as Partial<Call>[];
    if (list.length === 0 || list.length > MAX_BATCH) return null;
    return {
      isBatch,
      list: list.map((one) => ({ id: one?.id ?? null, method: String(one?.method), params: one?.params })),
    };
  } catch {
    return null;
  }
}

const failure = (id: unknown, { code, message, data }: RpcError) => ({
  jsonrpc: '2.0',
  error: { code, message, ...(data === undefined ? {} : { data }) },
  id,
});

/** Which transaction a call is about, as far as it says so: rules can be narrowed to it. */
function transactionIn({ method, params }: Call): { signature?: string; accounts?: readonly string[] } {
  const [first, config] = Array.isArray(params) ? (params as unknown[]) : [];
  if (method === 'sendTransaction' || method === 'simulateTransaction' || method === 'sendBundle') {
    const text = Array.isArray(first) ? first[0] : first;
    if (typeof text !== 'string') return {};
    const { encoding } = (config ?? {}) as { encoding?: string };
    const wire = encoding === 'base64' ? new Uint8Array(Buffer.from(text, 'base64')) : fromBase58(text);
    const transaction = wire === null ? null : parseTransaction(wire);
    return transaction === null ? {} : { signature: transaction.signatures[0] as string, accounts: transaction.keys };
  }
  const name = Array.isArray(first) ? first[0] : first;
  return typeof name === 'string' ? { signature: name, accounts: [name] } : {};
}

function refuse(request: IncomingMessage, response: ServerResponse, rule: FaultRule, id: unknown): void {
  if (rule.kind === 'cut') request.socket.destroy();
  else if (rule.kind === 'hang') hang(request, rule.ms);
  else if (rule.kind === 'rpc-error') answer(response, 200, toJson(failure(id, new RpcError(rule.code, rule.message))));
  else if (rule.kind === 'http') answer(response, rule.status, 'Service unavailable', { 'content-type': 'text/plain' });
  else {
    const headers: Record<string, string> = rule.retryAfter > 0 ? { 'retry-after': String(rule.retryAfter) } : {};
    answer(response, 429, toJson(failure(id, new RpcError(429, 'Too many requests for a specific RPC call'))), headers);
  }
}

/** Performed, and the client does not learn it. */
function lose(request: IncomingMessage, response: ServerResponse, { how, ms }: FaultRule, body: string): void {
  if (how === 'cut') request.socket.destroy();
  else if (how === 'hang') hang(request, ms);
  else if (how === 'http-500') answer(response, 500, 'Internal Server Error', { 'content-type': 'text/plain' });
  else {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
    response.write(body.slice(0, body.length / 2), () => request.socket.destroy());
  }
}

function hang(request: IncomingMessage, ms: number): void {
  if (ms > 0) setTimeout(() => request.socket.destroy(), ms);
}
