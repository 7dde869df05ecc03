/** A worker on its own: health, readiness and metrics on this machine's loopback, since it has no bridge to serve them. */
import { createServer } from 'node:http';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { Auth } from '../bridge/auth.ts';
import { MAX_STRANGERS } from '../bridge/limits.ts';
import type { Readiness } from '../bridge/ports.ts';
import { Strangers } from '../bridge/strangers.ts';
import { AccessTokens } from '../bridge/tokens.ts';
import { WrongTokens } from '../bridge/wrong-tokens.ts';
import { LOOPBACK, listenOnLoopback } from './loopback.ts';

interface WorkerPortOptions {
  readonly port: number;
  readonly token: string;
  readonly readToken: string | null;
  readonly registry: Registry;
  readonly readiness: () => Promise<Readiness>;
  readonly nowMs: () => number;
  readonly logger: Logger;
}

/** @throws CriticalError PORT_IN_USE */
export async function startWorkerPort(options: WorkerPortOptions): Promise<{ stop(): Promise<void> }> {
  const { port, token, readToken, registry, readiness, nowMs, logger } = options;
  const wrongTokens = new WrongTokens({ nowMs, logger, count: () => {} });
  const auth = new Auth({ host: LOOPBACK, port: () => port, tokens: new AccessTokens(token, readToken), wrongTokens });
  const server = createServer(async (request, response) => {
    const answer = (status: number, type: string, body: string): void => {
      response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body);
    };
    const json = (status: number, body: object): void => answer(status, 'application/json', JSON.stringify(body));
    const path = (request.url ?? '/').split('?', 1)[0];
    if (auth.accessOf(request) !== null) strangers.admit(request.socket);
    if (path === '/healthz') return json(200, { ok: true });
    if (path === '/readyz') {
      const parts = await readiness();
      const ready = Object.values(parts).every(({ ok }) => ok);
      return json(ready ? 200 : 503, { ready, parts });
    }
    if (path !== '/metrics') return json(404, { error: { code: 'NOT_FOUND', message: 'Not found.' } });
    const refusal = auth.refusalOf(request, 'read');
    if (refusal !== null) return json(refusal.status, { error: refusal.error });
    answer(200, registry.contentType, await registry.metrics());
  });
  const strangers = new Strangers(server, MAX_STRANGERS);
  await listenOnLoopback(server, port, 'WORKER_PORT');
  return {
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
