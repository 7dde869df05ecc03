/** Doctor on broken set-ups: real files, ports, databases, nodes and servers, each broken in one way. What it says, and what helps. */
import { generateKeyPairSync } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { sql } from 'kysely';
import { webhook } from '../../src/alerts/messengers/webhook.ts';
import { channels, judgeHeartbeat, judgeMessengers } from '../../src/doctor/checks/channels.ts';
import { CHECKS } from '../../src/doctor/checks/index.ts';
import { examine } from '../../src/doctor/examine.ts';
import type { Finding } from '../../src/doctor/finding.ts';
import { openSubject } from '../../src/doctor/open-subject.ts';
import { lockDataFolder } from '../../src/journal/data-lock.ts';
import { openJournal } from '../../src/journal/open-journal.ts';
import { toBase58 } from '../../src/lib/base58.ts';
import { pageName } from '../../src/runtime/page.ts';
import { createRedactor } from '../../src/runtime/redaction.ts';
import { bundleName } from '../../src/runtime/workflow-bundle.ts';
import { serveSigner } from '../../src/signer/signer-server.ts';
import { engineOf, operationOf } from '../journal/records.ts';
import { READY, TOKEN, testBridge } from '../support/bridge.ts';
import { freePort, freePorts } from '../support/free-ports.ts';
import { openTestJournal } from '../support/journal.ts';
import { makeTestDataFolder } from '../support/pglite-image.ts';
import { factsOf as chainFacts, honest } from '../support/scripted-chain.ts';
import { refusal, result, type Script, type ScriptedRpc, scriptedRpc } from '../support/scripted-rpc.ts';
import { temporalAddress } from '../support/temporal-address.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MAINNET = '5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d';
const AUTHORITY = toBase58(new Uint8Array(32).fill(7));
const NOW_MS = Date.UTC(2026, 11, 1);

let folder = '';
let home = '';
let closing: (() => Promise<unknown>)[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'driftless-doctor-'));
  home = join(folder, '.driftless');
  closing = [];
});
afterEach(async () => {
  for (const close of closing.reverse()) await close();
  await rm(folder, { recursive: true, force: true });
});

interface Examined {
  readonly dotenv?: string | null;
  readonly url?: string;
  readonly token?: string;
  readonly nodeVersion?: string;
  readonly nowMs?: () => number;
  readonly sendsTest?: boolean;
  readonly root?: string;
}

/** @param names the checks to run; all without */
async function examined(
  names: readonly string[],
  env: NodeJS.ProcessEnv = {},
  more: Examined = {},
): Promise<readonly Finding[]> {
  const [page, temporal, ui] = await freePorts(3);
  const { subject, close } = await openSubject({
    source: {
      cwd: folder,
      dotenv: more.dotenv ?? null,
      env: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        PORT: `${page}`,
        TEMPORAL_PORT: `${temporal}`,
        TEMPORAL_UI_PORT: `${ui}`,
        ...env,
      },
    },
    root: more.root ?? ROOT,
    place: { url: more.url ?? `http://127.0.0.1:${page}`, token: more.token ?? TOKEN },
    sendsTest: more.sendsTest ?? false,
    clock: { nowMs: more.nowMs ?? (() => NOW_MS) },
    ...(more.nodeVersion === undefined ? {} : { nodeVersion: more.nodeVersion }),
  });
  const chosen = CHECKS.filter(({ name }) => names.length === 0 || names.includes(name));
  const { scrub } = createRedactor(subject.settings?.secrets ?? []);
  const found = await examine(chosen, subject, { scrub, tell: () => {} });
  await close();
  return found;
}

/** The findings that are not all right. */
const wrong = async (...given: Parameters<typeof examined>) =>
  (await examined(...given)).filter(({ verdict }) => verdict !== 'pass');

const failing = (message: RegExp, remedy: RegExp) => ({
  ...{ verdict: 'fail', message: expect.stringMatching(message), remedy: expect.stringMatching(remedy) },
});
const warning = (message: RegExp, remedy: RegExp) => ({ ...failing(message, remedy), verdict: 'warn' });

const LIVE = { ENGINE_MODE: 'live', AUTHORITY, DRIFT_ENV: 'mainnet-beta' };

async function nodeThat(more: Script = {}): Promise<ScriptedRpc> {
  const chain = await scriptedRpc({ ...honest(chainFacts()), ...HEALTHY, ...more });
  closing.push(chain.close);
  return chain;
}

const SLOT = 300_000_000;
const DAY_SLOTS = 216_000;
const HEALTHY: Script = {
  getSlot: () => result(SLOT),
  getVersion: () => result({ 'solana-core': '2.1.0' }),
  getGenesisHash: () => result(MAINNET),
  getFirstAvailableBlock: () => result(SLOT - 3 * DAY_SLOTS),
  getBlocksWithLimit: ([from]) => result([from]),
  getBlock: () => result({ blockHeight: 1, blockhash: 'x', parentSlot: 1 }),
  getBlockTime: ([slot]) => result(Math.round(NOW_MS / 1_000 - (SLOT - Number(slot)) * 0.4)),
};

function keyText(): { readonly bytes: string; readonly base58: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const seed = privateKey.export({ type: 'pkcs8', format: 'der' }).subarray(-32);
  const bytes = Buffer.concat([seed, publicKey.export({ type: 'spki', format: 'der' }).subarray(-32)]);
  return { bytes: JSON.stringify([...bytes]), base58: toBase58(bytes) };
}

describe('the machine', () => {
  it('a Node that is too old', async () => {
    expect(await wrong(['node'], {}, { nodeVersion: '18.20.0' })).toMatchObject([
      failing(/this is 18\.20\.0/, /^Install one of these/),
    ]);
  });

  it('a port of another program, named with its setting', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing.push(async () => await new Promise((resolve) => server.close(resolve)));
    const { port } = server.address() as AddressInfo;
    const found = await wrong(['ports'], { TEMPORAL_PORT: String(port) });
    expect(found).toMatchObject([
      failing(new RegExp(`Port ${port} is in use by process ${process.pid}`), /TEMPORAL_PORT=/),
    ]);
  });

  it('a host that is none of this machine', async () => {
    expect(await wrong(['ports'], { HOST: '192.0.2.1' })).toMatchObject([
      failing(/no address 192\.0\.2\.1/, /Set HOST/),
    ]);
  });

  it('a page and a bundle that nothing can build, and those that an image has beside the program', async () => {
    const root = join(folder, 'app');
    await mkdir(root);
    const sources = (await readdir(ROOT)).filter((name) => name !== 'node_modules' && name !== 'dist');
    for (const name of sources) await symlink(join(ROOT, name), join(root, name));
    expect(await wrong(['page'], {}, { root })).toMatchObject([
      failing(/vite is missing/, /npm ci/),
      failing(/webpack is missing/, /npm ci/),
    ]);
    await mkdir(join(root, 'dist', pageName(root)), { recursive: true });
    await writeFile(join(root, 'dist', pageName(root), 'index.html'), '');
    await writeFile(join(root, 'dist', bundleName(root)), '');
    expect(await examined(['page'], {}, { root })).toMatchObject([
      { verdict: 'pass', message: 'The page and the workflows are built.' },
    ]);
  });

  it('a clock that stands years back', async () => {
    expect(await wrong(['clock'], {}, { nowMs: () => Date.UTC(2020, 0, 1) })).toMatchObject([
      failing(/2020-01-01/, /NTP/),
    ]);
  });
});

describe('settings, keys and files', () => {
  it('every wrong setting by itself; the rest is looked at all the same', async () => {
    const found = await examined(
      ['settings', 'feed'],
      { DRIFT_TOLERANCE_PCT: 'much', COOLDOWN_SECONDS: '-1' },
      { dotenv: 'RPC_ULR=x' },
    );
    expect(found).toMatchObject([
      failing(/RPC_ULR/, /\.env/),
      failing(/DRIFT_TOLERANCE_PCT/, /\.env/),
      failing(/COOLDOWN_SECONDS/, /\.env/),
      { check: 'feed', verdict: 'pass' },
    ]);
  });

  it('a misspelt name in the environment, where other programs have names too', async () => {
    expect(await wrong(['settings'], { DRIFTLES_TOKEN: 'x', HOSTNAME: 'box', ALERT_TELEGRAM_TOKN: 'y' })).toMatchObject(
      [
        warning(/^DRIFTLES_TOKEN is set/, /mean DRIFTLESS_TOKEN/),
        warning(/^ALERT_TELEGRAM_TOKN is set/, /mean ALERT_TELEGRAM_TOKEN/),
      ],
    );
  });

  it('a secret that is not set is said to be missing, and not hidden as if it were there', async () => {
    const found = await wrong(['settings'], { ENGINE_MODE: 'live', AUTHORITY, SOLANA_PRIVATE_KEY: 'l0OI-secret' });
    expect(found).toEqual(
      expect.arrayContaining([expect.objectContaining(failing(/^RPC_URL: got nothing, /, /README/))]),
    );
    expect(JSON.stringify(found)).not.toContain('l0OI');
  });

  it('an error within ENGINES_FILE is mended there', async () => {
    await writeFile(
      join(folder, 'engines.json'),
      '{ "calm": { "MARKET_FEED": "synthetic:7", "COOLDOWN_SECOND": 7200 } }',
    );
    expect(await wrong(['settings'], { ENGINES_FILE: 'engines.json' })).toMatchObject([
      failing(/expected COOLDOWN_SECONDS/, /^Correct that file/),
    ]);
  });

  it('a file where the data folder should be: told once of the folder, and nothing in it is called missing', async () => {
    await writeFile(home, '');
    expect(await wrong(['files', 'journal', 'operations', 'backup'])).toMatchObject([
      failing(/is a file, not a folder/, /Set DRIFTLESS_HOME/),
      failing(/journal.* cannot be read/, /Set DRIFTLESS_HOME to a folder/),
      warning(/Not known/, /line about the journal/),
      failing(/restored\.json cannot be read/, /Set DRIFTLESS_HOME to a folder/),
    ]);
  });

  it('a malformed key, of which nothing is shown', async () => {
    const found = await wrong(['settings'], {
      ...LIVE,
      RPC_URL: 'http://127.0.0.1:1',
      SOLANA_PRIVATE_KEY: 'l0OI-secret-secret',
    });
    expect(found).toMatchObject([{ message: expect.stringContaining('SOLANA_PRIVATE_KEY') }]);
    expect(JSON.stringify(found)).not.toContain('l0OI');
  });

  it('a key file that others can read', async () => {
    const path = join(folder, 'id.json');
    await writeFile(path, keyText().bytes);
    await chmod(path, 0o644);
    expect(await wrong(['files'], { SOLANA_KEYPAIR_PATH: path, ENGINE_MODE: 'paper' })).toEqual([]);
    const live = { ENGINE_MODE: 'live', LIVE_PERMISSIONS: 'trading', RPC_URL: 'http://127.0.0.1:1' };
    expect(await wrong(['files'], { ...live, SOLANA_KEYPAIR_PATH: path })).toMatchObject([
      failing(/key file is open to other users: .*id\.json has mode 644/, /^Run chmod 600 .*id\.json\.$/),
    ]);
  });

  it('a data folder, a token and a secret in .env that others can read', async () => {
    await mkdir(home, { mode: 0o755 });
    await writeFile(join(home, 'token'), TOKEN, { mode: 0o644 });
    await writeFile(join(folder, '.env'), '', { mode: 0o644 });
    const dotenv = 'DRIFTLESS_TOKEN=abcdefghijklmnop';
    expect(await wrong(['files'], {}, { dotenv })).toMatchObject([
      failing(/data folder is open/, /chmod 700/),
      failing(/token is open/, /chmod 600 .*token/),
      failing(/secret in \.env is open/, /chmod 600 .*\.env/),
    ]);
    expect((await wrong(['files'], {}, { dotenv: 'PORT=8765' })).map(({ message }) => message)).toHaveLength(2);
  });

  it('a key in the environment', async () => {
    const env = { ...LIVE, AUTHORITY: undefined, RPC_URL: 'http://127.0.0.1:1', SOLANA_PRIVATE_KEY: keyText().base58 };
    expect(await wrong(['key'], env)).toMatchObject([warning(/stands in the environment/, /SOLANA_KEYPAIR_PATH/)]);
  });

  it('a signer that does not answer, or signs for another wallet', async () => {
    const socket = join(folder, 'socket');
    const env = { ...LIVE, LIVE_PERMISSIONS: 'trading', RPC_URL: 'http://127.0.0.1:1', SIGNER_SOCKET: socket };
    expect(await wrong(['key'], env)).toMatchObject([failing(/does not answer \(ENOENT\)/, /driftless signer/)]);
    let address = toBase58(new Uint8Array(32).fill(8));
    const server = await serveSigner(socket, { answer: async () => ({ type: 'hello', address }) });
    closing.push(server.close);
    expect(await wrong(['key'], env)).toMatchObject([failing(new RegExp(`signs for ${address}`), /policy/)]);
    address = AUTHORITY;
    expect(await examined(['key'], env)).toMatchObject([{ verdict: 'pass', message: expect.stringContaining(socket) }]);
  });

  it('a history that is not there', async () => {
    expect(await wrong(['feed'], { MARKET_FEED: 'replay:none.csv' })).toMatchObject([
      { verdict: 'fail', check: 'feed' },
    ]);
  });
});

describe('Temporal', () => {
  it('a server that does not answer', async () => {
    const address = `127.0.0.1:${await freePort()}`;
    expect(await wrong(['temporal'], { TEMPORAL_ADDRESS: address })).toMatchObject([
      failing(new RegExp(`does not answer at ${address}`), /TEMPORAL_ADDRESS/),
    ]);
  });

  it('a file of our own server that is no database', async () => {
    await mkdir(home, { mode: 0o700 });
    await writeFile(join(home, 'temporal.db'), 'not what was written here');
    const found = (await wrong(['temporal'])).filter(({ verdict }) => verdict === 'fail');
    expect(found).toMatchObject([failing(/temporal\.db is damaged/, /driftless restore/)]);
    await writeFile(join(home, 'temporal.db'), '');
    expect((await wrong(['temporal'])).filter(({ verdict }) => verdict === 'fail')).toEqual([]);
  });

  it('a namespace that does not exist', async () => {
    const env = { TEMPORAL_ADDRESS: temporalAddress(), TEMPORAL_NAMESPACE: 'nobody-made-it' };
    expect(await wrong(['temporal'], env)).toMatchObject([
      warning(/nobody-made-it does not exist/, /namespace create --retention 30d nobody-made-it/),
    ]);
  });

  it('a CLI that is none', async () => {
    const path = join(folder, 'temporal');
    await writeFile(path, '#!/bin/sh\necho hello\n', { mode: 0o755 });
    expect(await wrong(['temporal'], { TEMPORAL_CLI: path })).toMatchObject([
      failing(/not a working Temporal CLI/, /^Correct the path/),
    ]);
  });
});

describe('the journal', () => {
  const opened = async () => await openJournal({ databaseUrl: null, dataDir: join(home, 'journal') });

  it('a database that does not answer, whose password is not told', async () => {
    const env = { DATABASE_URL: `postgres://me:hunter2hunter2@127.0.0.1:${await freePort()}/driftless` };
    const found = await wrong(['journal'], env);
    expect(found).toMatchObject([failing(/journal is unavailable/, /DATABASE_URL/)]);
    expect(JSON.stringify(found)).not.toContain('hunter2');
  });

  it('one without migrations, and one of a newer Driftless', async () => {
    await makeTestDataFolder(join(home, 'journal'));
    expect(await examined(['journal'])).toMatchObject([
      { verdict: 'pass', message: expect.stringContaining('is empty') },
    ]);
    await rm(home, { recursive: true });
    await makeTestDataFolder(join(home, 'journal'), { withSchema: true });
    const journal = await opened();
    await sql`INSERT INTO kysely_migration (name, timestamp) VALUES ('9999-of-tomorrow', '2030')`.execute(journal.db);
    await journal.close();
    expect(await wrong(['journal'])).toMatchObject([failing(/newer Driftless: .* 9999-of-tomorrow/, /last wrote it/)]);
  });

  it('a damaged one is named by its own path, and a folder that has lost its version is not taken for none', async () => {
    await makeTestDataFolder(join(home, 'journal'), { withSchema: true });
    await writeFile(join(home, 'journal', 'global', 'pg_control'), 'damaged');
    const damaged = `${join(home, 'journal')} cannot be opened`;
    expect(await wrong(['journal'])).toMatchObject([{ verdict: 'fail', message: expect.stringContaining(damaged) }]);
    await rm(join(home, 'journal', 'PG_VERSION'));
    expect(await wrong(['journal'])).toMatchObject([failing(/not empty but holds no database/, /move the content/)]);
  });

  it('an operation of an unknown outcome, and one in the middle; nothing in the folder is changed by any check', async () => {
    await makeTestDataFolder(join(home, 'journal'), { withSchema: true });
    const journal = await opened();
    const engine = engineOf();
    await journal.publishEngine(engine);
    await journal.openOperation(operationOf({ operationId: 'stuck', engineId: engine.engineId, status: 'unresolved' }));
    await journal.openOperation(operationOf({ operationId: 'begun', engineId: engine.engineId, status: 'running' }));
    await journal.close();
    await chmod(home, 0o700);
    const stamps = async () => {
      const entries = (await readdir(folder, { recursive: true })).sort();
      return await Promise.all(entries.map(async (name) => `${name} ${(await stat(join(folder, name))).mtimeMs}`));
    };
    const before = (await stamps()).filter((one) => !one.startsWith('.driftless '));
    const found = await examined([]);
    expect((await stamps()).filter((one) => !one.startsWith('.driftless '))).toEqual(before);
    expect(found.filter(({ check, verdict }) => check === 'operations' && verdict !== 'pass')).toMatchObject([
      failing(/stuck is unknown/, /driftless resolve stuck --verdict/),
      warning(/begun: begun and not over/, /Start Driftless/),
    ]);
    expect(found.filter(({ verdict }) => verdict === 'fail')).toHaveLength(1);
  });
});

describe('the running product', () => {
  it('a data folder in use by a process that does not answer', async () => {
    await mkdir(home, { mode: 0o700 });
    const lock = await lockDataFolder(home, { pid: process.pid, url: null });
    if (lock.kind === 'locked') closing.push(lock.release);
    expect(await wrong(['product', 'journal'])).toMatchObject([failing(/has the data folder/, /end process/)]);
  });

  it('one that refuses the token, and one that lacks a part', async () => {
    const journal = await openTestJournal();
    closing.push(() => journal.close());
    const worker = { ok: false, detail: 'no worker answers for the engine' };
    const bridge = await testBridge({ journal, readiness: async () => ({ ...READY, worker }) });
    closing.push(() => bridge.close());
    const lacking = failing(/Its worker: no worker answers/, /driftless logs/);
    expect(await wrong(['product'], {}, { url: bridge.url })).toMatchObject([lacking]);
    expect(await wrong(['product'], {}, { url: bridge.url, token: 'a-token-that-is-wrong' })).toMatchObject([
      failing(/refuses the token/, /DRIFTLESS_TOKEN/),
    ]);
  });
});

describe('the nodes', () => {
  const ofNode = async (more: Script, env: NodeJS.ProcessEnv = {}) => {
    const { url } = await nodeThat(more);
    const found = await wrong(['rpc'], { ...LIVE, RPC_URL: `${url}/?api-key=very-secret-key`, ...env });
    expect(JSON.stringify(found)).not.toContain('very-secret-key');
    // None of these has a WebSocket.
    return found.filter(({ message }) => !message.startsWith('The WebSocket'));
  };

  it('one that is dead', async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    expect(await wrong(['rpc'], { ...LIVE, RPC_URL: url })).toMatchObject([
      failing(/does not answer: .*ECONNREFUSED/, /RPC_URL/),
    ]);
  });

  it('with all of them silent, program and account are unknown, and not missing', async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    expect(await wrong(['program', 'venue'], { ...LIVE, RPC_URL: url })).toMatchObject([
      { check: 'program', ...warning(/Not known/, /the nodes/) },
      { check: 'venue', ...warning(/Not known/, /the nodes/) },
    ]);
  });

  it('a good one, but for its WebSocket', async () => {
    const { url } = await nodeThat();
    expect(await wrong(['rpc'], { ...LIVE, RPC_URL: url })).toMatchObject([
      warning(/WebSocket .* does not work/, /RPC_WS_URL/),
    ]);
    expect(await ofNode({})).toEqual([]);
  });

  it.each<readonly [string, Script, object]>([
    [
      'of another cluster',
      { getGenesisHash: () => result('EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG') },
      failing(/another cluster than mainnet-beta/, /DRIFT_ENV/),
    ],
    [
      'without a history of transactions',
      { getBlock: () => refusal(-32011, 'Transaction history is not available from this node') },
      failing(/keeps no history of transactions/, /keeps the history/),
    ],
    [
      'with minutes of history',
      { getFirstAvailableBlock: () => result(SLOT - 4_500) },
      failing(/history of 30 minutes only/, /RPC_URL/),
    ],
    [
      'with hours of history',
      { getFirstAvailableBlock: () => result(SLOT - 90_000) },
      warning(/history of 10 hours/, /RPC_URL/),
    ],
    [
      'that limits the rate',
      { getSlot: (_params, call) => (call < 10 ? result(SLOT) : { status: 429, headers: { 'retry-after': '1' } }) },
      warning(/refused \d+ of 20 calls/, /Raise the plan/),
    ],
  ])('one %s', async (_name, script, expected) => {
    expect(await ofNode(script)).toMatchObject([expected]);
  });

  it('one that lags behind the other', async () => {
    const [first, second] = [await nodeThat(), await nodeThat({ getSlot: () => result(SLOT - 400) })];
    const found = await wrong(['rpc'], { ...LIVE, RPC_URL: `${first.url},${second.url}` });
    expect(found).toEqual(
      expect.arrayContaining([expect.objectContaining(failing(/400 slots behind/, /another node/))]),
    );
  });

  it('a chain whose clock is minutes away', async () => {
    const { url } = await nodeThat();
    const nowMs = () => NOW_MS + 300_000;
    expect(await wrong(['clock'], { ...LIVE, RPC_URL: url }, { nowMs })).toMatchObject([
      failing(/chain’s clock is 300\.0 s behind ours/, /NTP/),
    ]);
  });

  it('a cluster without the venue, and a build that nobody tested', async () => {
    const { url } = await nodeThat({ getAccountInfo: () => result({ context: { slot: SLOT }, value: null }) });
    expect(await wrong(['program'], { ...LIVE, RPC_URL: url })).toMatchObject([
      failing(/program .* is not on this cluster/, /LIVE_VENUE/),
    ]);
    const value = { data: ['AAECAw==', 'base64'] };
    const { url: other } = await nodeThat({ getAccountInfo: () => result({ context: { slot: SLOT }, value }) });
    expect(await wrong(['program'], { ...LIVE, RPC_URL: other })).toMatchObject([
      warning(/not tested on: [0-9a-f]{64}/, /ACCEPT_PROGRAM=[0-9a-f]{64}/),
    ]);
  });
});

describe('channels', () => {
  let server: Server;
  let answer = 200;
  beforeEach(async () => {
    server = createServer((_request, response) => void response.writeHead(answer).end('{}'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing.push(async () => await new Promise((resolve) => server.close(resolve)));
  });

  it('none at all', async () => {
    expect(await wrong([channels.name])).toMatchObject([
      warning(/wakes nobody/, /ALERT_/),
      warning(/machine is gone/, /HEARTBEAT_URL/),
    ]);
  });

  it('a heartbeat, called by a test and not without', async () => {
    const { port } = server.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}/secret`;
    answer = 404;
    expect(await judgeHeartbeat(url, false)).toMatchObject({ verdict: 'pass' });
    expect(await judgeHeartbeat(url, true)).toMatchObject(failing(/answered 404/, /HEARTBEAT_URL/));
    expect(await judgeHeartbeat(`http://127.0.0.1:${await freePort()}/secret`, true)).toMatchObject({
      verdict: 'fail',
    });
    answer = 200;
    expect(await judgeHeartbeat(url, true)).toMatchObject({ verdict: 'pass' });
  });

  it('one that refuses, found by a test message and not without', async () => {
    const { port } = server.address() as AddressInfo;
    const messengers = [webhook(`http://127.0.0.1:${port}/`, `whsec_${Buffer.alloc(24).toString('base64')}`)];
    answer = 401;
    expect(await judgeMessengers(messengers, false, NOW_MS)).toMatchObject([{ verdict: 'pass' }]);
    expect(await judgeMessengers(messengers, true, NOW_MS)).toMatchObject([{ verdict: 'fail' }]);
    answer = 200;
    expect(await judgeMessengers(messengers, true, NOW_MS)).toMatchObject([{ verdict: 'pass' }]);
  });
});
