/** The table "The codec endpoint" of docs/architecture/payloads.md, over HTTP. */
import { request } from 'node:http';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import pino from 'pino';
import { startCodecEndpoint } from '../../src/runtime/codec-endpoint.ts';
import { payloadCipher } from '../../src/runtime/payload-encryption.ts';
import { payloadKeyOf, signingCodec } from '../../src/runtime/payload-signatures.ts';
import { keysOf } from '../support/encryption-keys.ts';
import { freePort } from '../support/free-ports.ts';

const TOKEN = 'the-token-of-the-codec';
const ORIGIN = 'http://127.0.0.1:8233';
const VALUE = { authority: 'a-secret-address' };
const lines: string[] = [];

let port = 0;
let stop = async (): Promise<void> => {};
beforeAll(async () => {
  port = await freePort();
  const logger = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) });
  const cipher = payloadCipher(keysOf('a'));
  ({ stop } = await startCodecEndpoint({ port, token: TOKEN, origin: ORIGIN, cipher, logger, nowMs: Date.now }));
});
afterAll(async () => await stop());

interface Asked {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

const BEARER = { authorization: `Bearer ${TOKEN}` };

/** By Node's own client, which lets a test name any Host. */
const ask = ({ method = 'POST', path = '/decode', headers = BEARER, body = '{"payloads":[]}' }: Asked = {}) =>
  new Promise<{ readonly status: number; readonly headers: NodeJS.Dict<string | string[]>; readonly text: string }>(
    (resolve, reject) => {
      const asked = request({ host: '127.0.0.1', port, method, path, headers, agent: false }, (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.once('end', () =>
          resolve({
            ...{ status: response.statusCode ?? 0, headers: response.headers, text: Buffer.concat(parts).toString() },
          }),
        );
      });
      asked.once('error', reject);
      asked.end(body);
    },
  );

const asJson = ({ metadata, data }: Payload) => ({
  metadata: Object.fromEntries(
    Object.entries(metadata ?? {}).map(([name, part]) => [name, Buffer.from(part).toString('base64')]),
  ),
  data: Buffer.from(data ?? []).toString('base64'),
});
const encrypted = async (id: string): Promise<Payload> => {
  const codec = signingCodec([payloadKeyOf('a token')], payloadCipher(keysOf(id as 'a')));
  const place = { type: 'workflow', namespace: 'default', workflowId: 'engine:1' } as const;
  return (await codec.encode([defaultPayloadConverter.toPayload(VALUE)], place))[0] as Payload;
};

it('decrypts what has one of its keys, and gives the rest back as it is', async () => {
  const given = [await encrypted('a'), await encrypted('unknown'), defaultPayloadConverter.toPayload(1)].map(asJson);
  const body = JSON.stringify({ payloads: given });
  const { status, text } = await ask({ body });
  expect(status).toBe(200);
  const { payloads } = JSON.parse(text);
  expect(JSON.parse(Buffer.from(payloads[0].data, 'base64').toString())).toEqual(VALUE);
  expect(Buffer.from(payloads[0].metadata.encoding, 'base64').toString()).toBe('json/plain');
  expect(payloads.slice(1)).toEqual(given.slice(1));
  // Temporal's UI cannot send our header: the token is in the address there.
  const fromPage = await ask({ path: `/${TOKEN}/decode`, headers: { origin: ORIGIN }, body });
  expect(fromPage).toMatchObject({ status: 200, text, headers: { 'access-control-allow-origin': ORIGIN } });
  expect(lines.join('')).not.toContain('secret');
});

it.each<[string, Asked, number]>([
  ['no token', { headers: {} }, 401],
  ['a wrong token', { headers: { authorization: 'Bearer another-token-here' } }, 401],
  ['a wrong token in the path', { path: '/another-token-here/decode', headers: {} }, 401],
  ['a page of another origin', { headers: { ...BEARER, origin: 'http://evil.example' } }, 403],
  ['a page of the same host on another port', { headers: { ...BEARER, origin: 'http://127.0.0.1:9' } }, 403],
  ['a Host that is not this machine', { headers: { ...BEARER, host: 'evil.example' } }, 403],
  ['encode', { path: '/encode' }, 404],
  ['encode with the token in the path', { path: `/${TOKEN}/encode` }, 404],
  ['a GET', { method: 'GET', body: '' }, 404],
  ['no JSON', { body: 'x' }, 400],
  ['no list', { body: '{"payloads":{}}' }, 400],
  ['payloads that are none', { body: '{"payloads":[{"metadata":{"encoding":1}}]}' }, 400],
  ['null', { body: 'null' }, 400],
])('refuses %s', async (_, asked, status) => {
  expect((await ask(asked)).status).toBe(status);
});

it('refuses more than it holds', async () => {
  const body = JSON.stringify({ payloads: [{ data: 'A'.repeat(17 * 1024 * 1024) }] });
  expect((await ask({ body })).status).toBe(413);
});

it('answers the preflight of its own origin, and of no other', async () => {
  const headers = { origin: ORIGIN, 'access-control-request-private-network': 'true' };
  expect(await ask({ method: 'OPTIONS', headers, body: '' })).toMatchObject({
    status: 204,
    headers: { 'access-control-allow-origin': ORIGIN, 'access-control-allow-private-network': 'true' },
  });
  const foreign = await ask({ method: 'OPTIONS', headers: { origin: 'http://evil.example' }, body: '' });
  expect(foreign.status).toBe(403);
  expect(foreign.headers['access-control-allow-origin']).toBeUndefined();
});

it('answers many wrong tokens with 429, and the right one all the same', async () => {
  let status = 0;
  for (let tries = 0; tries < 60 && status !== 429; tries += 1) {
    ({ status } = await ask({ headers: { authorization: 'Bearer another-token-here' } }));
  }
  expect(status).toBe(429);
  expect((await ask()).status).toBe(200);
  expect(lines.join('')).not.toContain(TOKEN);
});
