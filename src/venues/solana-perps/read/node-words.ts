/**
 * What each node said of the account. A node that has it is believed over those that deny it; that there is no account,
 * or that nothing can ever be read as configured, takes the word of every node.
 */
import { inWords, type NoAnswer, unanswered } from '../../../chain/rpc-answer.ts';
import { type CriticalError, TransientError } from '../../../lib/errors.ts';
import type { PerpsRead } from './perps-read.ts';

export type AccountWord<R extends PerpsRead = PerpsRead> = { readonly node: string } & (
  | { readonly kind: 'read'; readonly read: R }
  /** As configured there is nothing to read, says this node. */
  | { readonly kind: 'denies'; readonly error: CriticalError }
  | { readonly kind: 'silent'; readonly answer: NoAnswer }
  /** It answered, and what it told cannot be used now. */
  | { readonly kind: 'unsettled'; readonly error: TransientError }
);

/** Thrown within the reading of one node. */
export class UnansweredByNode extends Error {
  readonly answer: NoAnswer;

  constructor(answer: NoAnswer) {
    super(inWords(answer));
    this.answer = answer;
  }
}

/** What this process knows of the account by itself. */
interface KnownBefore {
  /** The program was read here already: it is never deleted. */
  readonly knownProgram: boolean;
  /** The account held something when it was last read: the programs delete only what is empty. */
  readonly heldBefore: boolean;
}

/** Whichever program it is. */
const PROGRAM_NOT_FOUND = /_NOT_FOUND$/;

const isDenial = ({ kind }: AccountWord): boolean => kind === 'read' || kind === 'denies';

function sentence(word: AccountWord): string {
  switch (word.kind) {
    case 'read':
      return `Node ${word.node} says that there is no such account`;
    case 'denies':
      return `Node ${word.node} says: ${word.error.message.replace(/\.$/, '')}`;
    case 'silent':
      return `Node ${word.node} has not said: ${inWords(word.answer)}`;
    case 'unsettled':
      return `Node ${word.node} has not said: ${word.error.message.replace(/\.$/, '')}`;
  }
}

/** Nodes that denied what another one has; null: none. */
export function disagreement(words: readonly AccountWord[]): string | null {
  const denials = words.filter(isDenial);
  return denials.length === 0 ? null : `${denials.map(sentence).join('; ')}. Another node has the account.`;
}

/**
 * When no node has the account.
 * @returns the read without an account that every node gives
 * @throws TransientError ACCOUNT_DISPUTED while the word of a node is missing or another one, or this process, knows better;
 * the CriticalError in which all agree
 */
export function concluded<R extends PerpsRead>(
  words: readonly AccountWord<R>[],
  { knownProgram, heldBefore }: KnownBefore,
): R {
  const denials = words.filter(isDenial);
  if (denials.length === 0) throw noneAnswered(words);
  const [first] = denials;
  const agreed = words.every(({ kind }) => kind === first?.kind);
  if (first?.kind === 'denies') {
    const refuted = knownProgram && PROGRAM_NOT_FOUND.test(first.error.code);
    const same = words.every((word) => word.kind === 'denies' && word.error.code === first.error.code);
    if (agreed && same && !refuted) throw first.error;
    throw disputed(words, refuted ? 'It was read here before.' : null);
  }
  if (first?.kind === 'read' && agreed && !heldBefore && words.every((word) => sameNext(word, first.read)))
    return first.read;
  throw disputed(words, heldBefore ? 'When it was last read it held something, so it cannot have been deleted.' : null);
}

/** Which sub-account the program would open next: a verdict hangs on it. */
const sameNext = (word: AccountWord, read: PerpsRead): boolean =>
  word.kind === 'read' && word.read.nextSubAccount === read.nextSubAccount;

const REMEDY = 'Wait, or take the node that stays wrong or silent out of RPC_URL and restart Driftless.';

function disputed(words: readonly AccountWord[], known: string | null): TransientError {
  const nodes = Object.fromEntries(words.map((word) => [word.node, sentence(word)]));
  const list = words.map(sentence).join('; ');
  return new TransientError(
    'ACCOUNT_DISPUTED',
    `It is not known whether the account exists: ${list}.${known === null ? '' : ` ${known}`} ` +
      'Driftless believes that only when every node in RPC_URL says so. ' +
      REMEDY,
    { nodes, remedy: REMEDY },
  );
}

function noneAnswered(words: readonly AccountWord[]): TransientError {
  for (const word of words) if (word.kind === 'unsettled') return word.error;
  return unanswered(
    'getMultipleAccounts',
    words.flatMap((word) => (word.kind === 'silent' ? [[word.node, word.answer] as const] : [])),
  );
}
