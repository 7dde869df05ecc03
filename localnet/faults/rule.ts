import { ValidationError } from '../../src/lib/errors.ts';

/** Faults that hit a request before it is performed. */
const REQUEST_KINDS = ['hang', 'cut', 'http', 'rate-limit', 'rpc-error', 'slow'] as const;
/** To the answer, when all was performed. */
const REPLY_KINDS = ['reply-lost'] as const;
/** To a transaction that was accepted. */
const SUBMISSION_KINDS = ['drop', 'late', 'duplicate', 'fail-on-chain', 'fork'] as const;
/** To what a node knows. */
const VIEW_KINDS = ['lag', 'frozen', 'pruned', 'no-history', 'denies'] as const;
/** To its sockets, and to all of it. */
const ENDPOINT_KINDS = ['silent', 'gone'] as const;

export const FAULT_KINDS = [
  ...REQUEST_KINDS,
  ...REPLY_KINDS,
  ...SUBMISSION_KINDS,
  ...VIEW_KINDS,
  ...ENDPOINT_KINDS,
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];
type RequestKind = (typeof REQUEST_KINDS)[number];
type SubmissionKind = (typeof SUBMISSION_KINDS)[number];

export const isRequestKind = (kind: FaultKind): kind is RequestKind => REQUEST_KINDS.some((one) => one === kind);
export const isSubmissionKind = (kind: FaultKind): kind is SubmissionKind =>
  SUBMISSION_KINDS.some((one) => one === kind);

/** The name of the Jito endpoint among the nodes. */
export const JITO = 'jito';

export interface FaultRule {
  readonly id: string;
  readonly kind: FaultKind;
  /** A node's name, or `jito`. Null: every one. */
  readonly node: string | null;
  /** JSON-RPC methods. Null: every one. */
  readonly methods: readonly string[] | null;
  /** Only requests about this transaction. */
  readonly signature: string | null;
  /** Only transactions that name this account. */
  readonly account: string | null;
  /** Of each match, 0 to 1; drawn from the seed, the rule's id and the number of the match. */
  readonly chance: number;
  /** So many matches pass untouched first. */
  readonly after: number;
  /** At most so many are hit. Null: no limit. */
  readonly times: number | null;
  readonly fromSlot: number | null;
  readonly untilSlot: number | null;
  /** It ends so long after it was added. Null: it stays. */
  readonly forMs: number | null;
  /**
   * late: how many; lag: how far behind; pruned: how many are left; duplicate: between two copies; fork: how many more
   * are abandoned. Default 10, of duplicate 1, of fork 0.
   */
  readonly slots: number;
  /** slow: how long; hang: until it is cut after all (0: never). */
  readonly ms: number;
  /** http: the status. */
  readonly status: number;
  /** rate-limit: seconds in Retry-After; 0: no such header. */
  readonly retryAfter: number;
  /** rpc-error. */
  readonly code: number;
  readonly message: string;
  /** reply-lost: what the client sees instead. */
  readonly how: 'cut' | 'hang' | 'http-500' | 'half';
  /** fork: what becomes of the transactions on it. */
  readonly fate: 'again' | 'forget' | 'never';
}

const DEFAULT_SLOTS: Readonly<Record<string, number>> = { duplicate: 1, fork: 0 };
const DEFAULTS: Omit<FaultRule, 'id' | 'kind' | 'slots'> = {
  node: null,
  methods: null,
  signature: null,
  account: null,
  chance: 1,
  after: 0,
  times: null,
  fromSlot: null,
  untilSlot: null,
  forMs: null,
  ms: 0,
  status: 503,
  retryAfter: 1,
  code: -32005,
  message: 'Node is unhealthy',
  how: 'cut',
  fate: 'forget',
};

const CHOICES: Readonly<Record<string, readonly string[]>> = {
  kind: FAULT_KINDS,
  how: ['cut', 'hang', 'http-500', 'half'],
  fate: ['again', 'forget', 'never'],
};
const COUNTS = ['after', 'times', 'fromSlot', 'untilSlot', 'forMs', 'slots', 'ms', 'status', 'retryAfter'];
const TEXTS = ['id', 'node', 'signature', 'account', 'message'];
const NULLABLE = new Set(['node', 'methods', 'signature', 'account', 'times', 'fromSlot', 'untilSlot', 'forMs']);

/** A rule as a person writes it: `kind`, and what differs from the default. */
export type FaultInput = Partial<FaultRule> & { readonly kind: FaultKind };

/** @throws ValidationError LOCALNET_FAULT that names the field */
export function parseRule(input: unknown, id: string): FaultRule {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) throw bad('a rule is an object', input);
  const rule: Record<string, unknown> = { id, ...DEFAULTS, slots: 10, ...input };
  if (!('slots' in input)) rule.slots = DEFAULT_SLOTS[String(rule.kind)] ?? 10;
  for (const [name, value] of Object.entries(rule)) {
    const fault = faultOf(name, value);
    if (fault !== null) throw bad(`${name} ${fault}`, value);
  }
  if (rule.kind === undefined) throw bad(`kind is one of ${FAULT_KINDS.join(', ')}`, null);
  return rule as unknown as FaultRule;
}

function faultOf(name: string, value: unknown): string | null {
  if (value === null && NULLABLE.has(name)) return null;
  const choice = CHOICES[name];
  if (choice !== undefined) return choice.includes(String(value)) ? null : `is one of ${choice.join(', ')}`;
  if (COUNTS.includes(name)) return Number.isSafeInteger(value) && Number(value) >= 0 ? null : 'is a whole number';
  if (TEXTS.includes(name)) return typeof value === 'string' && value !== '' ? null : 'is a text';
  if (name === 'chance') return typeof value === 'number' && value >= 0 && value <= 1 ? null : 'is from 0 to 1';
  if (name === 'code') return Number.isSafeInteger(value) ? null : 'is a whole number';
  if (name === 'methods')
    return Array.isArray(value) && value.every((one) => typeof one === 'string') ? null : 'is a list of method names';
  return 'is no field of a rule';
}

const bad = (why: string, value: unknown): ValidationError =>
  new ValidationError('LOCALNET_FAULT', `Not a fault rule: ${why}.`, { value: JSON.stringify(value) ?? null });
