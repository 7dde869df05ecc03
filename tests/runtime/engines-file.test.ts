/** ENGINES_FILE: which engines it makes, and what it is refused for. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { loadSettings, SettingsError } from '../../src/runtime/config.ts';
import { ENGINE_SETTINGS } from '../../src/runtime/engines-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'driftless-engines-'));
const path = join(folder, 'engines.json');
afterAll(() => rmSync(folder, { recursive: true }));

function load(content: unknown, env: Record<string, string> = {}, demo = false) {
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return loadSettings({ env: { ENGINES_FILE: 'engines.json', ...env }, dotenv: null, cwd: folder }, { demo });
}

function problemsOf(content: unknown, env: Record<string, string> = {}): readonly string[] {
  try {
    load(content, env);
  } catch (error) {
    if (error instanceof SettingsError) return error.errors.map(({ problem = '' }) => problem);
    throw error;
  }
  throw new Error('the file was accepted');
}

describe('the engines of a file', () => {
  it('have the settings of the process, and their own in place of them', () => {
    const settings = load(
      {
        wide: { DRIFT_SUB_ACCOUNT: 1, DRIFT_TOLERANCE_PCT: '3.5', GUARD: false, PAPER_SOL: '20.5' },
        other: { MARKET_FEED: 'synthetic:7' },
      },
      { COOLDOWN_SECONDS: '60', DRIFT_TOLERANCE_PCT: '2' },
    );
    expect(settings.engines.map(({ name, engineId }) => [name, engineId])).toEqual([
      ['wide', 'engine:paper:synthetic:1:1'],
      ['other', 'engine:paper:synthetic:7:0'],
    ]);
    const [wide, other] = settings.engines;
    expect(wide?.policy).toMatchObject({ driftTolerancePct: 3.5, cooldownMs: 60_000, guard: false });
    expect(wide?.paper.sol).toBe(20_500_000_000n);
    expect(other?.policy).toEqual(settings.policy);
    const source = (name: string) => wide?.inForce().find((one) => one.name === name)?.source;
    expect([source('PAPER_SOL'), source('COOLDOWN_SECONDS')]).toEqual(['file', 'environment']);
  });

  it('are sub-accounts of one wallet in live mode', () => {
    const AUTHORITY = 'dRiftyHA39MWEi3m9aunc5MzRF1JYuBsbn6VPcn33UH';
    const env = { ENGINE_MODE: 'live', AUTHORITY, RPC_URL: 'http://127.0.0.1:8899' };
    const { engineId, engines } = load({ second: { DRIFT_SUB_ACCOUNT: 1 } }, env);
    expect(engines.map((one) => one.engineId)).toEqual([engineId.replace(/0$/, '1')]);
    expect(engines[0]?.policy.mode).toBe('live');
    expect(problemsOf({ second: { DRIFT_SUB_ACCOUNT: 1, MARKET_FEED: 'synthetic' } }, env)[0]).toMatch(
      /^second, MARKET_FEED: got "synthetic", expected live, or nothing/,
    );
  });

  it('keep their own market beside a demo', () => {
    const { engineId, engines } = load({ calm: { DRIFT_SUB_ACCOUNT: '2' } }, {}, true);
    expect([engineId, engines[0]?.engineId]).toEqual(['engine:paper:synthetic:demo:0', 'engine:paper:synthetic:1:2']);
    expect(engines[0]?.policy.marketSpeed).toBe(1);
  });

  it('show their settings when the environment has forgotten its secrets', () => {
    const env: NodeJS.ProcessEnv = {
      ENGINES_FILE: path,
      ALERT_TELEGRAM_TOKEN: '123456:ABC-def_ghijklmnopqrstuvwxyz0123456',
      ALERT_TELEGRAM_CHAT: '7',
    };
    writeFileSync(path, JSON.stringify({ calm: { DRIFT_SUB_ACCOUNT: 1, MARKET_FEED: 'synthetic:7' } }));
    const [calm] = loadSettings({ env, dotenv: null, cwd: folder }, { demo: true }).engines;
    // As `forgetSecretsInEnvironment` leaves it.
    delete env.ALERT_TELEGRAM_TOKEN;
    const shown = new Map(calm?.inForce().map((one) => [one.name, one]));
    expect(shown.get('ALERT_TELEGRAM_TOKEN')).toMatchObject({ value: 'set', source: 'environment' });
    expect(shown.get('MARKET_FEED')).toMatchObject({ value: 'synthetic:7', source: 'file' });
    expect(shown.get('MARKET_SPEED')).toMatchObject({ source: 'default' });
  });

  it('are none without the setting', () => {
    expect(loadSettings({ env: {}, dotenv: null, cwd: folder }).engines).toEqual([]);
  });
});

describe('what is refused', () => {
  it('every problem of every engine at once, in the sentences of the environment', () => {
    const problems = problemsOf({
      a: { DRIFT_SUB_ACCOUNT: 1, DRIFT_TOLERANCE_PCT: '0', GUARD: 'maybe' },
      b: { DRIFT_SUB_ACCOUNT: 2, COOLDOWN_SECOND: '5', RPC_URL: 'http://x', NOTHING_OF_OURS: 1 },
      c: { DRIFT_SUB_ACCOUNT: [3] },
    });
    expect(problems).toEqual([
      'b, "COOLDOWN_SECOND": got a name that is no setting, expected COOLDOWN_SECONDS',
      'b, RPC_URL: this is a setting of the whole process; set it in the environment or .env',
      'b, "NOTHING_OF_OURS": got a name that is no setting',
      'c, DRIFT_SUB_ACCOUNT: got [3], expected a whole number from 0 to 65535',
      'a, DRIFT_TOLERANCE_PCT: got "0", expected a number from 0.01 to 100',
      expect.stringMatching(/^a, GUARD: got "maybe", expected /),
      "c: it has the account of the process's own engine. Give it another DRIFT_SUB_ACCOUNT or MARKET_FEED.",
    ]);
  });

  it.each([
    [{ a: {} }, "a: it has the account of the process's own engine. Give it another DRIFT_SUB_ACCOUNT or MARKET_FEED."],
    [
      { a: { DRIFT_SUB_ACCOUNT: 1 }, b: { DRIFT_SUB_ACCOUNT: '1' } },
      'b: it has the account of a. Give it another DRIFT_SUB_ACCOUNT or MARKET_FEED.',
    ],
    [
      { 'my engine': {} },
      '"my engine" cannot name an engine: expected 1 to 64 letters, digits, - or _, and not all or own',
    ],
    [{ all: {} }, '"all" cannot name an engine: expected 1 to 64 letters, digits, - or _, and not all or own'],
    [{ a: 'x' }, 'a: got "x", expected an object with settings'],
    [[], expect.stringContaining('must be an object')],
    ['{', expect.stringContaining('is not JSON')],
  ])('%j', (content, problem) => {
    expect(problemsOf(content)).toEqual([problem]);
  });

  it('a file that is not there, with the setting that names it', () => {
    const read = () => loadSettings({ env: { ENGINES_FILE: 'none.json' }, dotenv: null, cwd: folder });
    expect(read).toThrow(/ENGINES_FILE: .*none\.json cannot be read \(ENOENT\)/);
  });
});

it('an engine has a market, a policy and a sub-account of its own, and no secret', () => {
  expect(ENGINE_SETTINGS).toEqual(expect.arrayContaining(['MARKET_FEED', 'GUARD', 'DRIFT_SUB_ACCOUNT']));
  for (const name of ['ENGINE_MODE', 'SOLANA_PRIVATE_KEY', 'RPC_URL', 'LIVE_PERMISSIONS', 'PORT'])
    expect(ENGINE_SETTINGS).not.toContain(name);
});
