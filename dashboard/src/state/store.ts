/** The state of the page as signals; only this file and commands.ts change it. */

import { computed, signal } from '@preact/signals';
import { BoundedMap } from '../../../src/lib/bounded.ts';
import type { AlertInfo } from '../../../src/protocol/alert.ts';
import type { ListItem, ListName } from '../../../src/protocol/api.ts';
import type { FundingUpdate } from '../../../src/protocol/market.ts';
import type { ServerMessage } from '../../../src/protocol/messages.ts';
import type { State } from '../../../src/protocol/state.ts';
import { type Connection, type ConnectionState, connect } from '../socket/connection.ts';
import { engineAddress } from '../socket/engine-address.ts';
import { fetchList } from '../socket/lists.ts';
import { fetchGreeting } from '../socket/settings.ts';
import {
  type Activities,
  ANSWER_WITHIN_MS,
  type TransactionStand,
  withResult,
  withSilence,
  withTransaction,
} from './activity.ts';
import type { AvailabilityView } from './availability.ts';
import { notify } from './notifications.ts';
import { isOtherPage } from './page-version.ts';
import { lastAttempt, withOperations } from './recovered.ts';
import { restoreActivities, saveActivities } from './session.ts';

const MAX_ALERTS = 50;
const MAX_PAYMENTS = 12;
const MAX_TRANSACTIONS = 200;
const RECENT_OPERATIONS = 100;
const JOURNAL_SETTLE_MS = 500;
const TICK_MS = 500;
/** Figures older than this are shown as stale if the server's policy has no limit. */
const STALE_AFTER_MS = 30_000;

export const connection = signal<ConnectionState>({ kind: 'connecting', failures: 0 });
/** The server refuses the session: the page was opened without its token, or the token has changed. */
export const unauthorized = signal(false);
/** What this page's token opens; null: not known yet. */
export const access = signal<'full' | 'read' | null>(null);
/** The server has another page than this one: it was upgraded, or taken back. */
export const otherVersion = signal(false);
export const nowMs = signal(Date.now());
export const stats = signal<State | null>(null);
/** This machine's clock when `stats` arrived. Ages count from it, so the two clocks need not agree. */
const statsAtMs = signal(0);
export const activities = signal<Activities>(restoreActivities());
export const alerts = signal<readonly AlertInfo[]>([]);
/** The common part of an update and a row of the journal. */
type Payment = Pick<FundingUpdate, 'market' | 'period_ts' | 'rate' | 'amount'>;
export const payments = signal<readonly Payment[]>([]);
export const transactions = signal<ReadonlyMap<string, TransactionStand>>(new Map());
/** As last read: what is stuck may be older than what the activity shows. */
export const recentOperations = signal<readonly ListItem<'operations'>[]>([]);
/** Grows when the journal has new rows, so that the history is read again. */
export const journalVersion = signal(0);
/** The latest event in words, for screen readers. */
export const announcement = signal('');

export const connected = computed(() => connection.value.kind === 'open');
/** The age of the figures in milliseconds; null: there are none. */
export const figuresAgeMs = computed(() =>
  stats.value === null || stats.value.age_ms === null
    ? null
    : stats.value.age_ms + Math.max(0, nowMs.value - statsAtMs.value),
);
export const stale = computed(() => {
  const limit = stats.value?.policy.max_snapshot_age_ms ?? STALE_AFTER_MS;
  return !connected.value || figuresAgeMs.value === null || figuresAgeMs.value > limit;
});
/** Milliseconds since the last message with figures; countdowns subtract it. */
export const sinceStatsMs = computed(() => Math.max(0, nowMs.value - statsAtMs.value));

/** What decides whether a command can be sent now. */
export const availability = computed<AvailabilityView>(() => ({
  connected: connected.value,
  access: access.value,
  engine: stats.value?.engine ?? null,
  drift: stats.value?.drift_state ?? null,
  permissions: stats.value?.policy.permissions ?? null,
  forbids: stats.value?.market?.pauses.forbids ?? [],
}));

let link: Connection | null = null;

export const sendText = (text: string): boolean => link?.send(text) ?? false;
export const reconnectNow = (): void => link?.retryNow();

export function startStore(): void {
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
  link = connect(`${scheme}://${location.host}${engineAddress('/ws')}`, { onState, onMessage });
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
    void readGreeting();
  }
  if (state.kind === 'waiting') {
    if (before === 'open') announcement.value = 'Connection lost. Reconnecting.';
    setActivities(withSilence(activities.value, Date.now(), 0));
    void checkSession();
  }
}

function onMessage(message: ServerMessage): void {
  switch (message.type) {
    case 'SYSTEM_STATS':
      stats.value = message.data;
      statsAtMs.value = Date.now();
      seekUnresolved(message.data.engine.unresolved ?? []);
      return;
    case 'ENGINE_STATUS':
      if (stats.value !== null) stats.value = { ...stats.value, engine: { ...stats.value.engine, ...message.data } };
      return;
    case 'COMMAND_RESULT':
      setActivities(withResult(activities.value, message, Date.now()));
      if (message.action !== 'GET_STATE') announcement.value = message.message;
      journalChanged();
      return;
    case 'TRANSACTION_UPDATE':
      rememberTransaction(message.data);
      setActivities(withTransaction(activities.value, message.data));
      journalChanged();
      return;
    case 'FUNDING_UPDATE':
      payments.value = [message.data, ...payments.value].slice(0, MAX_PAYMENTS);
      journalChanged();
      return;
    case 'ALERT':
      addAlerts([message.data]);
      notify(message.data);
      announcement.value = `${message.data.kind === 'recovered' ? 'Resolved' : 'Alert'}: ${message.data.message}`;
      return;
    case 'ERROR':
      announcement.value = message.error.message;
      return;
  }
}

let journalTimer: ReturnType<typeof setTimeout> | null = null;
/** Several changes at once cause one read; a constant stream (a fast market) still causes one from time to time. */
function journalChanged(): void {
  if (journalTimer !== null) return;
  journalTimer = setTimeout(() => {
    journalTimer = null;
    journalVersion.value += 1;
  }, JOURNAL_SETTLE_MS);
}

function rememberTransaction(update: TransactionStand): void {
  const next = new BoundedMap(MAX_TRANSACTIONS, transactions.value);
  next.set(update.operation_id, update);
  transactions.value = next;
}

/** Newest first, each id once. */
function addAlerts(added: readonly AlertInfo[]): void {
  const byId = new Map([...alerts.value, ...added].map((alert) => [alert.id, alert]));
  alerts.value = [...byId.values()].toSorted((a, b) => b.ts - a.ts).slice(0, MAX_ALERTS);
}

/** Reads from the journal what happened while the page was not connected. */
async function loadRecent(): Promise<void> {
  const [recentAlerts, recentFunding] = await Promise.all([
    fetchItems('alerts', MAX_ALERTS),
    fetchItems('funding', MAX_PAYMENTS),
    readOperations(),
  ]);
  if (recentAlerts !== null) addAlerts(recentAlerts);
  if (recentFunding !== null) payments.value = recentFunding;
  journalChanged();
}

/** What messengers have sent meanwhile, and what a person has seen, comes by no message. */
export async function readAlerts(): Promise<void> {
  const found = await fetchItems('alerts', MAX_ALERTS);
  if (found !== null) addAlerts(found);
}

async function readGreeting(): Promise<void> {
  const greeting = await fetchGreeting();
  if (greeting === null) return;
  access.value = greeting.access;
  const own = document.querySelector('script[type="module"]')?.getAttribute('src') ?? null;
  otherVersion.value = isOtherPage(own, greeting.page ?? null);
  if (otherVersion.value) announcement.value = 'Driftless was upgraded. Reload the page.';
}

/** Reads the ends of commands whose answers were missed, and the links to their transactions. */
async function readOperations(): Promise<void> {
  const operations = (await fetchItems('operations', RECENT_OPERATIONS)) ?? [];
  if (operations.length > 0) recentOperations.value = operations;
  setActivities(withOperations(activities.value, operations, Date.now()));
  for (const operation of operations.toReversed()) {
    const update = lastAttempt(operation);
    if (!transactions.value.has(update.operation_id)) rememberTransaction(update);
  }
}

/** If the page has not seen the transaction of an unresolved operation, the journal has it. */
const askedFor = new Set<string>();
function seekUnresolved(unresolved: readonly string[]): void {
  const unseen = unresolved.filter((operationId) => !transactions.value.has(operationId) && !askedFor.has(operationId));
  if (unseen.length === 0) return;
  for (const operationId of unseen) askedFor.add(operationId);
  void readOperations();
}

async function fetchItems<Name extends ListName>(name: Name, limit: number): Promise<readonly ListItem<Name>[] | null> {
  const page = await fetchList(name, limit);
  return typeof page === 'string' ? null : page.items;
}

/** A script cannot see why a socket was refused; a plain request shows it. */
async function checkSession(): Promise<void> {
  try {
    const response = await fetch(engineAddress('/api/state'));
    unauthorized.value = response.status === 401 || response.status === 403;
  } catch {
    unauthorized.value = false;
  }
}
