import { describe, expect, it } from '@jest/globals';
import { asJournalError, breaksConnection, unavailable, whyNotLetIn } from '../../src/journal/database-errors.ts';
import { TransientError } from '../../src/lib/errors.ts';

const coded = (code: string, message = 'from the server') => Object.assign(new Error(message), { code });

describe('asJournalError', () => {
  it.each([
    ['ECONNREFUSED', 'no server'],
    ['ENOTFOUND', 'no such host'],
    ['57P01', 'the server shuts down'],
    ['57014', 'a statement timeout'],
    ['40P01', 'a deadlock'],
    ['40001', 'a serialization failure'],
    ['53300', 'too many connections'],
    ['08006', 'a connection failure'],
    ['25P03', 'a transaction that idled too long'],
    ['55P03', 'a lock not had in time'],
  ])('takes %s (%s) for a journal that is unavailable for now', (code) => {
    const error = asJournalError(coded(code));
    expect(error).toBeInstanceOf(TransientError);
    expect(error).toMatchObject({ code: 'UNAVAILABLE', details: { part: 'journal' } });
  });

  it.each(['Query read timeout', 'Connection terminated unexpectedly', 'timeout exceeded when trying to connect'])(
    'knows node-postgres by its words: %s',
    (words) => {
      expect(asJournalError(new Error(words))).toMatchObject({ code: 'UNAVAILABLE' });
    },
  );

  it.each(['23505', '22P02', '42P01', '23514'])('leaves a defect of ours (%s) as it is', (code) => {
    const error = coded(code, 'duplicate key of connection timeout');
    expect(asJournalError(error)).toBe(error);
  });

  it('leaves what it made itself, and what is no error', () => {
    const error = unavailable('once');
    expect(asJournalError(error)).toBe(error);
    expect(asJournalError('text')).toBe('text');
    const defect = new TypeError('x is not a function');
    expect(asJournalError(defect)).toBe(defect);
  });
});

describe('breaksConnection', () => {
  it('drops a connection whose state is unknown, and keeps one that was merely refused something', () => {
    expect(breaksConnection(coded('23505'))).toBe(false);
    expect(breaksConnection(coded('57014'))).toBe(false);
    expect(breaksConnection(coded('57P01'))).toBe(true);
    expect(breaksConnection(coded('08006'))).toBe(true);
    expect(breaksConnection(coded('EPIPE'))).toBe(true);
    expect(breaksConnection(new Error('Query read timeout'))).toBe(true);
  });
});

describe('whyNotLetIn', () => {
  it('names what to mend on the server, and leaves every other error alone', () => {
    expect(whyNotLetIn(coded('3D000'))).toMatchObject({ code: 'DATABASE_MISSING' });
    for (const code of ['28000', '28P01', '42501']) {
      expect(whyNotLetIn(coded(code))).toMatchObject({ code: 'DATABASE_DENIED' });
    }
    expect(whyNotLetIn(coded('57P01'))).toBeNull();
    expect(whyNotLetIn(new Error('no code'))).toBeNull();
  });
});
