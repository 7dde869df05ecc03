/**
 * Decrypts payloads for Temporal's web UI and command line: docs/architecture/payloads.md, "The codec endpoint". On loopback,
 * for its own token and pages of one origin. It encrypts nothing and logs no payload.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Payload } from '@temporalio/common';
import type { Logger } from 'pino';
import { MAX_STRANGERS } from '../bridge/limits.ts';
import { Strangers } from '../bridge/strangers.ts';
import { WrongTokens } from '../bridge/wrong-tokens.ts';
import { listenOnLoopback } from './loopback.ts';
import type { PayloadCipher } from './payload-encryption.ts';

export interface CodecEndpointSettings {
  readonly port: number;
  readonly token: string;
  /** Of the pages that may ask, such as `http://127.0.0.1:8233`. */
  readonly origin: string;
}

interface CodecEndpointOptions extends CodecEndpointSettings {
  readonly cipher: PayloadCipher;
  readonly logger: Logger;
  readonly nowMs: () => number;
}

interface JsonPayload {
  readonly metadata?: Readonly<Record<string, string>>;
  readonly data?: string;
}

const MAX_BYTES = 16 * 1024 * 1024;
const PREFLIGHT_S = '600';
const HOSTS = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/i;

/** @throws CriticalError PORT_IN_USE */
export async function startCodecEndpoint(options: CodecEndpointOptions): Promise<{ stop(): Promise<void> }> {
  const { port, nowMs, logger } = options;
  const wrongTokens = new WrongTokens({ nowMs, logger, count: () => {} });
  const server = createServer((request, response) => {
    answer(request, response, { ...options, wrongTokens, strangers }).catch(() => response.destroy());
  });
  const strangers = new Strangers(server, MAX_STRANGERS);
  await listenOnLoopback(server, port, 'CODEC_ENDPOINT_PORT');
  return {
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface GuardedOptions extends CodecEndpointOptions {
  readonly wrongTokens: WrongTokens;
  readonly strangers: Strangers;
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { token, origin, cipher, wrongTokens, strangers }: GuardedOptions,
): Promise<void> {
  const say = (status: number, body: object): void => {
    response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
    response.end(JSON.stringify(body));
  };
  const refuse = (status: number, message: string): void => say(status, { message });
  if (!HOSTS.test(request.headers.host ?? '')) return refuse(403, 'The Host header does not name this machine.');
  const from = request.headers.origin;
  if (from !== undefined && from !== origin) return refuse(403, 'Pages of this origin are not allowed.');
  if (from !== undefined) {
    response.setHeader('access-control-allow-origin', origin);
    response.setHeader('vary', 'origin');
  }
  if (request.method === 'OPTIONS') return preflight(request, response);
  const asked = tokenAndPath(request);
  if (asked.token === null || !isSame(asked.token, token)) {
    const waitS = asked.token === null ? null : wrongTokens.add(request.socket.remoteAddress ?? '');
    if (waitS === null) return refuse(401, 'The token of the codec endpoint is missing or wrong.');
    response.setHeader('retry-after', waitS);
    return refuse(429, 'Too many wrong tokens came from this address.');
  }
  strangers.admit(request.socket);
  if (request.method !== 'POST' || asked.path !== '/decode') return refuse(404, 'This endpoint answers POST /decode.');
  const text = await bodyOf(request);
  if (text === null) return refuse(413, `More than ${MAX_BYTES} bytes.`);
  const payloads = payloadsIn(text);
  if (payloads === null)
    return refuse(400, 'The body is no list of payloads: {"payloads":[{"metadata":{},"data":""}]}.');
  say(200, { payloads: payloads.map((payload) => decoded(payload, cipher)) });
}

/** A page asks first. The browser also asks on behalf of a public page whether it may reach this machine. */
function preflight(request: IncomingMessage, response: ServerResponse): void {
  const isPrivate = request.headers['access-control-request-private-network'] === 'true';
  response.writeHead(204, {
    'access-control-allow-methods': 'POST',
    'access-control-allow-headers': 'authorization, authorization-extras, caller-type, content-type, x-namespace',
    'access-control-max-age': PREFLIGHT_S,
    ...(isPrivate ? { 'access-control-allow-private-network': 'true' } : {}),
  });
  response.end();
}

/** Temporal's UI sends no header of ours, so its token may be the first part of the path: `/<token>/decode`. */
function tokenAndPath({ headers, url = '/' }: IncomingMessage): {
  readonly token: string | null;
  readonly path: string;
} {
  const path = url.split('?', 1)[0] ?? '/';
  const bearer = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1];
  const inPath = /^\/([\w-]+)(\/\w+)$/.exec(path);
  if (inPath !== null) return { token: inPath[1] ?? null, path: inPath[2] ?? '' };
  return { token: bearer ?? null, path };
}

/** Compares digests, so that the time reveals neither length nor a common beginning. */
const isSame = (a: string, b: string): boolean => timingSafeEqual(digestOf(a), digestOf(b));
const digestOf = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Null: too long. */
async function bodyOf(request: IncomingMessage): Promise<string | null> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request.iterator({ destroyOnReturn: false })) {
    length += part.length;
    if (length > MAX_BYTES) {
      // The rest is read and thrown away, so that the client gets the answer.
      request.resume();
      return null;
    }
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}

function payloadsIn(text: string): readonly JsonPayload[] | null {
  try {
    const payloads: unknown = JSON.parse(text)?.payloads;
    return Array.isArray(payloads) && payloads.every(isPayload) ? payloads : null;
  } catch {
    return null;
  }
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

function isPayload(value: unknown): value is JsonPayload {
  if (!isObject(value)) return false;
  const { metadata = {}, data = '' } = value;
  return (
    isObject(metadata) && Object.values(metadata).every((text) => typeof text === 'string') && typeof data === 'string'
  );
}

/** One whose key is not here, or that was changed, comes back as it is: the rest can still be read. */
function decoded(given: JsonPayload, cipher: PayloadCipher): JsonPayload {
  const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'));
  const metadata = Object.fromEntries(Object.entries(given.metadata ?? {}).map(([name, text]) => [name, bytes(text)]));
  const payload: Payload = { metadata, data: bytes(given.data ?? '') };
  try {
    const opened = cipher.open(payload);
    if (opened === payload) return given;
    const base64 = (part: Uint8Array): string => Buffer.from(part).toString('base64');
    return {
      metadata: Object.fromEntries(Object.entries(opened.metadata ?? {}).map(([name, part]) => [name, base64(part)])),
      data: base64(opened.data as Uint8Array),
    };
  } catch {
    return given;
  }
}
