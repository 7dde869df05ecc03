/** JSON-RPC servers on real sockets whose every answer, and every failure to answer, a test writes itself. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** What becomes of a call. Anything else is the result. */
export type Reply =
  | { readonly fault: 'hang' | 'cut' }
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }
  | { readonly error: { readonly code: number; readonly message: string } }
  | { readonly result: unknown };

export type Script = Readonly<Record<string, (params: readonly unknown[], call: number) => Reply | Promise<Reply>>>;

export interface Call {
  readonly method: string;
  readonly params: readonly unknown[];
}

export interface ScriptedRpc {
  readonly url: string;
  readonly calls: readonly Call[];
  count(method: string): number;
  /** Later lines win over earlier ones. */
  script(more: Script): void;
  close(): Promise<void>;
}

export const result = (value: unknown): Reply => ({ result: value });
export const refusal = (code: number, message: string): Reply => ({ error: { code, message } });

const METHOD_NOT_FOUND = refusal(-32601, 'Method not found');

export async function scriptedRpc(first: Script = {}): Promise<ScriptedRpc> {
  const calls: Call[] = [];
  let script = first;
  const sockets = new Set<Socket>();
  const server: Server = createServer((request, response) => void answer(request, response));
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { id, method, params } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Call & { id: number };
    const number = calls.filter((call) => call.method === method).length;
    calls.push({ method, params });
    const reply = (await script[method]?.(params, number)) ?? METHOD_NOT_FOUND;
    if ('fault' in reply) {
      if (reply.fault === 'cut') request.socket.destroy();
      return;
    }
    if ('status' in reply) {
      response.writeHead(reply.status, reply.headers ?? {}).end(reply.body ?? '');
      return;
    }
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ jsonrpc: '2.0', id, ...reply }));
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    count: (method) => calls.filter((call) => call.method === method).length,
    script: (more) => {
      script = { ...script, ...more };
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
