/** The outcome of one call to one node. An answer is evidence; a refusal or silence never is. */
import { type ErrorDetails, TransientError } from '../lib/errors.ts';

/** `resting`: not asked at all, as it wished after a 429. `impossible`: a slot, a height or a time that cannot be. */
export type Silence =
  | 'timeout'
  | 'unreachable'
  | 'rate_limited'
  | 'resting'
  | 'unhealthy'
  | 'unreadable'
  | 'impossible';

export type RpcAnswer<T> =
  | { readonly kind: 'answer'; readonly value: T }
  /** The node understood, and will not: its word on this request, not on the chain. */
  | { readonly kind: 'refused'; readonly code: number; readonly message: string }
  | { readonly kind: 'none'; readonly why: Silence; readonly detail: string };

export type NoAnswer = Exclude<RpcAnswer<never>, { kind: 'answer' }>;

/** JSON-RPC codes of Solana's nodes that say "not now" or "not me": another node may answer. */
const NODE_UNHEALTHY = -32005;
const MIN_CONTEXT_SLOT_NOT_REACHED = -32016;
const INTERNAL_ERROR = -32603;
/** Used by providers within an HTTP 200. */
const RATE_CODES: ReadonlySet<number> = new Set([429, -32429]);
const UNHEALTHY_CODES: ReadonlySet<number> = new Set([NODE_UNHEALTHY, MIN_CONTEXT_SLOT_NOT_REACHED, INTERNAL_ERROR]);

/** Nodes echo a lot, and it would end up in alerts and journals. */
const MAX_MESSAGE_CHARS = 200;

export function refusal(code: number, message: string): NoAnswer {
  const text = message.slice(0, MAX_MESSAGE_CHARS);
  if (RATE_CODES.has(code)) return { kind: 'none', why: 'rate_limited', detail: text };
  if (UNHEALTHY_CODES.has(code)) return { kind: 'none', why: 'unhealthy', detail: `${code} ${text}` };
  return { kind: 'refused', code, message: text };
}

/** The node answered with a slot, a height or a time that cannot be: its answer counts as none. */
export const impossible = (detail: string): NoAnswer => ({ kind: 'none', why: 'impossible', detail });

/** The node has not come as far as it must. */
export const behind = (detail: string): NoAnswer => ({ kind: 'none', why: 'unhealthy', detail });

export function inWords(answer: NoAnswer): string {
  if (answer.kind === 'refused') return `refused: ${answer.code} ${answer.message}`;
  switch (answer.why) {
    case 'timeout':
      return `no answer in time (${answer.detail})`;
    case 'unreachable':
      return `unreachable (${answer.detail})`;
    case 'rate_limited':
    case 'resting':
      return `rate limited (${answer.detail})`;
    case 'unhealthy':
      return `reports itself unhealthy (${answer.detail})`;
    case 'unreadable':
      return `malformed answer (${answer.detail})`;
    case 'impossible':
      return `impossible answer (${answer.detail})`;
  }
}

const CODES: Readonly<Record<Silence, string>> = {
  timeout: 'RPC_TIMEOUT',
  unreachable: 'RPC_UNREACHABLE',
  rate_limited: 'RPC_RATE_LIMITED',
  resting: 'RPC_RATE_LIMITED',
  unhealthy: 'RPC_UNHEALTHY',
  unreadable: 'RPC_UNREADABLE',
  impossible: 'RPC_IMPOSSIBLE',
};

/** What no node answered, as the error that a caller retries. `answers` are by node, in the order they were asked. */
export function unanswered(
  method: string,
  answers: readonly (readonly [node: string, answer: NoAnswer])[],
): TransientError {
  const last = answers.at(-1)?.[1];
  const code = last === undefined ? 'RPC_UNREACHABLE' : last.kind === 'refused' ? 'RPC_REFUSED' : CODES[last.why];
  const nodes = Object.fromEntries(answers.map(([node, answer]) => [node, inWords(answer)]));
  const details: ErrorDetails = { method, nodes, remedy: 'Wait, or add another endpoint to RPC_URL.' };
  const list = answers.map(([node, answer]) => `${node}: ${inWords(answer)}`).join('; ');
  return new TransientError(code, `No node answered ${method}: ${list}.`, details);
}
