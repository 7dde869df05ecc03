/**
 * One HTTP POST over connections that stay open. Node's own client: `fetch` takes half a millisecond of a core more
 * for each request, and a snapshot is read all the time. It follows no redirect.
 */
import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';

interface HttpReply {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly text: string;
}

/** Of the whole exchange, its body included. */
export class HttpTimeout extends Error {
  override readonly name = 'HttpTimeout';
}

/** Shorter than servers keep them: a request must not meet a connection that is just being closed. */
const IDLE_MS = 4_000;
const options = { keepAlive: true, timeout: IDLE_MS } as const;
const plain = { request: http.request, agent: new http.Agent(options) };
const secure = { request: https.request, agent: new https.Agent(options) };
const unzip = promisify(gunzip);

/** When each was last used, by the wall clock: it goes on while a laptop sleeps. */
const freedAtMs = new WeakMap<Socket, number>();
for (const { agent } of [plain, secure]) agent.on('free', (socket: Socket) => freedAtMs.set(socket, Date.now()));

/** After a long stop of this process its timers come late, and a connection that the server has closed would be used again. */
function dropIdle({ freeSockets }: http.Agent): void {
  for (const socket of Object.values(freeSockets).flatMap((sockets) => sockets ?? [])) {
    if (Date.now() - (freedAtMs.get(socket) ?? 0) > IDLE_MS) socket.destroy();
  }
}

/** @throws HttpTimeout; else Node's own error, whose `code` says what broke and whose message may quote the URL */
export async function postJson(url: string, body: string, timeoutMs: number): Promise<HttpReply> {
  const { response, bytes } = await exchange(url, body, timeoutMs);
  const { 'content-encoding': encoding, 'retry-after': retryAfter = null } = response.headers;
  const text = (encoding === 'gzip' ? await unzip(bytes) : bytes).toString('utf8');
  return { status: response.statusCode ?? 0, retryAfter, text };
}

interface Exchanged {
  readonly response: http.IncomingMessage;
  readonly bytes: Buffer;
}

function exchange(url: string, body: string, timeoutMs: number): Promise<Exchanged> {
  const target = new URL(url);
  const { request: open, agent } = target.protocol === 'https:' ? secure : plain;
  dropIdle(agent);
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'accept-encoding': 'gzip',
  };
  return new Promise((resolve, reject) => {
    const request = open(target, { method: 'POST', agent, headers });
    const timer = setTimeout(() => fail(new HttpTimeout(`no whole answer in ${timeoutMs} ms`)), timeoutMs);
    const fail = (error: Error): void => {
      clearTimeout(timer);
      reject(error);
      request.destroy();
    };
    request.on('error', fail);
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('error', fail);
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        clearTimeout(timer);
        resolve({ response, bytes: Buffer.concat(chunks) });
      });
    });
    request.end(body);
  });
}
