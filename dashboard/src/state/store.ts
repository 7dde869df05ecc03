/** All that the page knows, as signals; changed only here and in commands.ts. */
import { computed, signal } from '@preact/signals';
import { type Connection, type ConnectionState, connect } from '../socket/connection.ts';
import type { AlertView, FundingPayment, ServerMessage, Stats, TransactionUpdate } from '../socket/messages.ts';
import { fields, list } from '../socket/read.ts';
import { readAlert, readFunding } from '../socket/read-message.ts';
import { type Activities, ANSWER_WITHIN_MS, withResult, withSilence, withTransaction } from './activity.ts';
import { lastAttempt, withOperations } from './recovered.ts';
import { restoreActivities, saveActivities } from './session.ts';

export const MAX_ALERTS = 50;
export const MAX_PAYMENTS = 12;
const MAX_TRANSACTIONS = 200;
const RECENT_OPERATIONS = 100;
const JOURNAL_SETTLE_MS = 500;
const TICK_MS = 500;
/** Figures older than this are drawn as stale, where the server's policy gives no limit of its own. */
export const STALE_AFTER_MS = 30_000;

export const connection = signal<ConnectionState>({ kind: 'connecting', failures: 0 });
/** The session is refused: the page was opened without its token, or the token has changed. */
export const unauthorized = signal(false);
export const nowMs = signal(Date.now());
export const stats = signal<Stats | null>(null);
/** Wall clock of this machine when `stats` came: ages are counted from it, so that two clocks need not agree. */
export const statsAtMs = signal(0);
export const activities = signal<Activities>(restoreActivities());
export const alerts = signal<readonly AlertView[]>([]);
export const payments = signal<readonly FundingPayment[]>([]);
export const transactions = signal<ReadonlyMap<string, TransactionUpdate>>(new Map());
/** Grows when the journal has new rows: what shows history reads again. */
export const journalVersion = signal(0);
/** The last thing that happened, in words, for those who listen instead of look. */
export const announcement = signal('');

export const connected = computed(() => connection.value.kind === 'open');
/** Milliseconds since the figures were true; null: there are none. */
export const figuresAgeMs = computed(() =>
  stats.value === null || stats.value.ageMs === null
    ? null
    : stats.value.ageMs + Math.max(0, nowMs.value - statsAtMs.value),
);
export const stale = computed(() => {
  const limit = stats.value?.policy.maxSnapshotAgeMs ?? STALE_AFTER_MS;
  return !connected.value || figuresAgeMs.value === null || figuresAgeMs.value > limit;
});
/** Wall milliseconds since the last message with figures: what countdowns are lowered by. */
export const sinceStatsMs = computed(() => Math.max(0, nowMs.value - statsAtMs.value));

let link: Connection | null = null;

export const sendText = (text: string): boolean => link?.send(text) ?? false;
export const reconnectNow = (): void => link?.retryNow();

export function startStore(): void {
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
  link = connect(`${scheme}://${location.host}/ws`, { onState, onMessage });
  setInterval(() => {
    nowMs.value = Date.now();
    setActivities(withSilence(activities.value, nowMs.value, ANSWER_WITHIN_MS));
  }, TICK_MS);
}

export function setActivities(next: Activities): void {
  if (next === activities.value) return;
  activities.value = next;
  saveActivities(next);
}

function onState(state: ConnectionState): void {
  const before = connection.value.kind;
  connection.value = state;
  nowMs.value = Date.now();
  if (state.kind === 'open') {
    unauthorized.value = false;
    if (before !== 'open') announcement.value = 'Connected.';
    void loadRecent();
  }
  if (state.kind === 'waiting') {
    if (before === 'open') announcement.value = 'Connection lost. Reconnecting.';
    setActivities(withSilence(activities.value, Date.now(), 0));
    void checkSession();
  }
}

function onMessage(message: ServerMessage): void {
  switch (message.type) {
    case 'stats':
      stats.value = message.stats;
      statsAtMs.value = Date.now();
      seekUnresolved(message.stats.engine.unresolved);
      return;
    case 'status':
      if (stats.value !== null) stats.value = { ...stats.value, engine: { ...stats.value.engine, ...message.engine } };
      return;
    case 'result':
      setActivities(withResult(activities.value, message.result, Date.now()));
      if (message.result.action !== 'GET_STATE') announcement.value = `${message.result.message}`;
      journalChanged();
      return;
    case 'transaction':
      rememberTransaction(message.update);
      setActivities(withTransaction(activities.value, message.update));
      journalChanged();
      return;
    case 'funding':
      payments.value = [message.payment, ...payments.value].slice(0, MAX_PAYMENTS);
      journalChanged();
      return;
    case 'alert':
      addAlerts([message.alert]);
      announcement.value = `${message.alert.kind === 'recovered' ? 'Resolved' : 'Alert'}: ${message.alert.message}`;
      return;
    case 'error':
      announcement.value = message.error.message;
      return;
    case 'other':
      return;
  }
}

let journalTimer: ReturnType<typeof setTimeout> | null = null;
/** Many changes in one go are read as one, and a stream of them (a fast market) still once in a while. */
function journalChanged(): void {
  if (journalTimer !== null) return;
  journalTimer = setTimeout(() => {
    journalTimer = null;
    journalVersion.value += 1;
  }, JOURNAL_SETTLE_MS);
}

function rememberTransaction(update: TransactionUpdate): void {
  const next = new Map(transactions.value);
  next.delete(update.operationId);
  next.set(update.operationId, update);
  while (next.size > MAX_TRANSACTIONS) {
    const oldest = next.keys().next().value;
    if (oldest === undefined) break;
    next.delete(oldest);
  }
  transactions.value = next;
}

/** Newest first, each id once. */
function addAlerts(added: readonly AlertView[]): void {
  const seen = new Set<string>();
  alerts.value = [...added, ...alerts.value]
    .map((alert) => ({ ...alert, tsMs: alert.tsMs ?? Date.now() }))
    .filter((alert) => (alert.id === '' || !seen.has(alert.id)) && seen.add(alert.id) !== undefined)
    .toSorted((a, b) => b.tsMs - a.tsMs)
    .slice(0, MAX_ALERTS);
}

/** What happened while the page was not connected stands in the journal. */
async function loadRecent(): Promise<void> {
  const [recentAlerts, recentFunding] = await Promise.all([
    fetchItems(`/api/alerts?limit=${MAX_ALERTS}`),
    fetchItems(`/api/funding?limit=${MAX_PAYMENTS}`),
    readOperations(),
  ]);
  if (recentAlerts !== null) addAlerts(recentAlerts.map((item) => readAlert(fields(item))));
  if (recentFunding !== null) payments.value = recentFunding.map((item) => readFunding(fields(item)));
  journalChanged();
}

/** The ends of commands whose answers were missed, and where each operation's transaction can be looked at. */
async function readOperations(): Promise<void> {
  const operations = (await fetchItems(`/api/operations?limit=${RECENT_OPERATIONS}`))?.map(fields) ?? [];
  setActivities(withOperations(activities.value, operations, Date.now()));
  for (const operation of operations.toReversed()) {
    const update = lastAttempt(operation);
    if (update !== null && !transactions.value.has(update.operationId)) rememberTransaction(update);
  }
}

/** An operation that is unresolved without the page having seen its transaction: the journal has it. */
const askedFor = new Set<string>();
function seekUnresolved(unresolved: readonly { readonly operationId: string }[]): void {
  const unseen = unresolved.filter(
    ({ operationId }) => !transactions.value.has(operationId) && !askedFor.has(operationId),
  );
  if (unseen.length === 0) return;
  for (const { operationId } of unseen) askedFor.add(operationId);
  void readOperations();
}

async function fetchItems(path: string): Promise<readonly unknown[] | null> {
  try {
    const response = await fetch(path);
    return response.ok ? list(fields(await response.json()).items) : null;
  } catch {
    return null;
  }
}

/** A socket that is refused does not say why to a script; a plain request does. */
async function checkSession(): Promise<void> {
  try {
    const response = await fetch('/api/state');
    unauthorized.value = response.status === 401 || response.status === 403;
  } catch {
    unauthorized.value = false;
  }
}
