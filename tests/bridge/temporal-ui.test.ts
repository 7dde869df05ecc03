import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { startTemporalUi, type TemporalUi } from '../../src/bridge/temporal-ui.ts';
import { AccessTokens } from '../../src/bridge/tokens.ts';
import { freePorts } from '../support/free-ports.ts';

const TOKEN = 'token-of-the-temporal-ui-tests';
const PAGE_PORT = 8765;

let target: Server;
let ui: TemporalUi;
let port: number;
const reached: IncomingMessage[] = [];

beforeAll(async () => {
  target = createServer((request, response) => {
    reached.push(request);
    request.resume();
    response.writeHead(200, { 'content-type': 'text/plain' }).end(`${request.method} ${request.url}`);
  });
  await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve));
  [port = 0] = await freePorts(1);
  const place = { host: '127.0.0.1', port: (target.address() as AddressInfo).port };
  const logger = pino({ level: 'silent' });
  ui = await startTemporalUi({
    port,
    tokens: new AccessTokens(TOKEN),
    pagePort: PAGE_PORT,
    target: place,
    logger,
    nowMs: Date.now,
  });
});
afterAll(async () => {
  await ui.close();
  target.closeAllConnections();
  await new Promise((resolve) => target.close(resolve));
});

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: IncomingMessage['headers'];
}

function ask(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  reached.length = 0;
  return new Promise((resolve, reject) => {
    const sent = httpRequest({ host: '127.0.0.1', port, path, method, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text, headers: response.headers }));
    });
    sent.once('error', reject);
    sent.end();
  });
}

const bearer = { authorization: `Bearer ${TOKEN}` };
const FLATTEN = '/api/v1/namespaces/driftless/workflows/engine/update/command';

describe("Temporal's web UI", () => {
  it.each([
    ['without a token', {}, 401],
    ['with a wrong token', { authorization: 'Bearer another-token-entirely' }, 401],
    ['under a name of another machine, whatever token', { ...bearer, host: 'rebound.example:8233' }, 403],
    ['from a page of another site', { ...bearer, origin: 'https://evil.example' }, 403],
  ])('%s is not reached', async (_, headers, status) => {
    for (const method of ['GET', 'POST']) expect((await ask(FLATTEN, headers, method)).status).toBe(status);
    expect(reached).toEqual([]);
  });

  it('is reached with the token, which goes no further', async () => {
    expect(await ask('/namespaces', bearer)).toMatchObject({ status: 200, text: 'GET /namespaces' });
    expect(reached[0]?.headers.authorization).toBeUndefined();
  });

  it('lets in whom the page let in: a browser sends its cookie to every port', async () => {
    const cookie = `driftless_${PAGE_PORT}=${TOKEN}`;
    expect((await ask('/namespaces', { cookie })).status).toBe(200);
    expect(reached[0]?.headers.cookie).toBeUndefined();
    const own = { cookie, origin: `http://127.0.0.1:${port}`, host: `127.0.0.1:${port}` };
    expect((await ask(FLATTEN, own, 'POST')).text).toBe(`POST ${FLATTEN}`);
    expect((await ask(FLATTEN, { ...own, origin: 'http://127.0.0.1:3000' }, 'POST')).status).toBe(403);
  });

  it('takes the token from an address, and out of it', async () => {
    const opened = await ask(`/namespaces?token=${TOKEN}&page=2`);
    expect(opened).toMatchObject({ status: 302, headers: { location: '/namespaces?page=2' } });
    expect(opened.headers['set-cookie']?.[0]).toMatch(/HttpOnly; SameSite=Strict/);
  });

  it.each([
    ['//', '/'],
    ['//evil.example/', '/evil.example/'],
    ['/\\evil.example/', '/evil.example/'],
  ])('leads from %s to no other host', async (path, location) => {
    expect(await ask(`${path}?token=${TOKEN}`)).toMatchObject({ status: 302, headers: { location } });
  });

  it('says so where it does not answer', async () => {
    const [own = 0, nowhere = 0] = await freePorts(2);
    const logger = pino({ level: 'silent' });
    const target = { host: '127.0.0.1', port: nowhere };
    const alone = await startTemporalUi({
      port: own,
      tokens: new AccessTokens(TOKEN),
      pagePort: PAGE_PORT,
      target,
      logger,
      nowMs: Date.now,
    });
    const response = await fetch(`http://127.0.0.1:${own}/`, { headers: bearer });
    expect([response.status, await response.text()]).toEqual([502, expect.stringContaining('does not answer')]);
    await alone.close();
  });
});
