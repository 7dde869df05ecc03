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

const malformed = (field: string, expected: string): ApplicationFailure =>
  ApplicationFailure.create({
    message: `${field}: expected ${expected}, as in {"verdict":"landed","operator":"…","note":"…"}`,
    type: 'INVALID_FIELD',
    nonRetryable: true,
    details: [{ code: 'INVALID_FIELD', message: `${field}: expected ${expected}`, details: { field, expected } }],
  });
