import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { WebSocket } from 'ws';
import type { Journal } from '../../src/journal/journal.ts';
import { CriticalError } from '../../src/lib/errors.ts';
import { type TestBridge, TOKEN, testBridge } from '../support/bridge.ts';
import { openTestJournal } from '../support/journal.ts';
import { withContext } from '../support/with-context.ts';

let journal: Journal;
let bridge: TestBridge;
let pageDir: string;
const STYLE = 'p{color:red}';

beforeAll(async () => {
  pageDir = await mkdtemp(join(tmpdir(), 'driftless-page-'));
  await mkdir(join(pageDir, 'assets'));
  await writeFile(join(pageDir, 'index.html'), `<!doctype html><title>Driftless</title><style>${STYLE}</style>`);
  await writeFile(join(pageDir, 'assets', 'page-abc123.js'), 'export {};');
  await writeFile(join(pageDir, '.secret'), 'no');
  journal = await openTestJournal();
  bridge = await testBridge({ journal, settings: { pageDir } });
});
afterAll(async () => {
  await bridge.close();
  await journal.close();
  await rm(pageDir, { recursive: true });
});

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests read whatever came over the wire
  readonly json: any;
}

/** fetch forbids setting Host and Origin, which is what is tried here. */
function get(path: string, headers: Readonly<Record<string, string>> = {}, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port: bridge.port, path, method, headers }, (response) => {
      let text = '';
      response.on('data', (part) => {
        text += part;
      });
      response.on('end', () => {
        const isJson = response.headers['content-type']?.includes('json') === true;
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text,
          json: isJson && text !== '' ? JSON.parse(text) : null,
        });
      });
    });
    asked.on('error', reject);
    asked.end();
  });
}

const upgrade = async (headers: Readonly<Record<string, string>>, path = '/ws'): Promise<number> => {
  const socket = new WebSocket(`ws://127.0.0.1:${bridge.port}${path}`, { headers });
  const status = await Promise.race([
    once(socket, 'open').then(() => 101),
    new Promise<number>((resolve) =>
      socket.once('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0)),
    ),
  ]);
  socket.on('error', () => {});
  socket.terminate();
  return status;
};

const bearer = { Authorization: `Bearer ${TOKEN}` };
const self = () => `http://127.0.0.1:${bridge.port}`;
const cookie = () => `driftless_${bridge.port}=${TOKEN}`;

describe('the token', () => {
  it.each([
    ['a bearer', () => bearer, 200],
    ['a cookie', () => ({ Cookie: `other=1; ${cookie()}` }), 200],
    ['none', () => ({}), 401],
    ['a wrong bearer', () => ({ Authorization: 'Bearer wrong' }), 401],
    ['a beginning of it', () => ({ Authorization: `Bearer ${TOKEN.slice(0, -1)}` }), 401],
    ['more than it', () => ({ Authorization: `Bearer ${TOKEN}x` }), 401],
    ['basic authentication', () => ({ Authorization: `Basic ${Buffer.from(`a:${TOKEN}`).toString('base64')}` }), 401],
    ["another port's cookie", () => ({ Cookie: `driftless_1=${TOKEN}` }), 401],
    ['a broken cookie', () => ({ Cookie: `driftless_${bridge.port}=%` }), 401],
  ] as const)('as %s gives %3$s', async (_name, headers, status) => {
    const answer = await get('/api/config', headers());
    expect(answer.status).toBe(status);
    if (status === 401) expect(answer.json.error).toMatchObject({ code: 'UNAUTHORIZED' });
    expect(await upgrade(headers())).toBe(status === 200 ? 101 : status);
  });

  it('may stand in the address', async () => {
    expect((await get(`/api/config?token=${TOKEN}`)).status).toBe(200);
    expect((await get('/api/config?token=wrong')).status).toBe(401);
    expect(await upgrade({}, `/ws?token=${TOKEN}`)).toBe(101);
    expect(await upgrade({}, '/ws?token=wrong')).toBe(401);
  });

  it('in the address of the page becomes a cookie that no script reads, and leaves the address', async () => {
    const answer = await get(`/?token=${TOKEN}&tab=funding`);
    expect(answer.status).toBe(303);
    expect(answer.headers.location).toBe('/?tab=funding');
    const [set] = answer.headers['set-cookie'] as string[];
    expect(set).toMatch(new RegExp(`^driftless_${bridge.port}=.*; HttpOnly; SameSite=Strict; Path=/`));
    const page = await get('/', { Cookie: set?.split(';')[0] ?? '' });
    expect(page).toMatchObject({ status: 200, text: expect.stringContaining('Driftless') });
  });

  it('is asked for by the page, the lists and the metrics, not by health and readiness', async () => {
    for (const path of [
      '/',
      '/?token=wrong',
      '/assets/page-abc123.js',
      '/metrics',
      '/api/trades',
      '/api/state',
      '/nowhere',
    ]) {
      await withContext(path, async () => expect((await get(path)).status).toBe(401));
    }
    for (const path of ['/healthz', '/readyz'])
      await withContext(path, async () => expect((await get(path)).status).toBe(200));
  });
});

describe('the origin', () => {
  const ORIGINS: readonly (readonly [string, () => string, number])[] = [
    ['our own page', () => self(), 200],
    ['another site', () => 'https://evil.example', 403],
    ['another port of this machine', () => 'http://127.0.0.1:1', 403],
    ['our host under another name', () => `http://localhost:${bridge.port}`, 403],
    ['null, as from a file or a sandbox', () => 'null', 403],
    ['no address', () => 'nonsense', 403],
    ['our address as a beginning', () => `${self()}.evil.example`, 403],
  ];
  it.each(ORIGINS)('of %s', async (_name, origin, status) => {
    const headers = { ...bearer, Origin: origin() };
    const answer = await get('/api/config', headers);
    expect(answer.status).toBe(status);
    if (status === 403) expect(answer.json.error).toMatchObject({ code: 'UNAUTHORIZED', details: { part: 'origin' } });
    expect(await upgrade(headers)).toBe(status === 200 ? 101 : status);
  });

  it('does not stand in for the token', async () => {
    expect((await get('/api/config', { Origin: self() })).status).toBe(401);
    expect(await upgrade({ Origin: self() })).toBe(401);
  });

  it.each(['evil.example', 'evil.example:8765', '127.0.0.1.evil.example', '169.254.169.254', '[::2]'])(
    'check is not fooled by a name that points to us: Host %s',
    async (host) => {
      expect((await get('/api/config', { ...bearer, Host: host })).status).toBe(403);
      expect(await upgrade({ ...bearer, Host: host, Origin: `http://${host}` })).toBe(403);
    },
  );

  it.each(['localhost', 'LOCALHOST:99', '127.0.0.1', '[::1]:8765'])(
    'of this machine is taken: Host %s',
    async (host) => {
      expect((await get('/api/config', { ...bearer, Host: host })).status).toBe(200);
    },
  );
});

describe('the page', () => {
  it('runs its own scripts only, and speaks to its own socket only', async () => {
    const { headers } = await get('/', bearer);
    const policy = String(headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).toContain(`connect-src 'self' ws://127.0.0.1:${bridge.port}`);
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('unsafe');
    expect(policy).not.toContain('upgrade-insecure-requests');
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-cache',
    });
    expect(headers['x-powered-by']).toBeUndefined();
  });

  it('has its styles in the document, and the policy allows them alone', async () => {
    const { headers, text } = await get('/', bearer);
    expect(text).toContain(`<style>${STYLE}</style>`);
    const hash = createHash('sha256').update(STYLE).digest('base64');
    expect(String(headers['content-security-policy'])).toContain(`style-src 'self' 'sha256-${hash}';`);
  });

  it('is served for the list of engines and for each of them, to those with the token', async () => {
    for (const path of ['/engines', '/engines/engine:paper:synthetic:7:0']) {
      expect(await get(path, bearer)).toMatchObject({ status: 200, text: expect.stringContaining('Driftless') });
      expect((await get(path)).status).toBe(401);
      const opened = await get(`${path}?token=${TOKEN}`);
      expect(opened).toMatchObject({ status: 303, headers: { location: path } });
    }
  });

  it('is cached for ever where its name tells its content, and hides dotfiles and what lies beside it', async () => {
    expect((await get('/assets/page-abc123.js', bearer)).headers['cache-control']).toContain('immutable');
    for (const path of ['/.secret', '/../../etc/passwd', '/%2e%2e/%2e%2e/etc/passwd', '/assets/none.js', '/%']) {
      const answer = await get(path, bearer);
      withContext(path, () => expect([400, 404]).toContain(answer.status));
      withContext(path, () => expect(answer.json.error.code).toMatch(/^(NOT_FOUND|INVALID_MESSAGE)$/));
    }
  });

  it('takes no commands over HTTP', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      await withContext(method, async () => expect((await get('/api/state', bearer, method)).status).toBe(405));
    }
  });

  it('has its socket at /ws alone', async () => {
    expect(await upgrade(bearer, '/')).toBe(404);
    expect(await upgrade(bearer, '/ws/other')).toBe(404);
  });
});

describe('the port', () => {
  it('that a stranger holds is named, with the setting that moves us', async () => {
    const stranger = createServer().listen(0, '127.0.0.1');
    await once(stranger, 'listening');
    const address = stranger.address();
    const port = address !== null && typeof address !== 'string' ? address.port : 0;
    const error = await testBridge({ journal, settings: { port } }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(CriticalError);
    expect(error).toMatchObject({ code: 'PORT_IN_USE', details: { setting: 'PORT', port } });
    expect(String(error)).toContain('PORT=');
    stranger.close();
  });
});
