import { describe, expect, it } from '@jest/globals';
import { ActivityFailure, ApplicationFailure, CancelledFailure, RetryState } from '@temporalio/common';
import { asErrorReport, asFailure, translateErrors } from '../../activities/failures.ts';
import { CriticalError, TransientError, UnknownStateError, ValidationError } from '../../src/lib/errors.ts';

const throughTemporal = (cause: Error) =>
  new ActivityFailure('Activity task failed', 'submit', '1', RetryState.MAXIMUM_ATTEMPTS_REACHED, 'worker', cause);

describe('an error of ours becomes a Temporal failure', () => {
  it.each([
    ['transient', new TransientError('RPC_TIMEOUT', 'no answer'), false],
    ['validation', new ValidationError('INVALID_FIELD', 'no'), true],
    ['critical', new CriticalError('KEY_MISSING', 'no key'), true],
    ['unknown', new UnknownStateError('STORES_DIVERGED', 'two truths'), true],
  ] as const)('%s: its code is the type, and only what may pass is tried again', (_, error, nonRetryable) => {
    const failure = asFailure(error);
    expect(failure).toBeInstanceOf(ApplicationFailure);
    expect(failure).toMatchObject({
      type: error.code,
      message: error.message,
      nonRetryable,
      details: [error.report()],
    });
    expect(failure.cause).toBe(error);
  });

  it('what is not ours may be a passing fault', () => {
    expect(asFailure(new TypeError('oops'))).toMatchObject({
      type: 'UNEXPECTED',
      message: 'oops',
      nonRetryable: false,
    });
    expect(asFailure('oops')).toMatchObject({ type: 'UNEXPECTED', message: 'oops', nonRetryable: false });
  });

  it('what is one already stays as it is', () => {
    const cancelled = new CancelledFailure('cancelled');
    expect(asFailure(cancelled)).toBe(cancelled);
  });

  it('from whatever activity it was thrown; what an activity returns is left alone', async () => {
    const { good, bad } = translateErrors({
      good: async (amount: never) => amount,
      bad: async () => {
        throw new ValidationError('INVALID_FIELD', 'no');
      },
    });
    expect(await good('1' as never)).toBe('1');
    await expect(bad()).rejects.toMatchObject({ type: 'INVALID_FIELD', nonRetryable: true });
  });
});

describe('a failure that came back through Temporal', () => {
  const error = new TransientError('RPC_TIMEOUT', 'no answer', { node: 'a' });

  it('tells the whole report, however deep it lies', () => {
    expect(asErrorReport(throughTemporal(asFailure(error)))).toEqual(error.report());
    expect(asErrorReport(throughTemporal(throughTemporal(asFailure(error))))).toEqual(error.report());
  });

  it('of another make tells its type and its words', () => {
    expect(asErrorReport(ApplicationFailure.create({ message: 'm', type: 'T' }))).toEqual({ code: 'T', message: 'm' });
    const odd = [null, 'text', {}, { code: 1, message: 'm' }, { code: 'C' }];
    for (const detail of odd) {
      const failure = ApplicationFailure.create({ message: 'm', type: 'T', details: [detail] });
      expect(asErrorReport(failure)).toEqual({ code: 'T', message: 'm' });
    }
    expect(asErrorReport(ApplicationFailure.create({ message: 'm' }))).toEqual({ code: 'UNEXPECTED', message: 'm' });
  });

  it('without a cause, or no failure at all, is unexpected', () => {
    expect(asErrorReport(new CancelledFailure('gone'))).toEqual({ code: 'UNEXPECTED', message: 'gone' });
    expect(asErrorReport(new Error('e'))).toEqual({ code: 'UNEXPECTED', message: 'e' });
    expect(asErrorReport(7)).toEqual({ code: 'UNEXPECTED', message: '7' });
  });
});
