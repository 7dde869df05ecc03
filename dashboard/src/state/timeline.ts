/**
 * What happened, newest first, from the journal: commands with their answers, refusals among them, the engine's own
 * operations, and its decisions. What this tab has just sent lies over it until the journal has it.
 */
import { formatSol } from '../../../src/domain/money/amounts.ts';
import { OPERATIONS, type OperationKind } from '../../../src/domain/order/operations.ts';
import type { ErrorInfo } from '../../../src/protocol/error.ts';
import type { CommandInfo, PastDecision } from '../../../src/protocol/history.ts';
import type { OperationInfo } from '../../../src/protocol/operation.ts';
import { plain, sol } from '../format/number.ts';
import { type Activities, type Activity, type ActivityStatus, isOpen } from './activity.ts';
import { commandWords } from './command-words.ts';
import type { Paged } from './paged-list.ts';

export type EntryStatus = ActivityStatus | 'open' | 'unresolved' | 'none';
export type EntryKind = 'command' | 'refusal' | 'engine' | 'decision';

export interface Entry {
  readonly key: string;
  readonly kind: EntryKind;
  readonly atMs: number;
  readonly title: string;
  readonly status: EntryStatus;
  readonly message: string;
  readonly error: ErrorInfo | null;
  readonly action: string | null;
  readonly commandId: string | null;
  readonly operation: OperationInfo | null;
  readonly operationId: string | null;
  readonly decision: PastDecision | null;
  /** What this tab knows of it. */
  readonly local: Activity | null;
  /** Since when the engine has decided the same again and again; null: this is one event. */
  readonly sinceMs: number | null;
  readonly times: number;
}

export interface Books {
  readonly commands: Paged<CommandInfo>;
  readonly operations: Paged<OperationInfo>;
  readonly decisions: Paged<PastDecision>;
}

export const NO_BOOKS: Books = {
  commands: { rows: [], next: null },
  operations: { rows: [], next: null },
  decisions: { rows: [], next: null },
};

export const BOOK_KEYS = {
  commands: (row: CommandInfo) => row.command_id,
  operations: (row: OperationInfo) => row.operation_id,
  decisions: (row: PastDecision) => String(row.ts),
} as const;

/** A GET_STATE is a question, and nothing happened. */
const QUIET_ACTIONS = new Set(['GET_STATE']);

export function timeline(books: Books, activities: Activities): readonly Entry[] {
  const { commands, operations, decisions } = books;
  const operationOf = new Map(operations.rows.map((row) => [row.operation_id, row]));
  const recorded = new Set(commands.rows.map(({ command_id: id }) => id));
  const localOf = new Map(activities.map((activity) => [activity.commandId, activity]));
  const entries = [
    ...commands.rows.map((row) => commandEntry(row, localOf.get(row.command_id) ?? null, operationOf)),
    ...activities.filter(({ commandId }) => !recorded.has(commandId)).map((one) => localEntry(one, operationOf)),
    ...operations.rows.filter(({ command_id: id }) => id === null).map(operationEntry),
    ...decisions.rows.map(decisionEntry),
  ];
  const from = horizon(books);
  return entries
    .filter(({ atMs, action }) => atMs >= from && (action === null || !QUIET_ACTIONS.has(action)))
    .toSorted((a, b) => b.atMs - a.atMs);
}

/** Decisions in a row to do nothing, for the same reasons, as one entry: between them nothing happened. */
export function withoutRepeats(entries: readonly Entry[]): readonly Entry[] {
  const kept: Entry[] = [];
  for (const entry of entries) {
    const newer = kept.at(-1);
    if (newer === undefined || !repeats(newer, entry)) kept.push(entry);
    // Named by its oldest, so that it stays the same entry while it goes on.
    else kept[kept.length - 1] = { ...newer, key: entry.key, sinceMs: entry.atMs, times: newer.times + 1 };
  }
  return kept;
}

const codesOf = (entry: Entry): string => entry.decision?.reasons.map(({ code }) => code).join() ?? '';

const repeats = (newer: Entry, older: Entry): boolean =>
  newer.decision?.action === 'none' && older.decision?.action === 'none' && codesOf(newer) === codesOf(older);

/** Older than this one of the lists may have rows that are not read yet, and an entry could not be put in its place. */
function horizon({ commands, operations, decisions }: Books): number {
  const ends = [
    commands.next === null ? null : commands.rows.at(-1)?.received_at,
    operations.next === null ? null : operations.rows.at(-1)?.created_at,
    decisions.next === null ? null : decisions.rows.at(-1)?.ts,
  ];
  return Math.max(0, ...ends.map((end) => end ?? 0));
}

/** The list that ends latest: its next page moves the horizon. Null: all are read to their end. */
export function nextBook({ commands, operations, decisions }: Books): keyof Books | null {
  const ends: [keyof Books, number][] = [];
  if (commands.next !== null) ends.push(['commands', commands.rows.at(-1)?.received_at ?? 0]);
  if (operations.next !== null) ends.push(['operations', operations.rows.at(-1)?.created_at ?? 0]);
  if (decisions.next !== null) ends.push(['decisions', decisions.rows.at(-1)?.ts ?? 0]);
  return ends.toSorted(([, a], [, b]) => b - a)[0]?.[0] ?? null;
}

const BLANK = {
  error: null,
  action: null,
  commandId: null,
  operation: null,
  operationId: null,
  decision: null,
  local: null,
  sinceMs: null,
  times: 1,
};

function commandEntry(
  row: CommandInfo,
  local: Activity | null,
  operationOf: ReadonlyMap<string, OperationInfo>,
): Entry {
  const operation = row.operation_id === null ? null : (operationOf.get(row.operation_id) ?? null);
  const status = statusOf(row, local, operation);
  return {
    ...BLANK,
    key: `command/${row.command_id}`,
    kind: status === 'rejected' ? 'refusal' : 'command',
    atMs: row.received_at,
    title: local?.ours === true ? commandWords(local.action, local.data) : requestWords(row.action, row.request),
    status,
    message: row.message ?? local?.message ?? '',
    error: row.error ?? (row.status === 'open' ? (local?.error ?? null) : null),
    ...{ action: row.action, commandId: row.command_id, operation, local },
    operationId: operation?.operation_id ?? local?.operationId ?? null,
  };
}

/** The journal's end counts. Before it, this tab knows more: that a confirmation is asked for, or that no answer came. */
function statusOf(row: CommandInfo, local: Activity | null, operation: OperationInfo | null): EntryStatus {
  if (row.status !== 'open') return row.status;
  if (operation?.status === 'unresolved') return 'unresolved';
  if (local?.ours === true && local.status !== 'unanswered') return local.status;
  return operation === null ? 'open' : 'pending';
}

function localEntry(local: Activity, operationOf: ReadonlyMap<string, OperationInfo>): Entry {
  const operation = local.operationId === null ? null : (operationOf.get(local.operationId) ?? null);
  return {
    ...BLANK,
    key: `command/${local.commandId}`,
    kind: local.status === 'rejected' ? 'refusal' : 'command',
    atMs: local.sentAtMs,
    title: commandWords(local.action, local.data),
    ...{ status: local.status, message: local.message, error: local.error, action: local.action },
    ...{ commandId: local.commandId, operation, operationId: local.operationId, local },
  };
}

const OPERATION_STATUS: Readonly<Record<OperationInfo['status'], EntryStatus>> = {
  running: 'pending',
  confirmed: 'done',
  done: 'done',
  resolved_by_human: 'done',
  unresolved: 'unresolved',
  rejected: 'rejected',
  failed: 'failed',
  expired: 'failed',
};

const operationEntry = (row: OperationInfo): Entry => ({
  ...BLANK,
  key: `operation/${row.operation_id}`,
  kind: 'engine',
  atMs: row.created_at,
  title: operationWords(row),
  status: OPERATION_STATUS[row.status],
  message: row.error?.message ?? row.result?.message ?? '',
  error: row.error ?? null,
  operation: row,
  operationId: row.operation_id,
});

function decisionEntry(decision: PastDecision): Entry {
  const trades = decision.action !== 'none';
  return {
    ...BLANK,
    key: `decision/${decision.ts}`,
    kind: 'decision',
    atMs: decision.ts,
    title: trades ? `Decided to ${sizeWords(decision.size)}` : 'Did not trade',
    status: 'none',
    message: decision.reasons.map(({ text }) => text).join(' '),
    decision,
  };
}

const sizeWords = (size: number | null): string =>
  size === null ? 'trade' : `${size < 0 ? 'sell' : 'buy'} ${sol(Math.abs(size))}`;

/** `Deposit of 0.5 SOL`, `Open short 2.5 SOL`, `Correct the hedge: sell 0.2 SOL`. */
export function operationWords({ intent, kind }: Pick<OperationInfo, 'intent' | 'kind'>): string {
  const name = Object.hasOwn(OPERATIONS, intent.kind) ? OPERATIONS[intent.kind as OperationKind].label : kind;
  if (intent.amount !== undefined) return `${name} of ${amountText(intent.amount)} ${intent.asset ?? 'SOL'}`;
  const { size_base: size } = intent;
  if (size === undefined) return intent.market === undefined ? name : `${name} ${intent.market}`;
  const text = formatSol(size < 0n ? -size : size);
  if (intent.kind === 'open') return `${name} ${size < 0n ? 'short' : 'long'} ${text} SOL`;
  return `${name}: ${size < 0n ? 'sell' : 'buy'} ${text} SOL`;
}

const amountText = (amount: number): string =>
  plain(amount, 9)
    .replace(/(\.\d*?)0+$/, '$1')
    .replace(/\.$/, '');

/** A command of any client in words, from what the journal recorded of it. */
export function requestWords(action: string, request: Readonly<Record<string, unknown>>): string {
  const text = (name: string): string | undefined =>
    typeof request[name] === 'string' || typeof request[name] === 'number' ? String(request[name]) : undefined;
  const size = typeof request.size === 'number' ? request.size : null;
  const data = {
    ...(typeof request.amount === 'number' ? { amount: amountText(request.amount) } : {}),
    ...(size === null ? {} : { size: amountText(Math.abs(size)), direction: size < 0 ? 'short' : 'long' }),
    ...Object.fromEntries(['asset', 'market', 'mode', 'verdict'].flatMap((name) => named(name, text(name)))),
  };
  return commandWords(action, data);
}

const named = (name: string, value: string | undefined): readonly (readonly [string, string])[] =>
  value === undefined ? [] : [[name, value]];

export interface EntryFilter {
  readonly kind: EntryKind | 'all';
  readonly text: string;
}

/** By kind, and by every word of the text in what the entry shows or in its ids. */
export function matches(entry: Entry, { kind, text }: EntryFilter): boolean {
  if (kind !== 'all' && entry.kind !== kind && !(kind === 'command' && entry.kind === 'refusal')) return false;
  const words = text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  if (words.length === 0) return true;
  const { title, message, status, error, action, commandId, operationId, operation } = entry;
  const signatures = operation?.attempts.map(({ signature }) => signature) ?? [];
  const codes = entry.decision?.reasons.map(({ code }) => code) ?? [];
  const all = [title, message, status, error?.code, action, commandId, operationId, ...signatures, ...codes];
  const hay = all
    .filter((part) => part != null)
    .join('\n')
    .toLowerCase();
  return words.every((word) => hay.includes(word));
}

/** Whether this tab still waits for something. */
export const isWaiting = ({ local, status }: Entry): boolean =>
  status === 'pending' || status === 'sent' || (local !== null && status === 'open' && isOpen(local));
