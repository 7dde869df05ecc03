/**
 * Temporal's web UI behind our token. The UI itself asks nobody who they are and takes any Host, so that a page in a person's
 * browser could command workflows through it. It listens where nobody looks for it, and this stands before it.
 */
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { Logger } from 'pino';
import { withoutToken } from './address.ts';
import { Auth } from './auth.ts';
import { MAX_STRANGERS } from './limits.ts';
import { Strangers } from './strangers.ts';
import type { AccessTokens } from './tokens.ts';
import { WrongTokens } from './wrong-tokens.ts';

const LOOPBACK = '127.0.0.1';

interface TemporalUiOptions {
  readonly port: number;
  readonly tokens: AccessTokens;
  /** Of the page: who is let in there is let in here, since a browser sends its cookie to every port. */
  readonly pagePort: number;
  /** Where the UI itself listens. */
  readonly target: { readonly host: string; readonly port: number };
  readonly logger: Logger;
  readonly nowMs: () => number;
}

export interface TemporalUi {
  close(): Promise<void>;
}

/** Of one connection, or for us alone: the UI needs neither our cookie nor our token. */
const NOT_FORWARDED = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'cookie', 'authorization']);
const NOT_RETURNED = new Set(['connection', 'keep-alive', 'transfer-encoding']);

const without = <Value>(headers: Readonly<Record<string, Value>>, left: ReadonlySet<string>): Record<string, Value> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !left.has(name.toLowerCase())));

export async function startTemporalUi({
  port,
  tokens,
  pagePort,
  target,
  logger,
  nowMs,
}: TemporalUiOptions): Promise<TemporalUi> {
  const wrongTokens = new WrongTokens({ nowMs, logger, count: () => {} });
  const auth = new Auth({ host: LOOPBACK, port: () => pagePort, tokens, wrongTokens });
  const server = createServer((request, response) => {
    // Whoever reaches the UI commands workflows: it opens to the full token alone.
    const refusal = auth.refusalOf(request, 'full');
    if (refusal !== null) return answer(response, refusal.status, refusal.error.message);
    strangers.admit(request.socket);
    const cookie = auth.cookieFor(request);
    if (cookie !== null && request.method === 'GET') {
      response.writeHead(302, { 'set-cookie': cookie, location: withoutToken(request.url ?? '/') }).end();
      return;
    }
    forward(request, response, target, logger);
  });
  const strangers = new Strangers(server, MAX_STRANGERS);
  await listening(server, port);
  return {
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function forward(
  request: IncomingMessage,
  response: ServerResponse,
  { host, port }: TemporalUiOptions['target'],
  logger: Logger,
): void {
  const { method, url } = request;
  const headers = { ...without(request.headers, NOT_FORWARDED), host: `${host}:${port}` };
  const asked = httpRequest({ host, port, method, path: url, headers }, (given) => {
    response.writeHead(given.statusCode ?? 502, without(given.headers, NOT_RETURNED));
    given.pipe(response);
  });
  asked.once('error', (error) => {
    logger.debug({ err: error }, 'the Temporal UI does not answer');
    if (response.headersSent) response.destroy();
    else answer(response, 502, 'The Temporal UI does not answer. Its server may be starting again.');
  });
  response.once('close', () => asked.destroy());
  request.pipe(asked);
}

function answer(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' });
  response.end(`${message}\n`);
}

const listening = (server: Server, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, LOOPBACK, resolve);
  });
