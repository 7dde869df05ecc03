/** Every setting: its kind, default and meaning. README's table and `.env.example` say the same (tests hold them equal). */
import type { z } from 'zod';
import type { Lamports, MicroUsd } from '../domain/money/units.ts';
import type { SettingKind } from './setting-kinds.ts';
import * as kinds from './setting-kinds.ts';

export type SettingGroup = 'General' | 'Market' | 'Policy' | 'Alerts' | 'Durable parts' | 'Live';

export interface Setting<T> extends SettingKind<T> {
  readonly group: SettingGroup;
  /** As a person would write it; null: not set. */
  readonly fallback: string | null;
  readonly help: string;
  /** Never shown in an error, and scrubbed from every log line. */
  readonly secret: boolean;
}

interface Told {
  readonly fallback?: string;
  readonly help: string;
  readonly secret?: boolean;
}

const setting =
  (group: SettingGroup) =>
  <T>(kind: SettingKind<T>, { fallback, help, secret }: Told): Setting<T> => ({
    ...kind,
    group,
    fallback: fallback ?? null,
    help,
    secret: secret ?? false,
  });

const general = setting('General');
const market = setting('Market');
const policy = setting('Policy');
const alerts = setting('Alerts');
const durable = setting('Durable parts');
const live = setting('Live');

const sol = kinds.amount<Lamports>(9, 'SOL');
const usd = kinds.amount<MicroUsd>(6, 'USD');
const port = kinds.wholeNumber(1, 65_535);
const path = kinds.anyText('a path');
const WEEK_SECONDS = 604_800;

export const SETTINGS = {
  DRIFTLESS_HOME: general(path, {
    fallback: '.driftless',
    help: 'folder for everything Driftless keeps: journal, Temporal, logs, token',
  }),
  PORT: general(port, { fallback: '8765', help: 'port of the page, API and socket' }),
  HOST: general(kinds.matching('a host name or address', /^[\w.:-]{1,253}$/), {
    fallback: '127.0.0.1',
    help: 'address to listen on; anything but loopback exposes the page to the network',
  }),
  DRIFTLESS_TOKEN: general(kinds.matching('16 to 256 letters, digits, - or _', /^[\w-]{16,256}$/), {
    help: 'token for page, API, socket and Temporal UI, and what commands are signed by; if unset, one is generated once and kept in the data folder; the same for every role of an engine',
    secret: true,
  }),
  DRIFTLESS_READ_TOKEN: general(kinds.matching('16 to 256 letters, digits, - or _', /^[\w-]{16,256}$/), {
    help: 'a second token, which shows everything and changes nothing: for a screen on the wall, or for Prometheus',
    secret: true,
  }),
  ENGINE_MODE: general(kinds.oneOf('paper', 'live'), { fallback: 'paper', help: 'paper or live' }),
  NODE_ENV: general(kinds.oneOf('development', 'production', 'test'), {
    fallback: 'development',
    help: 'development: readable terminal, debug level in the log file; production: JSON on stderr, info level in both',
  }),
  LOG_LEVEL: general(kinds.oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'), {
    help: 'log level of file and terminal; by default NODE_ENV decides',
  }),
  LOG_DIR: general(path, { help: 'folder for log files, one a day, 30 kept; `logs` in the data folder by default' }),
  TEMPORAL_UI_URL: general(kinds.url('http', 'https'), {
    help: 'address that links to workflows use; our own server by default',
  }),
  EXPLORER_URL: general(kinds.url('http', 'https'), {
    help: 'address that links to transactions use, with {signature} in it; solscan.io on mainnet, explorer.solana.com on devnet by default',
  }),
  OTEL_EXPORTER_OTLP_ENDPOINT: general(kinds.url('http', 'https'), {
    help: 'address of an OpenTelemetry collector that takes OTLP over HTTP, like http://127.0.0.1:4318: each command becomes a trace (docs/architecture/tracing.md); if unset, nothing is traced',
  }),
  OTEL_SERVICE_NAME: general(kinds.matching('1 to 128 letters, digits, dots, - or _', /^[\w.-]{1,128}$/), {
    fallback: 'driftless',
    help: 'name of this process in those traces',
  }),
  ENGINES_FILE: general(path, {
    help: 'JSON file with the settings of further engines, a table for each, that this process runs beside its own (see Many engines)',
  }),

  MARKET_FEED: market(kinds.feed, {
    fallback: 'synthetic',
    help: '`synthetic[:seed]`, `replay:<funding.csv>[,<lend.csv>]` or `live`; each feed has its own paper account; a live engine uses the venue’s own prices',
  }),
  MARKET_SPEED: market(kinds.speed, {
    fallback: '1',
    help: 'market seconds per real second for synthetic and replay, or `max`',
  }),
  PAPER_SOL: market(sol, { fallback: '10', help: 'SOL deposited in a new paper account' }),
  PAPER_USDC: market(usd, { fallback: '500', help: 'USDC deposited in a new paper account' }),
  PAPER_WALLET_SOL: market(sol, { fallback: '5', help: 'SOL in the wallet of a new paper account' }),
  FUNDING_PERIOD_SECONDS: market(kinds.wholeNumber(1, WEEK_SECONDS), {
    fallback: '3600',
    help: 'length of a funding period of a new paper account',
  }),

  DRIFT_TOLERANCE_PCT: policy(kinds.decimalNumber(0.01, 100), {
    fallback: '1.0',
    help: 'hedge deviation (percent of hedgeable spot) that triggers a rebalance',
  }),
  COOLDOWN_SECONDS: policy(kinds.wholeNumber(0, WEEK_SECONDS), {
    fallback: '1800',
    help: 'minimum market time between rebalances',
  }),
  MAX_SLIPPAGE_BPS: policy(kinds.wholeNumber(1, 1_000), {
    fallback: '50',
    help: 'worst price of a trade, in basis points from the mark',
  }),
  MIN_TRADE_SIZE: policy(sol, { fallback: '0.005', help: 'smallest rebalance in SOL; smaller ones are skipped' }),
  RESERVED_SOL: policy(sol, { fallback: '0.017', help: 'SOL kept in the wallet for gas' }),
  LOOP_INTERVAL_SECONDS: policy(kinds.wholeNumber(1, 86_400), {
    fallback: '60',
    help: 'how often the engine decides whether to trade',
  }),
  POLL_INTERVAL_SECONDS: policy(kinds.wholeNumber(1, 3_600), { fallback: '10', help: 'how often the account is read' }),
  MAX_LEVERAGE: policy(kinds.decimalNumber(0.1, 10), {
    help: 'leverage limit; at most 10 in paper and 5 live, which are the defaults',
  }),
  CONFIRM_ABOVE_USD: policy(usd, { fallback: '100', help: 'live commands above this amount need confirmation' }),
  MAX_AUTO_TRADE_USD: policy(usd, {
    fallback: '1000',
    help: 'largest automatic trade that adds risk; above it, use Rebalance',
  }),
  HEDGE_WALLET_SOL: policy(kinds.onOff, { fallback: 'false', help: 'also hedge the SOL in the wallet' }),
  GUARD: policy(kinds.onOff, { fallback: 'on', help: 'automatic reduction near liquidation' }),
  HOLDING_HORIZON_HOURS: policy(kinds.wholeNumber(1, 87_660), {
    fallback: '720',
    help: 'period over which expected funding must pay the cost of a trade',
  }),
  MAX_UNHEDGED_PCT: policy(kinds.decimalNumber(0, 100), {
    fallback: '5',
    help: 'above this hedge deviation (percent) a rebalance need not pay for itself',
  }),
  MIN_LIQUIDATION_DISTANCE_PCT: policy(kinds.decimalNumber(0, 100), {
    fallback: '20',
    help: 'smallest distance (percent) to the liquidation price that a trade may leave',
  }),
  MAX_SNAPSHOT_AGE_SECONDS: policy(kinds.wholeNumber(1, 3_600), {
    fallback: '30',
    help: 'older account data blocks deposits, withdrawals and trades that add risk',
  }),
  MAX_RPC_LATENCY_MS: policy(kinds.wholeNumber(1, 60_000), {
    fallback: '500',
    help: 'an RPC node slower than this blocks trades that add risk',
  }),
  MAX_QUOTE_DEPEG_PCT: policy(kinds.decimalNumber(0, 100), {
    fallback: '1',
    help: 'a quote asset (USDC, USDT) farther from 1 USD than this (percent) blocks trades that add risk',
  }),
  CARRY_POLICY: policy(kinds.oneOf('manual', 'auto'), {
    fallback: 'manual',
    help: 'who enters and leaves the hedge: a person, or the engine by the confidence rule after ENABLE_AUTO_CARRY',
  }),
  CARRY_AUTO_EXIT: policy(kinds.onOff, {
    fallback: 'true',
    help: 'with CARRY_POLICY=auto, leave the hedge when it no longer pays; off: a critical alert each day instead',
  }),
  CARRY_WINDOW_HOURS: policy(kinds.wholeNumber(14, 720), {
    fallback: '336',
    help: 'hours of funding whose mean the confidence rule goes by',
  }),
  CARRY_Z: policy(kinds.decimalNumber(0, 10), {
    fallback: '1',
    help: 'how many standard errors below the mean must still pay before the rule enters',
  }),
  CARRY_HEDGE_FRACTION: policy(kinds.decimalNumber(0.01, 1), {
    fallback: '1',
    help: 'part of the SOL that the rule hedges',
  }),
  ALTERNATIVE_YIELD_APR: policy(kinds.decimalNumber(0, 100), {
    fallback: '0',
    help: 'what your SOL would earn elsewhere (percent a year); what that is beyond the lend rate here, the hedge must earn too',
  }),
  MAX_HEDGE_SOL: policy(sol, { help: 'largest hedge that CARRY_POLICY=auto opens; required by it' }),
  MAX_TRADES_PER_DAY: policy(kinds.wholeNumber(1, 1_000), {
    help: 'how often a day CARRY_POLICY=auto may enter; leaving is never counted; required by it',
  }),

  ALERT_WEBHOOK_URL: alerts(kinds.url('http', 'https'), {
    help: 'alerts are posted here as JSON, signed as Standard Webhooks describes; needs ALERT_WEBHOOK_SECRET',
    secret: true,
  }),
  ALERT_WEBHOOK_SECRET: alerts(
    kinds.matching('whsec_ and 24 to 64 bytes in base64', /^whsec_[A-Za-z0-9+/]{32,86}={0,2}$/),
    {
      help: 'secret that signs the webhook; the receiver has the same',
      secret: true,
    },
  ),
  ALERT_TELEGRAM_TOKEN: alerts(kinds.matching('a bot token like 123456:ABC-def', /^\d{3,20}:[\w-]{8,100}$/), {
    help: 'token of your Telegram bot, from BotFather; needs ALERT_TELEGRAM_CHAT',
    secret: true,
  }),
  ALERT_TELEGRAM_CHAT: alerts(kinds.matching('a numeric chat id or @channel', /^(-?\d{1,20}|@\w{4,64})$/), {
    help: 'chat that the bot writes to; send your bot a message first',
  }),
  TELEGRAM_COMMAND_USERS: alerts(kinds.userIds, {
    help: 'people who may write /status, /close, /flatten, /resume, /resolve and /mute to your bot in a private chat; if unset, nobody may. Needs ALERT_TELEGRAM_TOKEN',
  }),
  ALERT_DISCORD_URL: alerts(kinds.url('http', 'https'), {
    help: 'webhook URL of a Discord channel (its settings, Integrations)',
    secret: true,
  }),
  ALERT_MIN_SEVERITY: alerts(kinds.oneOf('info', 'warning', 'critical'), {
    fallback: 'warning',
    help: 'less severe alerts are shown on the page only',
  }),
  ALERT_REPEAT_MINUTES: alerts(kinds.wholeNumber(1, 1_440), {
    fallback: '30',
    help: 'a critical alert is sent again after this time while it stands, for at most a day',
  }),
  ALERT_QUIET_HOURS: alerts(kinds.timeSpan, {
    help: 'like 22:00-07:00, in the time zone of this machine: only critical alerts are sent, the others at the end, together',
  }),
  DAILY_SUMMARY_AT: alerts(kinds.timeOfDay, {
    fallback: '08:00',
    help: 'when the day’s summary (equity, earnings, health, alerts) goes to the same places, in the time zone of this machine; or off',
  }),
  HEARTBEAT_URL: alerts(kinds.url('http', 'https'), {
    help: 'called every minute while all parts work; a service that misses the call can wake you',
    secret: true,
  }),

  TEMPORAL_ADDRESS: durable(kinds.hostAndPort, {
    help: 'an existing Temporal server; if unset, one is started on this machine',
  }),
  TEMPORAL_NAMESPACE: durable(kinds.matching('letters, digits, dots, - or _', /^[\w.-]{1,255}$/), {
    fallback: 'driftless',
    help: 'Temporal namespace; created if missing, with 30 days of retention',
  }),
  TEMPORAL_API_KEY: durable(kinds.anyText('an API key'), {
    help: 'API key for Temporal Cloud; enables TLS',
    secret: true,
  }),
  TEMPORAL_TLS_CERT: durable(path, { help: 'PEM file with the client certificate; enables TLS' }),
  TEMPORAL_TLS_KEY: durable(path, { help: 'PEM file with the key of that certificate' }),
  TEMPORAL_PORT: durable(port, { fallback: '7233', help: 'port of the Temporal server started on this machine' }),
  TEMPORAL_UI_PORT: durable(port, { fallback: '8233', help: 'port of its web UI, which asks for the token' }),
  WORKER_PORT: durable(port, {
    help: 'port on this machine where a worker on its own serves /healthz, /readyz and, with a token, /metrics; if unset, it serves none',
  }),
  TEMPORAL_CLI: durable(path, { help: 'path of the Temporal CLI; by default PATH, then the cache, then a download' }),
  CODEC_KEYS_FILE: durable(path, {
    help: 'file with the keys that encrypt what Temporal keeps, one a line; the first encrypts (docs/architecture/payloads.md); if unset, it is signed and readable',
  }),
  CODEC_ENDPOINT_PORT: durable(port, {
    help: 'port on this machine where the Temporal UI has encrypted payloads decrypted; if unset, there is none; needs CODEC_KEYS_FILE and CODEC_ENDPOINT_TOKEN',
  }),
  CODEC_ENDPOINT_TOKEN: durable(kinds.matching('16 to 256 letters, digits, - or _', /^[\w-]{16,256}$/), {
    help: 'token of that endpoint alone; whoever has it reads histories, and commands nothing',
    secret: true,
  }),
  CODEC_ENDPOINT_ORIGIN: durable(
    kinds.matching('an origin such as https://temporal.example', /^https?:\/\/[\w.:[\]-]{1,255}$/),
    {
      help: 'the one origin whose pages may ask it; our own Temporal UI by default',
    },
  ),
  DATABASE_URL: durable(kinds.url('postgres', 'postgresql'), {
    help: 'Postgres for the journal; if unset, an embedded database in the data folder',
    secret: true,
  }),

  SOLANA_PRIVATE_KEY: live(kinds.anyText('a key in base58 (87 or 88 characters) or as 64 JSON bytes'), {
    help: 'private key of the wallet that owns the account and signs',
    secret: true,
  }),
  SOLANA_KEYPAIR_PATH: live(path, { help: 'key file to use instead of SOLANA_PRIVATE_KEY' }),
  SIGNER_SOCKET: live(path, {
    help: 'socket of a signer in another process (driftless signer) to use instead of a key; AUTHORITY is then its wallet',
  }),
  AUTHORITY: live(kinds.address, {
    help: 'address whose account to watch read-only, without a key; with SIGNER_SOCKET the wallet that signs',
  }),
  RPC_URL: live(kinds.urlList('http', 'https'), {
    help: 'one or more Solana RPC nodes, comma-separated; with `MARKET_FEED=live` they give paper the venue’s own prices and funding',
    secret: true,
  }),
  RPC_WS_URL: live(kinds.url('ws', 'wss'), {
    help: 'WebSocket of the first node; derived from its URL by default',
    secret: true,
  }),
  LIVE_VENUE: live(kinds.oneOf('velocity', 'drift'), {
    help: 'where a live engine trades, and whose accounts paper reads; velocity by default. The DRIFT_* settings below serve both',
  }),
  DRIFT_ENV: live(kinds.oneOf('mainnet-beta', 'devnet', 'localnet'), {
    help: 'cluster of the program; mainnet-beta by default',
  }),
  DRIFT_PROGRAM_ID: live(kinds.address, { help: 'program id of another deployment of Drift; Velocity has one' }),
  ACCEPT_PROGRAM: live(kinds.matching('64 hex digits', /^[0-9a-f]{64}$/), {
    help: 'hash of a build of the venue that Driftless was not tested on, to trade on it at your own risk; the refusal names it',
  }),
  DRIFT_SUB_ACCOUNT: live(kinds.wholeNumber(0, 65_535), { help: 'sub-account number; 0 by default' }),
  LIVE_PERMISSIONS: live(kinds.oneOf('read-only', 'capital', 'trading'), {
    fallback: 'read-only',
    help: 'what a live engine is allowed to do',
  }),
  JITO_REGION: live(kinds.matching('lower-case letters and -', /^[a-z-]{2,32}$/), {
    help: 'region of the Jito block engine; Jito is used on mainnet, elsewhere only if its region or URL is set',
  }),
  JITO_URL: live(kinds.url('http', 'https'), { help: 'URL of another Jito block engine' }),
  JITO_TIP_LAMPORTS: live(kinds.wholeNumber(0, 1_000_000_000), { help: 'tip per bundle; 10000 by default' }),
  DRIFT_PROGRAM_PATH: live(path, { help: 'path of the compiled Drift program for --localnet' }),
  VELOCITY_PROGRAM_PATH: live(path, { help: 'path of the compiled Velocity program for --localnet' }),
  VELOCITY_ACCOUNTS_PATH: live(path, { help: 'folder of the mainnet accounts that go with it' }),
} as const;

export type SettingName = keyof typeof SETTINGS;
/** As read; null: not set, and without a default. */
export type SettingValues = {
  readonly [Name in SettingName]: z.output<(typeof SETTINGS)[Name]['schema']> | null;
};
export const SETTING_NAMES = Object.keys(SETTINGS) as readonly SettingName[];
export const SECRET_SETTINGS = SETTING_NAMES.filter((name) => (SETTINGS[name] as Setting<unknown>).secret);
