/** A transaction whose outcome is unknown, in words: what it was, on whose evidence, and what each outcome would do. */
import type { Verdict } from '../../../src/domain/order/command.ts';
import type { OperationInfo } from '../../../src/protocol/operation.ts';
import { sol } from '../format/number.ts';
import { operationWords } from './timeline.ts';

export const VERDICT_WORDS: Readonly<Record<Verdict, string>> = {
  landed: 'Confirmed on chain',
  failed: 'Never landed',
  retry: 'Try again',
};

/** `Deposit of 0.5 SOL: not known yet whether it happened`. Before the journal has told: what is certain. */
export const stuckTitle = (operation: OperationInfo | null): string =>
  `${operation === null ? 'A transaction' : operationWords(operation)}: not known yet whether it happened`;

/** Null while nothing is known of it. */
const lastAttempt = (operation: OperationInfo | null) => operation?.attempts.at(-1) ?? null;

/** What is known and who says so, one sentence each. */
export function evidence(operation: OperationInfo | null, holdReason: string | null): readonly string[] {
  const attempt = lastAttempt(operation);
  const sentences: (string | null)[] = [
    operation === null ? 'The journal has not told yet which operation it is.' : null,
    operation !== null && attempt === null ? 'The journal has no signed transaction of it.' : null,
    attempt === null
      ? null
      : `Attempt ${attempt.number} was signed here${attempt.stage === 'signed' ? '' : `. The journal has it as ${attempt.stage}`}.`,
    attempt === null || attempt.last_valid_block_height === 0
      ? null
      : `The chain can take it up to block ${attempt.last_valid_block_height}. After that block is final it can never land.`,
    holdReason === null ? null : `The engine: ${holdReason}`,
  ];
  return sentences.filter((sentence) => sentence !== null);
}

/** What an outcome would do to the account, as far as the operation says. */
export function meaningOf(verdict: Verdict, operation: OperationInfo | null): string {
  const what = operation === null ? 'The operation' : operationWords(operation);
  switch (verdict) {
    case 'landed':
      return `You saw the transaction on chain. ${what} counts as done${effectOf(operation)}, and the restriction ends. Driftless keeps looking for proof. If the chain contradicts you, it corrects the record and halts trading.`;
    case 'failed':
      return `You are sure that the transaction did not land and cannot land any more. ${what} counts as not done, and nothing is sent again. Accepted only after its blockhash has expired.`;
    case 'retry':
      return `${what} is sent again, as a new transaction, once it is proven that the first one can never land. All checks and the confirmation run again.`;
  }
}

function effectOf(operation: OperationInfo | null): string {
  const size = operation?.intent.size;
  return size === undefined ? '' : ` (${size < 0 ? 'sold' : 'bought'} ${sol(Math.abs(size))}, or what filled of it)`;
}
