import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { onTestFinished } from '../../localnet/tests/support/on-test-finished.ts';
import { keyPairFrom } from '../../localnet/wire/ed25519.ts';
import { DEFAULT_POLICY } from '../../src/domain/hedge/policy.ts';
import { toBase58 } from '../../src/lib/base58.ts';
import { canonicalFeed, loadSettings, SettingsError } from '../../src/runtime/config.ts';
import { DRIFT_V2_PROGRAM } from '../../src/venues/drift/program-id.ts';
import { VELOCITY_PROGRAM_ID } from '../../src/venues/velocity/program/accounts.ts';
import { keyLine } from '../support/encryption-keys.ts';

const load = (env: Record<string, string>, dotenv: string | null = null) => loadSettings({ env, dotenv, cwd: '/work' });

function errorsOf(env: Record<string, string>, dotenv: string | null = null): SettingsError {
  try {
    load(env, dotenv);
  } catch (error) {
    if (error instanceof SettingsError) return error;
    throw error;
  }
  throw new Error('the settings were accepted');
}

const AUTHORITY = 'dRiftyHA39MWEi3m9aunc5MzRF1JYuBsbn6VPcn33UH';
const RPC = { RPC_URL: 'http://127.0.0.1:8899' };
const WATCHING = { ENGINE_MODE: 'live', AUTHORITY, ...RPC };
const keyPair = keyPairFrom(new Uint8Array(32).fill(7));
const SECRET = [...new Uint8Array(32).fill(7), ...keyPair.publicKey];
const KEY = JSON.stringify(SECRET);

describe('settings in force', () => {
  const of = (name: string, settings: ReturnType<typeof load>) => settings.inForce.find((one) => one.name === name);

  it('say where each comes from, and its default', () => {
    const settings = load({ COOLDOWN_SECONDS: '60' }, 'GUARD=off\nCOOLDOWN_SECONDS=5');
    expect(of('COOLDOWN_SECONDS', settings)).toMatchObject({ value: '60', source: 'environment', fallback: '1800' });
    expect(of('GUARD', settings)).toMatchObject({ value: 'off', source: '.env', fallback: 'on' });
    expect(of('PORT', settings)).toMatchObject({ value: '8765', source: 'default' });
    expect(of('AUTHORITY', settings)).toMatchObject({ value: null, source: 'not set', fallback: null });
    const demo = loadSettings({ env: {}, dotenv: null, cwd: '/work' }, { demo: true });
    expect(of('MARKET_SPEED', demo)).toMatchObject({ source: 'command line' });
  });

  it('never have a secret', () => {
    const settings = load({
      ...WATCHING,
      SOLANA_PRIVATE_KEY: KEY,
      AUTHORITY: '',
      DRIFTLESS_TOKEN: 'token-of-16-letters',
    });
    expect(of('SOLANA_PRIVATE_KEY', settings)).toMatchObject({ value: 'set' });
    expect(of('DRIFTLESS_TOKEN', settings)).toMatchObject({ value: 'set' });
    const text = JSON.stringify(settings.inForce);
    for (const secret of settings.secrets) expect(text).not.toContain(secret);
  });
});

describe('a secret in a file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'driftless-secrets-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const file = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };

  it('is read, trimmed, and kept secret', () => {
    const settings = load({ DATABASE_URL_FILE: file('url', 'postgres://driftless:hidden-word@db/driftless\n') });
    expect(settings.databaseUrl).toBe('postgres://driftless:hidden-word@db/driftless');
    expect(settings.secrets).toContain('hidden-word');
    expect(settings.inForce.find(({ name }) => name === 'DATABASE_URL')).toMatchObject({
      value: 'set',
      source: 'file',
    });
  });

  it('may be named in .env, which knows the name', () => {
    const dotenv = `DRIFTLESS_TOKEN_FILE=${file('token', 'token-of-16-letters')}`;
    expect(load({}, dotenv).token).toBe('token-of-16-letters');
    expect(errorsOf({}, 'DRIFTLESS_TOKEN_FIEL=x').errors).toMatchObject([{ expected: 'DRIFTLESS_TOKEN_FILE' }]);
  });

  it.each([
    [
      'a file that is not there',
      () => ({ RPC_URL_FILE: join(folder, 'nowhere') }),
      /RPC_URL_FILE: .*cannot be read \(ENOENT\)/,
    ],
    ['an empty file', () => ({ RPC_URL_FILE: file('empty', '\n') }), /RPC_URL_FILE: .* is empty/],
    ['a folder', () => ({ RPC_URL_FILE: folder }), /RPC_URL_FILE: .*cannot be read \(EISDIR\)/],
    ['the setting beside it', () => ({ ...RPC, RPC_URL_FILE: file('rpc', 'http://h') }), /RPC_URL is set too/],
    ['a huge file', () => ({ RPC_URL_FILE: file('huge', 'x'.repeat(20_000)) }), /larger than 16384 bytes/],
    [
      'a malformed secret',
      () => ({ DRIFTLESS_TOKEN_FILE: file('short', 'hidden') }),
      /DRIFTLESS_TOKEN: got \(hidden\)/,
    ],
  ])('refuses %s', (_name, env, message) => expect(errorsOf(env()).message).toMatch(message));
});

it('the read-only token is another one', () => {
  const both = { DRIFTLESS_TOKEN: 'token-of-16-letters', DRIFTLESS_READ_TOKEN: 'token-of-16-letters' };
  expect(errorsOf(both).errors).toMatchObject([{ setting: 'DRIFTLESS_READ_TOKEN', got: '(hidden)' }]);
});

describe('encryption', () => {
  const folder = mkdtempSync(join(tmpdir(), 'driftless-codec-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'keys');
  writeFileSync(path, keyLine('a'), { mode: 0o600 });
  const endpoint = { CODEC_ENDPOINT_PORT: '8234', CODEC_ENDPOINT_TOKEN: 'the-codecs-own-token' };

  it('is off by default; its keys and token are never shown', () => {
    expect(load({}).codec).toEqual({ keys: { encrypts: null, all: [] }, endpoint: null });
    const { codec, secrets, inForce } = load({ CODEC_KEYS_FILE: path, ...endpoint });
    expect(codec).toMatchObject({
      keys: { encrypts: { id: 'a' } },
      endpoint: { port: 8234, origin: 'http://127.0.0.1:8233' },
    });
    const key = keyLine('a').split(' ')[1] ?? '';
    expect(secrets).toEqual(expect.arrayContaining([key, endpoint.CODEC_ENDPOINT_TOKEN]));
    expect(JSON.stringify(inForce)).not.toMatch(new RegExp(`${endpoint.CODEC_ENDPOINT_TOKEN}|${key.slice(0, 20)}`));
  });

  it('takes the origin of another Temporal UI', () => {
    const ui = { ...endpoint, CODEC_KEYS_FILE: path, TEMPORAL_UI_URL: 'https://temporal.example/ui' };
    expect(load(ui).codec.endpoint?.origin).toBe('https://temporal.example');
    expect(load({ ...ui, CODEC_ENDPOINT_ORIGIN: 'http://other:1' }).codec.endpoint?.origin).toBe('http://other:1');
  });

  it.each<[string, Record<string, string>, string]>([
    ['an endpoint without keys', endpoint, 'CODEC_KEYS_FILE'],
    ['one without a token', { CODEC_ENDPOINT_PORT: '8234', CODEC_KEYS_FILE: path }, 'CODEC_ENDPOINT_TOKEN'],
    [
      'one with the page’s token',
      { ...endpoint, CODEC_KEYS_FILE: path, DRIFTLESS_TOKEN: endpoint.CODEC_ENDPOINT_TOKEN },
      'CODEC_ENDPOINT_TOKEN',
    ],
    ['one on the page’s port', { ...endpoint, CODEC_KEYS_FILE: path, PORT: '8234' }, 'CODEC_ENDPOINT_PORT'],
    ['a file that is not there', { CODEC_KEYS_FILE: join(folder, 'none') }, 'CODEC_KEYS_FILE'],
    [
      'an origin with a path',
      { ...endpoint, CODEC_KEYS_FILE: path, CODEC_ENDPOINT_ORIGIN: 'http://a/b' },
      'CODEC_ENDPOINT_ORIGIN',
    ],
  ])('refuses %s', (_, env, setting) => expect(errorsOf(env).errors).toMatchObject([{ setting }]));
});

describe('settings', () => {
  it('are the defaults of the interface when nothing is set', () => {
    const settings = load({});
    expect(settings.policy).toEqual(DEFAULT_POLICY);
    expect(settings.engineId).toBe('engine:paper:synthetic:1:0');
    expect(settings.paper).toEqual({
      sol: 10_000_000_000n,
      usdc: 500_000_000n,
      walletSol: 5_000_000_000n,
      fundingPeriodMs: 3_600_000,
    });
    expect(settings).toMatchObject({ port: 8765, host: '127.0.0.1', home: '/work/.driftless', mode: 'paper' });
    expect(settings.temporal).toMatchObject({ address: null, port: 7233, uiPort: 8233, namespace: 'driftless' });
  });

  it('come from the environment before .env, and an empty one is not set', () => {
    const settings = load({ PORT: '9000', HOST: ' ' }, 'PORT=9001\nHOST=0.0.0.0\nMAX_SLIPPAGE_BPS=\nAWS_REGION=eu\n');
    expect(settings.port).toBe(9000);
    expect(settings.host).toBe('0.0.0.0');
    expect(settings.policy.maxSlippageBps).toBe(50);
  });

  it('lists every error at once with setting, what it got and what it expected', () => {
    const { errors, message } = errorsOf({
      PORT: '70000',
      MARKET_SPEED: 'fast',
      PAPER_SOL: '1.0000000001',
      GUARD: 'maybe',
    });
    expect(errors.map(({ setting }) => setting)).toEqual(['PORT', 'MARKET_SPEED', 'PAPER_SOL', 'GUARD']);
    expect(errors[0]).toEqual({ setting: 'PORT', got: '"70000"', expected: 'a whole number from 1 to 65535' });
    for (const name of ['PORT', 'MARKET_SPEED', 'PAPER_SOL', 'GUARD']) expect(message).toContain(name);
  });

  it('CARRY_POLICY=auto needs the limits that have no default', () => {
    const named = (env: Record<string, string>) =>
      errorsOf({ CARRY_POLICY: 'auto', ...env }).errors.map((e) => e.setting);
    expect(named({})).toEqual(['MAX_HEDGE_SOL', 'MAX_TRADES_PER_DAY']);
    expect(named({ MAX_HEDGE_SOL: '0', MAX_TRADES_PER_DAY: '0' })).toEqual(['MAX_TRADES_PER_DAY', 'MAX_HEDGE_SOL']);
    expect(named({ MAX_HEDGE_SOL: '5' })).toEqual(['MAX_TRADES_PER_DAY']);
    const { policy } = load({
      CARRY_POLICY: 'auto',
      MAX_HEDGE_SOL: '2.5',
      MAX_TRADES_PER_DAY: '3',
      CARRY_AUTO_EXIT: 'false',
    });
    expect(policy).toMatchObject({
      carryPolicy: 'auto',
      maxHedgeSol: '2500000000',
      maxTradesPerDay: 3,
      carryAutoExit: false,
    });
  });

  it.each([
    ['MAX_SLIPAGE_BPS', 'MAX_SLIPPAGE_BPS'],
    ['COOLDOWN_SECOND', 'COOLDOWN_SECONDS'],
    ['TEMPORAL_ADRESS', 'TEMPORAL_ADDRESS'],
    ['market_feed', 'MARKET_FEED'],
    ['DATABASE-URL', 'DATABASE_URL'],
    ['DRIFTLESS_PORT', 'PORT'],
    ['RPC_URLS', 'RPC_URL'],
  ])('refuses %s in .env and names %s', (written, meant) => {
    expect(errorsOf({}, `${written}=1`).errors[0]).toMatchObject({ setting: written, expected: meant });
  });

  it.each(['TEMPORAL_TLS', 'DATABASE_HOST', 'REDIS_URL', 'PATH', 'POSTGRES_PASSWORD', 'SENTRY_DSN', 'NODE_OPTIONS'])(
    'leaves %s in .env alone: it belongs to another user',
    (key) => {
      expect(() => load({}, `${key}=x`)).not.toThrow();
    },
  );

  it('reads misspelt names in .env only: the environment is full of strangers', () => {
    expect(() => load({ MAX_SLIPAGE_BPS: '1' })).not.toThrow();
  });

  it.each([
    ['SOLANA_PRIVATE_KEY', 'not-a-key-but-secret'],
    ['DATABASE_URL', 'mysql://me:hunter2hunter2@host/db'],
    ['DRIFTLESS_TOKEN', 'short!secret'],
    ['RPC_URL', 'nonsense?api-key=0123456789'],
  ])('never shows what stands in %s, not even in the error about it', (name, text) => {
    const { message } = errorsOf({ [name]: text });
    expect(message).toContain(name);
    expect(message).not.toContain(text);
    expect(message).not.toContain('hunter2');
  });

  it('parses amounts exactly, zero among them', () => {
    const settings = load({
      PAPER_SOL: '0.000000001',
      PAPER_USDC: '0',
      MIN_TRADE_SIZE: '1.5',
      CONFIRM_ABOVE_USD: '99.999999',
    });
    expect(settings.paper.sol).toBe(1n);
    expect(settings.paper.usdc).toBe(0n);
    expect(settings.policy.minTradeSize).toBe('1500000000');
    expect(settings.policy.confirmAboveUsd).toBe('99999999');
  });

  it.each(['-1', '1e400', 'NaN', 'Infinity', '0x10', '1,5', '1 000'])('refuses %s as an amount', (text) => {
    expect(errorsOf({ PAPER_SOL: text }).errors[0]?.setting).toBe('PAPER_SOL');
  });

  it('refuses combinations that cannot work', () => {
    expect(errorsOf({ ENGINE_MODE: 'live', MAX_LEVERAGE: '8' }).errors[0]?.setting).toBe('MAX_LEVERAGE');
    expect(errorsOf({ MARKET_FEED: 'live', MARKET_SPEED: '60' }).errors[0]?.setting).toBe('MARKET_SPEED');
    expect(errorsOf({ TEMPORAL_TLS_CERT: 'a.pem' }).errors[0]?.setting).toBe('TEMPORAL_TLS_CERT');
    expect(errorsOf({ PORT: '8233' }).errors[0]?.setting).toBe('TEMPORAL_UI_PORT');
    expect(() => load({ PORT: '8233', TEMPORAL_ADDRESS: 'cluster:7233' })).not.toThrow();
  });

  it('gives live engines the permission that was set, and paper ones all', () => {
    expect(load({ LIVE_PERMISSIONS: 'capital' }).policy.permissions).toBe('trading');
    expect(load(WATCHING).policy).toMatchObject({ permissions: 'read-only', maxLeverage: 5 });
  });

  it('writes the feed out in full, since it is part of the account’s name', () => {
    expect(canonicalFeed('synthetic', '/a')).toBe('synthetic:1');
    expect(canonicalFeed('replay:x/f.csv,lend.csv', '/a')).toBe('replay:/a/x/f.csv,/a/lend.csv');
  });

  it('demo is an hour in a minute on made-up prices, whatever is set', () => {
    const settings = loadSettings({ env: { MARKET_FEED: 'live' }, dotenv: null, cwd: '/' }, { demo: true });
    expect(settings.feed).toBe('synthetic:demo');
    expect(settings.policy.marketSpeed).toBe(60);
  });

  it('collects every text that must never be shown', () => {
    const { secrets } = load({
      DATABASE_URL: 'postgres://me:pass%20word@db/x',
      RPC_URL: 'https://a/?api-key=abcdef123456,https://b/',
      DRIFTLESS_TOKEN: 'token-token-token',
    });
    for (const secret of ['pass word', 'pass%20word', 'abcdef123456', 'token-token-token'])
      expect(secrets).toContain(secret);
  });
});

/** Cluster and program of a live engine's id. */
const MAINNET = `engine:velocity:5eykt4Us:${VELOCITY_PROGRAM_ID}`;
const ON_DRIFT = { ...WATCHING, LIVE_VENUE: 'drift' };

describe('live settings', () => {
  it('name the account in the engine’s id, by the key or by AUTHORITY', () => {
    expect(load(WATCHING).engineId).toBe(`${MAINNET}:${AUTHORITY}:0`);
    const devnet = load({ ...WATCHING, DRIFT_ENV: 'devnet' }).engineId;
    expect(devnet).toBe(`${MAINNET}:${AUTHORITY}:0`.replace('5eykt4Us', 'EtWTRABZ'));
    expect(load(ON_DRIFT).engineId).toBe(`engine:drift:5eykt4Us:${DRIFT_V2_PROGRAM}:${AUTHORITY}:0`);
    const other = 'vELoC1ayuYYJ8Rn5LdpPZkJmpwYcXB9cBrWbu3J1i9j';
    expect(load({ ...ON_DRIFT, DRIFT_PROGRAM_ID: other }).engineId).toBe(
      `engine:drift:5eykt4Us:${other}:${AUTHORITY}:0`,
    );
    const keyed = load({ ENGINE_MODE: 'live', SOLANA_PRIVATE_KEY: KEY, DRIFT_SUB_ACCOUNT: '3', ...RPC });
    expect(keyed.engineId).toBe(`${MAINNET}:${keyPair.address}:3`);
    expect(keyed.live).toMatchObject({ authority: keyPair.address, permissions: 'read-only' });
    expect(keyed.live.privateKey).toBeNull();
    const base58 = toBase58(Uint8Array.from(SECRET));
    expect(load({ ENGINE_MODE: 'live', SOLANA_PRIVATE_KEY: base58, ...RPC }).engineId).toContain(keyPair.address);
  });

  it.each([
    ['drift', VELOCITY_PROGRAM_ID, 'velocity'],
    ['velocity', DRIFT_V2_PROGRAM, 'drift'],
    [null, DRIFT_V2_PROGRAM, 'drift'],
  ])('with LIVE_VENUE %s refuse the program of the other venue, and name it', (venue, programId, meant) => {
    const env = { ...WATCHING, DRIFT_PROGRAM_ID: programId, ...(venue === null ? {} : { LIVE_VENUE: venue }) };
    const { errors } = errorsOf(env);
    expect(errors).toMatchObject([
      { setting: 'DRIFT_PROGRAM_ID', problem: expect.stringContaining(`LIVE_VENUE=${meant}`) },
    ]);
    expect(load({ ...env, LIVE_VENUE: meant }).live).toMatchObject({ venue: meant, venueIsSet: true, programId });
  });

  it('refuse a program at another address for Velocity, whose accounts we know at its own alone', () => {
    const { errors } = errorsOf({ ...WATCHING, DRIFT_PROGRAM_ID: keyPair.address });
    expect(errors).toMatchObject([
      { setting: 'DRIFT_PROGRAM_ID', expected: expect.stringContaining(VELOCITY_PROGRAM_ID) },
    ]);
    expect(load(WATCHING).live).toMatchObject({ venue: 'velocity', venueIsSet: false });
  });

  it('carry the key only where something may be signed with it', () => {
    const env = { SOLANA_PRIVATE_KEY: KEY, LIVE_PERMISSIONS: 'trading', ...RPC };
    expect(load({ ...env, ENGINE_MODE: 'live' }).live.privateKey).toBe(KEY);
    expect(load(env).live.privateKey).toBeNull();
  });

  it('lack nothing that a live engine needs, or the start names all that is missing at once', () => {
    expect(errorsOf({ ENGINE_MODE: 'live' }).errors.map(({ setting }) => setting)).toEqual(['RPC_URL', 'AUTHORITY']);
    const { errors, message } = errorsOf({ ENGINE_MODE: 'live', AUTHORITY, LIVE_PERMISSIONS: 'trading' });
    expect(errors.map(({ setting }) => setting)).toEqual(['RPC_URL', 'LIVE_PERMISSIONS']);
    expect(message).toContain('KEY_MISSING');
    expect(message).toContain('LIVE_PERMISSIONS=read-only');
  });

  it.each([
    ['KEY_LENGTH', JSON.stringify(SECRET.slice(0, 63))],
    ['KEY_LENGTH', toBase58(Uint8Array.from(SECRET.slice(0, 32)))],
    ['KEY_NOT_BASE58', 'l0O-none-of-ours-l0O'],
    ['KEY_NOT_BASE58', '0xdeadbeefdeadbeef'],
    ['KEY_NOT_JSON', '[1,2,3'],
    ['KEY_NOT_AN_ARRAY', '{"key":"value-to-hide"}'],
    ['KEY_NOT_BYTES', JSON.stringify([...SECRET.slice(0, 63), 256])],
    ['KEY_MISMATCH', JSON.stringify([...SECRET.slice(0, 63), (SECRET[63] ?? 0) ^ 1])],
  ])('tell %s of a malformed key beside every other error, and quote nothing of it', (code, text) => {
    const { errors, message } = errorsOf({ ENGINE_MODE: 'live', SOLANA_PRIVATE_KEY: text, PORT: 'x', ...RPC });
    expect(errors.map(({ setting }) => setting)).toEqual(['PORT', 'SOLANA_PRIVATE_KEY']);
    expect(message).toContain(code);
    expect(message).not.toContain(text);
    expect(message).not.toContain('value-to-hide');
  });

  it('take a key and a key file only where they are one', () => {
    const folder = mkdtempSync(join(tmpdir(), 'driftless-key-'));
    const path = join(folder, 'id.json');
    onTestFinished(() => rmSync(folder, { recursive: true }));
    writeFileSync(path, KEY, { mode: 0o644 });
    const both = { ENGINE_MODE: 'live', SOLANA_PRIVATE_KEY: KEY, SOLANA_KEYPAIR_PATH: path, ...RPC };
    expect(load(both).live.keyWarnings[0]).toContain('chmod 600');
    const other = keyPairFrom(new Uint8Array(32).fill(8));
    writeFileSync(path, JSON.stringify([...new Uint8Array(32).fill(8), ...other.publicKey]));
    expect(errorsOf(both).message).toContain('KEY_AMBIGUOUS');
    expect(errorsOf({ ...both, SOLANA_KEYPAIR_PATH: join(folder, 'none') }).message).toContain('KEY_FILE_MISSING');
    expect(errorsOf({ ENGINE_MODE: 'live', SOLANA_PRIVATE_KEY: KEY, AUTHORITY, ...RPC }).errors[0]).toMatchObject({
      setting: 'AUTHORITY',
    });
  });

  it('leave prices to Drift: a feed or a speed of paper is refused', () => {
    expect(load({ ...WATCHING, MARKET_FEED: 'live' }).feed).toBe('live');
    expect(errorsOf({ ...WATCHING, MARKET_FEED: 'synthetic:3' }).errors[0]?.setting).toBe('MARKET_FEED');
    expect(errorsOf({ ...WATCHING, MARKET_SPEED: '60' }).errors[0]?.setting).toBe('MARKET_SPEED');
  });

  it('use Jito on mainnet by themselves, elsewhere when it is named', () => {
    const jitoOf = (env: Record<string, string>) => load({ ...WATCHING, ...env }).live.jito;
    expect(jitoOf({})).toEqual({ url: null, region: null, tipLamports: null });
    expect(jitoOf({ DRIFT_ENV: 'localnet' })).toBeNull();
    expect(jitoOf({ DRIFT_ENV: 'devnet', JITO_URL: 'http://127.0.0.1:9' })).toMatchObject({
      url: 'http://127.0.0.1:9',
    });
  });

  it('lead to an explorer of the cluster, and to none on a local chain or on paper', () => {
    const explorerOf = (env: Record<string, string>) => load({ ...WATCHING, ...env }).explorerUrl;
    expect(explorerOf({})).toBe('https://solscan.io/tx/{signature}');
    expect(explorerOf({ DRIFT_ENV: 'devnet' })).toContain('cluster=devnet');
    expect(explorerOf({ DRIFT_ENV: 'localnet' })).toBeNull();
    expect(explorerOf({ EXPLORER_URL: 'https://mine/' })).toBe('https://mine/');
    expect(load({ EXPLORER_URL: 'https://mine/' }).explorerUrl).toBeNull();
  });

  it('a bridge alone needs neither node nor key: it only names the engine', () => {
    const env = { ENGINE_MODE: 'live', AUTHORITY, LIVE_PERMISSIONS: 'trading' };
    const { engineId } = loadSettings({ env, dotenv: null, cwd: '/' }, { role: 'bridge' });
    expect(engineId).toBe(`${MAINNET}:${AUTHORITY}:0`);
  });

  it.each(['AUTHORITY', 'DRIFT_PROGRAM_ID'])('refuse %s that is no address', (name) => {
    expect(errorsOf({ ...WATCHING, [name]: '1'.repeat(40) }).errors[0]?.setting).toBe(name);
  });
});
