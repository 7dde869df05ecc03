/** Settings from the environment and `.env`: parsed once, every error listed at once, secrets never shown. */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse as parseDotenv } from 'dotenv';
import { type FoundKey, findKey } from '../chain/key-source.ts';
import type { PolicyJson } from '../domain/hedge/policy.ts';
import type { Lamports, MicroUsd } from '../domain/money/units.ts';
import { fromBase58 } from '../lib/base58.ts';
import { DriftlessError } from '../lib/errors.ts';
import { engineChain, engineIdOf, type LiveVenueName } from '../lib/ids.ts';
import { type ClusterName, genesisOf } from '../venues/solana-perps/clusters.ts';
import { type AlertSettings, alertSettings, lonelyAlertSettings } from './alert-settings.ts';
import { type EncryptionKeys, KEY_LINE, NO_KEYS, readEncryptionKeys } from './encryption-keys.ts';
import { type EngineTable, readEnginesFile } from './engines-file.ts';
import { LIVE_PROGRAMS, venueOfProgram } from './live-programs.ts';
import { LIVE_MAX_LEVERAGE, needed, policyFrom } from './policy-settings.ts';
import { NAMES_IN_ENV, readSecretFiles } from './secret-files.ts';
import { nameMeant } from './setting-names.ts';
import {
  SETTING_NAMES,
  SETTINGS,
  type Setting,
  type SettingGroup,
  type SettingName,
  type SettingValues,
} from './setting-table.ts';

const MAX_SHOWN_CHARS = 80;
const MS = 1_000;

export interface SettingError {
  readonly setting: string;
  /** `(hidden)` for a secret. */
  readonly got: string;
  readonly expected: string;
  /** The problem, if it says more than `got` does. It never quotes a secret. */
  readonly problem?: string;
}

/** Stops the start; its message lists everything that is wrong, one a line. */
export class SettingsError extends Error {
  readonly errors: readonly SettingError[];

  constructor(errors: readonly SettingError[]) {
    const lines = errors.map((error) => `  ${errorLine(error)}`);
    super(`These settings cannot be used (environment or .env; README.md lists them all):\n${lines.join('\n')}`);
    this.name = 'SettingsError';
    this.errors = errors;
  }
}

const errorLine = ({ setting, got, expected, problem }: SettingError): string =>
  `${setting}: ${problem ?? `got ${got}, expected ${expected}`}`;

/** Where Temporal is. `address` null: we start our own. Certificates are paths of PEM files. */
export interface TemporalSettings {
  readonly address: string | null;
  readonly namespace: string;
  readonly apiKey: string | null;
  readonly tlsCertPath: string | null;
  readonly tlsKeyPath: string | null;
  readonly port: number;
  readonly uiPort: number;
  readonly cli: string | null;
  readonly uiUrl: string | null;
}

/** How payloads are encrypted, and who may have them decrypted. */
export interface CodecSettings {
  readonly keys: EncryptionKeys;
  /** Null: there is no endpoint. */
  readonly endpoint: { readonly port: number; readonly token: string; readonly origin: string } | null;
}

/** Where traces go. */
export interface TracingSettings {
  readonly endpoint: string;
  readonly serviceName: string;
}

/** The balances of a new paper account. */
export interface PaperSettings {
  readonly sol: Lamports;
  readonly usdc: MicroUsd;
  readonly walletSol: Lamports;
  readonly fundingPeriodMs: number;
}

/** Read, checked and kept for the live venue; of use in paper mode too, to watch what a live engine left open. */
export interface LiveSettings {
  readonly venue: LiveVenueName;
  /** False: nobody chose, and `venue` is the default. */
  readonly venueIsSet: boolean;
  readonly privateKey: string | null;
  readonly keypairPath: string | null;
  /** Of a signer in another process; null: none, or nothing may be signed. */
  readonly signerSocket: string | null;
  /** Whose account: the key's address, else AUTHORITY. Null: neither is set. */
  readonly authority: string | null;
  /** Warnings about the key file. */
  readonly keyWarnings: readonly string[];
  readonly rpcUrls: readonly string[];
  readonly rpcWsUrl: string | null;
  readonly driftEnv: ClusterName;
  /** Of the cluster. Null: a local chain that has not been asked yet. */
  readonly genesis: string | null;
  readonly programId: string;
  readonly subAccount: number;
  readonly permissions: 'read-only' | 'capital' | 'trading';
  /** Null: transactions go to the RPC nodes alone. */
  readonly jito: {
    readonly url: string | null;
    readonly region: string | null;
    readonly tipLamports: number | null;
  } | null;
  readonly explorerUrl: string | null;
  /** Hash of an untested build that a person accepts. */
  readonly acceptProgram: string | null;
  /** Compiled programs and accounts for a local chain. */
  readonly programPath: string | null;
  readonly velocityProgramPath: string | null;
  readonly velocityAccountsPath: string | null;
}

/** A setting as a person may see it: a secret is only said to be set. */
export interface ShownSetting {
  readonly name: SettingName;
  readonly group: SettingGroup;
  /** Null: not set, and without a default. */
  readonly value: string | null;
  readonly source: 'command line' | 'environment' | '.env' | 'file' | 'default' | 'not set';
  readonly fallback: string | null;
  readonly help: string;
}

export interface Settings {
  /** Every setting with where it comes from, in the order of the README. */
  readonly inForce: readonly ShownSetting[];
  /** Absolute. */
  readonly home: string;
  readonly port: number;
  readonly host: string;
  readonly token: string | null;
  readonly readToken: string | null;
  /** Of a worker on its own; null: it serves nothing. */
  readonly workerPort: number | null;
  readonly mode: 'paper' | 'live';
  readonly environment: 'development' | 'production' | 'test';
  readonly logLevel: SettingValues['LOG_LEVEL'];
  /** Absolute. */
  readonly logDir: string;
  /** Where links to transactions lead; null: nowhere (paper, a local chain). */
  readonly explorerUrl: string | null;
  /** As the engine id carries it: `synthetic:1`, `replay:/absolute/funding.csv`; `live`: the venue's own prices. */
  readonly feed: string;
  readonly engineId: string;
  readonly paper: PaperSettings;
  readonly policy: PolicyJson;
  /** Those that this process runs beside its own, from ENGINES_FILE. */
  readonly engines: readonly NamedEngine[];
  readonly temporal: TemporalSettings;
  readonly codec: CodecSettings;
  /** Null: nothing is traced. */
  readonly tracing: TracingSettings | null;
  readonly databaseUrl: string | null;
  readonly alerts: AlertSettings;
  readonly live: LiveSettings;
  /** Every text that must never reach a log, an error or a socket. */
  readonly secrets: readonly string[];
}

/** An engine of ENGINES_FILE: what it has of its own. The rest is the process's. */
export interface NamedEngine extends Pick<Settings, 'engineId' | 'paper' | 'policy'> {
  readonly name: string;
  readonly inForce: () => readonly ShownSetting[];
}

export interface SettingSource {
  /** Wins over `.env`. */
  readonly env: NodeJS.ProcessEnv;
  /** The text of `.env`; null when there is none. */
  readonly dotenv: string | null;
  /** Relative paths count from here. */
  readonly cwd: string;
}

export const DEMO_FEED = 'synthetic:demo';
export const DEMO_SPEED = 60;

export function readSettingSource(cwd: string, env: NodeJS.ProcessEnv): SettingSource {
  const path = join(cwd, '.env');
  return { env, cwd, dotenv: existsSync(path) ? readFileSync(path, 'utf8') : null };
}

const shown = (text: string): string =>
  JSON.stringify(text.length > MAX_SHOWN_CHARS ? `${text.slice(0, MAX_SHOWN_CHARS)}…` : text);

/** Names in the environment that resemble settings of ours. Other programs' names stand there too, so this is no error. */
export const misspeltNames = (env: NodeJS.ProcessEnv): readonly { readonly name: string; readonly meant: string }[] =>
  Object.keys(env).flatMap((name) => {
    const meant = nameMeant(name, NAMES_IN_ENV);
    return meant === null ? [] : [{ name, meant }];
  });

export type Role = 'all' | 'worker' | 'bridge';

export interface SettingOverrides {
  readonly demo?: boolean;
  /** A bridge alone reads no chain and signs nothing. `all` by default. */
  readonly role?: Role;
  /** Of a local chain, as its node told it. */
  readonly genesis?: string | null;
  /** Stand, whatever is set; null: not set. */
  readonly fixed?: Partial<Record<SettingName, string | null>>;
}

type OwnSettings = Omit<Settings, 'engines'>;

/** @throws SettingsError with every malformed setting and every misspelt key of `.env`; then with those of ENGINES_FILE */
export function loadSettings(source: SettingSource, overrides: SettingOverrides = {}): Settings {
  const { enginesFile, ...own } = loadTable(source, overrides, {});
  return { ...own, engines: enginesFile === null ? [] : namedEngines(enginesFile, own, source, overrides) };
}

/** Each is what the process's own settings would make with its table in their place. */
function namedEngines(
  path: string,
  own: OwnSettings,
  source: SettingSource,
  overrides: SettingOverrides,
): readonly NamedEngine[] {
  const { tables, problems } = readEnginesFile(path);
  const found = [...problems];
  const names = new Map([[own.engineId, "the process's own engine"]]);
  const engines: NamedEngine[] = [];
  // Read here and never again: once the process runs, the environment holds no secret any longer.
  const ofProcess = overrides.demo === true ? shownWithoutDemo(source, overrides) : own.inForce;
  for (const [name, table] of tables) {
    try {
      const { engineId, paper, policy } = loadTable(source, { ...overrides, demo: false }, table);
      const twin = names.get(engineId);
      if (twin !== undefined) found.push(`${name}: it has the account of ${twin}. ${ANOTHER_ACCOUNT}`);
      names.set(engineId, name);
      engines.push({ name, engineId, paper, policy, inForce: () => ofProcess.map((one) => inPlaceOf(one, table)) });
    } catch (error) {
      if (!(error instanceof SettingsError)) throw error;
      found.push(...error.errors.map((one) => `${name}, ${errorLine(one)}`));
    }
  }
  if (found.length > 0) {
    const expected = 'settings that can be used';
    throw new SettingsError(found.map((problem) => ({ setting: 'ENGINES_FILE', got: path, expected, problem })));
  }
  return engines;
}

/** A demo is the own engine's alone. */
const shownWithoutDemo = (source: SettingSource, overrides: SettingOverrides): readonly ShownSetting[] =>
  loadTable(source, { ...overrides, demo: false }, {}).inForce;

function inPlaceOf(one: ShownSetting, table: EngineTable): ShownSetting {
  const value = table[one.name];
  return value === undefined ? one : { ...one, value, source: 'file' };
}

const ANOTHER_ACCOUNT = 'Give it another DRIFT_SUB_ACCOUNT or MARKET_FEED.';

/** @param table wins over the environment, `.env` and what is fixed */
function loadTable(
  { env, dotenv, cwd }: SettingSource,
  { demo = false, role = 'all', fixed = {}, genesis = null }: SettingOverrides,
  table: EngineTable,
): OwnSettings & { readonly enginesFile: string | null } {
  const errors: SettingError[] = [];
  const file = dotenv === null ? {} : parseDotenv(dotenv);
  for (const key of Object.keys(file)) {
    const meant = nameMeant(key, NAMES_IN_ENV);
    if (meant !== null) errors.push({ setting: key, got: 'a name in .env that is none of ours', expected: meant });
  }
  const written = (name: string): string | null => env[name]?.trim() || file[name]?.trim() || null;
  const secretFiles = readSecretFiles(written, cwd);
  errors.push(...secretFiles.errors);
  const given = (name: SettingName): string | null => {
    const forced = table[name] ?? fixed[name];
    return forced !== undefined ? forced : (written(name) ?? secretFiles.texts.get(name) ?? null);
  };
  const ofDemo: Partial<Record<SettingName, string>> = demo
    ? { MARKET_FEED: DEMO_FEED, MARKET_SPEED: String(DEMO_SPEED) }
    : {};
  const sourceOf = (name: SettingName): ShownSetting['source'] => {
    if (table[name] !== undefined) return 'file';
    if (ofDemo[name] !== undefined || fixed[name] !== undefined) return 'command line';
    if (env[name]?.trim()) return 'environment';
    if (file[name]?.trim()) return '.env';
    if (secretFiles.texts.has(name)) return 'file';
    return SETTINGS[name].fallback === null ? 'not set' : 'default';
  };
  const texts = new Map<SettingName, string>();
  const values: Partial<Record<SettingName, unknown>> = {};
  for (const name of SETTING_NAMES) {
    const entry: Setting<unknown> = SETTINGS[name];
    const text = ofDemo[name] ?? given(name) ?? entry.fallback;
    values[name] = null;
    if (text === null) continue;
    texts.set(name, text);
    const parsed = entry.schema.safeParse(text);
    if (parsed.success) values[name] = parsed.data;
    else errors.push({ setting: name, got: entry.secret ? '(hidden)' : shown(text), expected: entry.expected });
  }
  const read = values as SettingValues;
  const key = keyIn(read, cwd);
  const codec = codecKeysIn(read, cwd);
  errors.push(
    ...key.errors,
    ...codec.errors,
    ...contradictions(read, texts),
    ...liveErrors(read, texts, { key, role, given }),
  );
  if (errors.length > 0) throw new SettingsError(errors);
  const inForce = SETTING_NAMES.map((name) => shownSetting(name, texts.get(name) ?? null, sourceOf(name)));
  const enginesFile = read.ENGINES_FILE === null ? null : resolve(cwd, read.ENGINES_FILE);
  const surroundings = { cwd, key: key.found, genesis, encryption: codec.keys };
  return { ...assemble(read, texts, surroundings), inForce, enginesFile };
}

/** `set` in place of a secret. */
function shownSetting(name: SettingName, text: string | null, source: ShownSetting['source']): ShownSetting {
  const { group, fallback, help, secret }: Setting<unknown> = SETTINGS[name];
  const value = text !== null && secret ? 'set' : text;
  return { name, group, value, source, fallback, help };
}

interface KeyRead {
  readonly found: FoundKey | null;
  readonly errors: readonly SettingError[];
}

/** The key's text is judged in paper mode too; its file only where it is wanted. */
function keyIn(read: SettingValues, cwd: string): KeyRead {
  const privateKey = read.SOLANA_PRIVATE_KEY;
  const path = read.SOLANA_KEYPAIR_PATH;
  const keypairPath = path === null || read.ENGINE_MODE !== 'live' ? null : resolve(cwd, path);
  const errors: SettingError[] = [];
  const from = (setting: SettingName, source: Parameters<typeof findKey>[0]): FoundKey | null => {
    try {
      return findKey(source);
    } catch (error) {
      if (!(error instanceof DriftlessError)) throw error;
      const { expected } = SETTINGS[setting];
      errors.push({ setting, got: '(hidden)', expected, problem: `${error.code}: ${error.message}` });
      return null;
    }
  };
  const ofText = from('SOLANA_PRIVATE_KEY', { privateKey, keypairPath: null });
  const ofFile = from('SOLANA_KEYPAIR_PATH', { privateKey: null, keypairPath });
  if (ofText !== null && ofFile !== null) from('SOLANA_PRIVATE_KEY', { privateKey, keypairPath });
  return { found: ofFile ?? ofText, errors };
}

function codecKeysIn(
  { CODEC_KEYS_FILE: path }: SettingValues,
  cwd: string,
): { readonly keys: EncryptionKeys; readonly errors: readonly SettingError[] } {
  if (path === null) return { keys: NO_KEYS, errors: [] };
  const read = readEncryptionKeys(resolve(cwd, path));
  if (read.kind === 'read') return { keys: read.keys, errors: [] };
  const { problem } = read;
  return { keys: NO_KEYS, errors: [{ setting: 'CODEC_KEYS_FILE', got: shown(path), expected: KEY_LINE, problem }] };
}

const ADDRESS_BYTES = 32;
/** Where SOL-PERP trades today. */
const DEFAULT_VENUE: LiveVenueName = 'velocity';

/** Settings that a live engine needs, and those that contradict it. */
function liveErrors(
  read: SettingValues,
  texts: ReadonlyMap<SettingName, string>,
  { key, role, given }: { key: KeyRead; role: Role; given: (name: SettingName) => string | null },
): readonly SettingError[] {
  const errors: SettingError[] = [];
  const wrong = (setting: SettingName, expected: string, problem?: string) => {
    const text = texts.get(setting);
    const got = text === undefined ? 'nothing' : shown(text);
    errors.push({ setting, got, expected, ...(problem === undefined ? {} : { problem }) });
  };
  for (const name of ['AUTHORITY', 'DRIFT_PROGRAM_ID'] as const) {
    const address = read[name];
    if (address !== null && fromBase58(address)?.length !== ADDRESS_BYTES)
      wrong(name, 'an address of 32 bytes, base58');
  }
  if (read.ENGINE_MODE !== 'live') return errors;
  errors.push(...programErrors(read));
  const feed = given('MARKET_FEED');
  if (feed !== null && feed !== 'live') {
    wrong('MARKET_FEED', 'live, or nothing, with ENGINE_MODE=live: prices and funding are the venue’s own');
  }
  if (read.MARKET_SPEED !== null && read.MARKET_SPEED !== 1) wrong('MARKET_SPEED', '1 with ENGINE_MODE=live');
  if (read.RPC_URL === null && role !== 'bridge' && !texts.has('RPC_URL')) {
    wrong('RPC_URL', 'one or more Solana RPC nodes: a live engine reads and trades through them');
  }
  const { found } = key;
  const ownKeys = (['SOLANA_PRIVATE_KEY', 'SOLANA_KEYPAIR_PATH'] as const).filter((name) => read[name] !== null);
  const remote = read.SIGNER_SOCKET !== null;
  if (remote && ownKeys.length > 0) {
    const problem = `the key is the signer’s alone, and ${ownKeys.join(' and ')} would put it here too. Set one or the other.`;
    wrong('SIGNER_SOCKET', 'nothing beside a key', problem);
  }
  if (remote && read.AUTHORITY === null && !texts.has('AUTHORITY')) {
    wrong('AUTHORITY', 'the wallet of the signer at SIGNER_SOCKET: its start prints it');
  }
  const keyed = found !== null || ownKeys.length > 0 || remote;
  if (!keyed && read.AUTHORITY === null && !texts.has('AUTHORITY')) {
    wrong('AUTHORITY', 'whose account to watch, or a key (SOLANA_PRIVATE_KEY or SOLANA_KEYPAIR_PATH)');
  }
  if (found !== null && read.AUTHORITY !== null && read.AUTHORITY !== found.address) {
    wrong('AUTHORITY', `${found.address}, the key’s own address, or nothing`);
  }
  const permissions = read.LIVE_PERMISSIONS;
  if (!keyed && permissions !== null && permissions !== 'read-only' && role !== 'bridge') {
    wrong(
      'LIVE_PERMISSIONS',
      'read-only without a key',
      `KEY_MISSING: ${permissions} needs a key to sign with. Set SOLANA_PRIVATE_KEY, SOLANA_KEYPAIR_PATH or SIGNER_SOCKET, ` +
        'or LIVE_PERMISSIONS=read-only to watch alone.',
    );
  }
  return errors;
}

/** A program that is another venue's, or none whose accounts we can read. */
function programErrors(read: SettingValues): readonly SettingError[] {
  const { DRIFT_PROGRAM_ID: programId } = read;
  const venue = read.LIVE_VENUE ?? DEFAULT_VENUE;
  const own = LIVE_PROGRAMS[venue];
  if (programId === null || programId === own.programId) return [];
  const expected = `${own.programId}, the program of ${own.name}, or nothing`;
  const setting = 'DRIFT_PROGRAM_ID';
  const other = venueOfProgram(programId);
  if (other !== null) {
    const { name } = LIVE_PROGRAMS[other];
    const problem =
      `this is the program of ${name}, and LIVE_VENUE is ${venue}. Set LIVE_VENUE=${other}, or take DRIFT_PROGRAM_ID ` +
      'out: each venue knows its own program.';
    return [{ setting, got: programId, expected, problem }];
  }
  return own.standsElsewhere ? [] : [{ setting, got: programId, expected }];
}

/** Limits without a default: a person names them before the engine enters by itself. */
const NEEDED_BY_AUTO = {
  MAX_HEDGE_SOL: 'the largest hedge in SOL that CARRY_POLICY=auto may open, above zero',
  MAX_TRADES_PER_DAY: 'how often a day CARRY_POLICY=auto may enter, at least 1',
} as const;

/** What each setting allows and their combination does not. */
function contradictions(read: SettingValues, texts: ReadonlyMap<SettingName, string>): readonly SettingError[] {
  const errors: SettingError[] = [];
  const wrong = (setting: SettingName, expected: string) =>
    errors.push({ setting, got: shown(texts.get(setting) ?? ''), expected });
  if (read.ENGINE_MODE === 'live' && (read.MAX_LEVERAGE ?? 0) > LIVE_MAX_LEVERAGE) {
    wrong('MAX_LEVERAGE', `at most ${LIVE_MAX_LEVERAGE} in live mode`);
  }
  if (read.MARKET_FEED === 'live' && read.MARKET_SPEED !== null && read.MARKET_SPEED !== 1) {
    wrong('MARKET_SPEED', '1 with MARKET_FEED=live');
  }
  if (read.CARRY_POLICY === 'auto') {
    for (const name of ['MAX_HEDGE_SOL', 'MAX_TRADES_PER_DAY'] as const) {
      if (!texts.has(name)) errors.push({ setting: name, got: 'nothing', expected: NEEDED_BY_AUTO[name] });
      else if (read[name] === 0n) wrong(name, NEEDED_BY_AUTO[name]);
    }
  }
  if (read.DRIFTLESS_READ_TOKEN !== null && read.DRIFTLESS_READ_TOKEN === read.DRIFTLESS_TOKEN) {
    errors.push({
      setting: 'DRIFTLESS_READ_TOKEN',
      got: '(hidden)',
      expected: 'another token than DRIFTLESS_TOKEN: the read-only token must not open commands',
    });
  }
  if ((read.TEMPORAL_TLS_CERT === null) !== (read.TEMPORAL_TLS_KEY === null)) {
    const there = read.TEMPORAL_TLS_CERT === null ? 'TEMPORAL_TLS_KEY' : 'TEMPORAL_TLS_CERT';
    wrong(there, 'TEMPORAL_TLS_CERT and TEMPORAL_TLS_KEY together');
  }
  if (read.CODEC_ENDPOINT_PORT !== null) {
    for (const name of ['CODEC_KEYS_FILE', 'CODEC_ENDPOINT_TOKEN'] as const) {
      if (!texts.has(name)) wrong(name, 'a value, since CODEC_ENDPOINT_PORT is set');
    }
  }
  if (
    read.CODEC_ENDPOINT_TOKEN !== null &&
    [read.DRIFTLESS_TOKEN, read.DRIFTLESS_READ_TOKEN].includes(read.CODEC_ENDPOINT_TOKEN)
  ) {
    errors.push({
      setting: 'CODEC_ENDPOINT_TOKEN',
      got: '(hidden)',
      expected:
        'another token than DRIFTLESS_TOKEN and DRIFTLESS_READ_TOKEN: it stands in the address that a browser keeps',
    });
  }
  for (const { set, missing } of lonelyAlertSettings(texts)) wrong(missing, `a value, since ${set} is set`);
  const ports = (['PORT', 'CODEC_ENDPOINT_PORT', 'TEMPORAL_PORT', 'TEMPORAL_UI_PORT'] as const).filter(
    (name) => !name.startsWith('TEMPORAL') || read.TEMPORAL_ADDRESS === null,
  );
  for (const [index, name] of ports.entries()) {
    const twin = ports.slice(0, index).find((other) => read[other] !== null && read[other] === read[name]);
    if (twin !== undefined) wrong(name, `another port than ${twin}`);
  }
  return errors;
}

/** A feed's id as it stands in the engine id: the default seed written out, paths absolute. */
export function canonicalFeed(feed: string, cwd: string): string {
  if (feed === 'synthetic') return 'synthetic:1';
  if (!feed.startsWith('replay:')) return feed;
  const paths = feed.slice('replay:'.length).split(',');
  return `replay:${paths.map((path) => resolve(cwd, path.trim())).join(',')}`;
}

function secretsIn(texts: ReadonlyMap<SettingName, string>): readonly string[] {
  const secrets: string[] = [];
  for (const [name, text] of texts) {
    const entry: Setting<unknown> = SETTINGS[name];
    if (!entry.secret) continue;
    secrets.push(text);
    for (const one of text.split(',')) {
      if (!URL.canParse(one)) continue;
      const url = new URL(one);
      secrets.push(decodeURIComponent(url.password), url.password, ...url.searchParams.values());
    }
  }
  return secrets;
}

const EXPLORERS: Readonly<Record<LiveSettings['driftEnv'], string | null>> = {
  'mainnet-beta': 'https://solscan.io/tx/{signature}',
  devnet: 'https://explorer.solana.com/tx/{signature}?cluster=devnet',
  localnet: null,
};

/** On mainnet by itself, elsewhere when a block engine is named: other clusters have none. */
function jitoOf(read: SettingValues): LiveSettings['jito'] {
  const named = read.JITO_URL !== null || read.JITO_REGION !== null;
  if (!named && (read.DRIFT_ENV ?? 'mainnet-beta') !== 'mainnet-beta') return null;
  return { url: read.JITO_URL, region: read.JITO_REGION, tipLamports: read.JITO_TIP_LAMPORTS };
}

function codecEndpointOf(read: SettingValues): CodecSettings['endpoint'] {
  const { CODEC_ENDPOINT_PORT: port, CODEC_ENDPOINT_TOKEN: token, CODEC_ENDPOINT_ORIGIN: origin } = read;
  if (port === null || token === null) return null;
  const { TEMPORAL_UI_URL: uiUrl, TEMPORAL_UI_PORT: uiPort } = read;
  const ofUi = uiUrl === null ? `http://127.0.0.1:${needed(uiPort)}` : new URL(uiUrl).origin;
  return { port, token, origin: origin ?? ofUi };
}

/** Stands in an engine's id only until the local chain was asked: `main.ts` does, before anything uses the id. */
const NOT_ASKED = '11111111';

interface Surroundings {
  readonly cwd: string;
  readonly key: FoundKey | null;
  /** Of a local chain; null: not asked yet. */
  readonly genesis: string | null;
  readonly encryption: EncryptionKeys;
}

function assemble(
  read: SettingValues,
  texts: ReadonlyMap<SettingName, string>,
  { cwd, key, genesis: localGenesis, encryption }: Surroundings,
): Omit<OwnSettings, 'inForce'> {
  const pathOf = (path: string | null): string | null => (path === null ? null : resolve(cwd, path));
  const home = resolve(cwd, needed(read.DRIFTLESS_HOME));
  const mode = needed(read.ENGINE_MODE);
  const feed = mode === 'live' ? 'live' : canonicalFeed(needed(read.MARKET_FEED), cwd);
  const subAccount = read.DRIFT_SUB_ACCOUNT ?? 0;
  const driftEnv = read.DRIFT_ENV ?? 'mainnet-beta';
  const authority = key?.address ?? read.AUTHORITY;
  const genesis = genesisOf(driftEnv) ?? localGenesis;
  const venue = read.LIVE_VENUE ?? DEFAULT_VENUE;
  const programId = read.DRIFT_PROGRAM_ID ?? LIVE_PROGRAMS[venue].programId;
  // A key that nothing may be signed with is not carried any further than its address.
  const signs = mode === 'live' && needed(read.LIVE_PERMISSIONS) !== 'read-only';
  const explorerUrl = read.EXPLORER_URL ?? EXPLORERS[driftEnv];
  return {
    home,
    port: needed(read.PORT),
    host: needed(read.HOST),
    token: read.DRIFTLESS_TOKEN,
    readToken: read.DRIFTLESS_READ_TOKEN,
    workerPort: read.WORKER_PORT,
    mode,
    environment: needed(read.NODE_ENV),
    logLevel: read.LOG_LEVEL,
    logDir: read.LOG_DIR === null ? join(home, 'logs') : resolve(cwd, read.LOG_DIR),
    explorerUrl: mode === 'paper' ? null : explorerUrl,
    feed,
    engineId:
      mode === 'live'
        ? engineIdOf({
            ...{ venue, authority: needed(authority), subAccount },
            chain: engineChain(genesis ?? NOT_ASKED, programId),
          })
        : engineIdOf({ venue: 'paper', authority: feed, subAccount }),
    paper: {
      sol: needed(read.PAPER_SOL),
      usdc: needed(read.PAPER_USDC),
      walletSol: needed(read.PAPER_WALLET_SOL),
      fundingPeriodMs: needed(read.FUNDING_PERIOD_SECONDS) * MS,
    },
    policy: policyFrom(read),
    temporal: {
      address: read.TEMPORAL_ADDRESS,
      namespace: needed(read.TEMPORAL_NAMESPACE),
      apiKey: read.TEMPORAL_API_KEY,
      tlsCertPath: read.TEMPORAL_TLS_CERT === null ? null : resolve(cwd, read.TEMPORAL_TLS_CERT),
      tlsKeyPath: read.TEMPORAL_TLS_KEY === null ? null : resolve(cwd, read.TEMPORAL_TLS_KEY),
      port: needed(read.TEMPORAL_PORT),
      uiPort: needed(read.TEMPORAL_UI_PORT),
      cli: read.TEMPORAL_CLI,
      uiUrl: read.TEMPORAL_UI_URL,
    },
    codec: { keys: encryption, endpoint: codecEndpointOf(read) },
    tracing:
      read.OTEL_EXPORTER_OTLP_ENDPOINT === null
        ? null
        : { endpoint: read.OTEL_EXPORTER_OTLP_ENDPOINT, serviceName: needed(read.OTEL_SERVICE_NAME) },
    databaseUrl: read.DATABASE_URL,
    alerts: alertSettings(read),
    live: {
      venue,
      venueIsSet: read.LIVE_VENUE !== null,
      privateKey: signs ? read.SOLANA_PRIVATE_KEY : null,
      keypairPath: signs && read.SOLANA_KEYPAIR_PATH !== null ? resolve(cwd, read.SOLANA_KEYPAIR_PATH) : null,
      signerSocket: signs ? pathOf(read.SIGNER_SOCKET) : null,
      authority,
      keyWarnings: key?.warnings ?? [],
      rpcUrls: read.RPC_URL ?? [],
      rpcWsUrl: read.RPC_WS_URL,
      driftEnv,
      genesis,
      programId,
      subAccount,
      permissions: needed(read.LIVE_PERMISSIONS),
      jito: jitoOf(read),
      explorerUrl,
      acceptProgram: read.ACCEPT_PROGRAM,
      programPath: pathOf(read.DRIFT_PROGRAM_PATH),
      velocityProgramPath: pathOf(read.VELOCITY_PROGRAM_PATH),
      velocityAccountsPath: pathOf(read.VELOCITY_ACCOUNTS_PATH),
    },
    secrets: [
      ...secretsIn(texts).filter((secret) => secret !== ''),
      ...encryption.all.map(({ bytes }) => Buffer.from(bytes).toString('base64')),
    ],
  };
}
