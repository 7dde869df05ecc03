import { describe, expect, it } from 'vitest';
import { DEFAULT_POLICY } from '../../src/domain/policy.ts';
import { canonicalFeed, loadSettings, SettingsError } from '../../src/runtime/config.ts';

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
    'leaves %s in .env alone: it belongs to somebody else',
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
    expect(load({ ENGINE_MODE: 'live' }).policy).toMatchObject({ permissions: 'read-only', maxLeverage: 5 });
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
