/** A verdict as it comes from a person's terminal: checked before it means anything. Synchronous, changes nothing. */
import { ApplicationFailure } from '@temporalio/workflow';
import type { ResolveVerdict } from '../messages.ts';

const VERDICTS = ['landed', 'failed', 'retry'];

/** Null when it is well formed. */
export function checkVerdict(message: ResolveVerdict | undefined): ApplicationFailure | null {
  const given: Partial<Record<keyof ResolveVerdict, unknown>> = message ?? {};
  if (typeof given.verdict !== 'string' || !VERDICTS.includes(given.verdict)) {
    return malformed('verdict', `one of ${VERDICTS.join(', ')}`);
  }
  if (typeof given.operator !== 'string' || given.operator === '') return malformed('operator', 'the name of a person');
  return typeof given.note === 'string' ? null : malformed('note', 'a text');
}

/** More than the page takes of a person. It is kept for good and stands in alerts, so a stranger's must not be a megabyte. */
const MAX_CHARS = 1_000;

/** Null when its texts are of a length that a person writes. Of a well-formed verdict. */
export function checkLength({ operator, note }: ResolveVerdict): ApplicationFailure | null {
  if (operator.length > MAX_CHARS) return malformed('operator', `at most ${MAX_CHARS} characters`);
  return note.length > MAX_CHARS ? malformed('note', `at most ${MAX_CHARS} characters`) : null;
}

const malformed = (field: string, expected: string): ApplicationFailure =>
  ApplicationFailure.create({
    message: `${field}: expected ${expected}, as in {"verdict":"landed","operator":"…","note":"…"}`,
    type: 'INVALID_FIELD',
    nonRetryable: true,
    details: [{ code: 'INVALID_FIELD', message: `${field}: expected ${expected}`, details: { field, expected } }],
  });
