import { describe, expect, it } from '@jest/globals';
import { impossible } from '../../../src/chain/rpc-answer.ts';
import { CriticalError, TransientError } from '../../../src/lib/errors.ts';
import { type AccountWord, concluded, disagreement } from '../../../src/venues/solana-perps/read/node-words.ts';
import type { PerpsRead } from '../../../src/venues/solana-perps/read/perps-read.ts';

const NONE = { user: null, nextSubAccount: 0 } as PerpsRead;
const OTHER_NEXT = { user: null, nextSubAccount: 2 } as PerpsRead;
const NOT_FOUND = new CriticalError('DRIFT_NOT_FOUND', 'There is no Drift program here.');
const LAYOUT = new CriticalError('DRIFT_LAYOUT', 'Not as expected.');

type Said = AccountWord extends infer Word ? (Word extends AccountWord ? Omit<Word, 'node'> : never) : never;
const none: Said = { kind: 'read', read: NONE };
const denies = (error: CriticalError): Said => ({ kind: 'denies', error });
const mute: Said = { kind: 'silent', answer: impossible('slot 1000, while its own clock account says 5') };
const unsettled: Said = {
  kind: 'unsettled',
  error: new TransientError('DRIFT_MARKET_MISSING', 'A market is missing.'),
};

const NEW = { knownProgram: false, heldBefore: false };
const wordsOf = (said: readonly Said[]): readonly AccountWord[] =>
  said.map((word, index) => ({ node: `node-${index + 1}`, ...word }) as AccountWord);

const verdict = (said: readonly Said[], known = NEW): unknown => {
  try {
    return concluded(wordsOf(said), known) === NONE ? 'no account' : 'another read';
  } catch (error) {
    return (error as CriticalError | TransientError).code;
  }
};

describe('that there is no account', () => {
  it.each([
    ['is believed when one node alone says so', [none], 'no account'],
    ['is believed when all say so', [none, none], 'no account'],
    ['is not believed while one is mute', [none, mute], 'ACCOUNT_DISPUTED'],
    ['is not believed while one cannot be read now', [unsettled, none], 'ACCOUNT_DISPUTED'],
    ['is not believed where one says otherwise', [none, denies(NOT_FOUND)], 'ACCOUNT_DISPUTED'],
    [
      'is not believed where two differ in which would be next',
      [none, { kind: 'read', read: OTHER_NEXT }],
      'ACCOUNT_DISPUTED',
    ],
    ['is a verdict when all agree', [denies(NOT_FOUND), denies(NOT_FOUND)], 'DRIFT_NOT_FOUND'],
    ['is none when one is mute', [denies(NOT_FOUND), mute], 'ACCOUNT_DISPUTED'],
    ['is none when they see different faults', [denies(NOT_FOUND), denies(LAYOUT)], 'ACCOUNT_DISPUTED'],
    ['is not said by silence', [mute, mute], 'RPC_IMPOSSIBLE'],
    ['is not said by what cannot be read now', [mute, unsettled], 'DRIFT_MARKET_MISSING'],
  ] as const)('%s', (_, said, expected) => {
    expect(verdict(said)).toBe(expected);
  });

  it('is not believed, even of all, where this process knows better', () => {
    expect(verdict([none, none], { ...NEW, heldBefore: true })).toBe('ACCOUNT_DISPUTED');
    expect(verdict([denies(NOT_FOUND)], { ...NEW, knownProgram: true })).toBe('ACCOUNT_DISPUTED');
    expect(verdict([denies(LAYOUT)], { ...NEW, knownProgram: true })).toBe('DRIFT_LAYOUT');
  });

  it('names each node and what it said', () => {
    const error = (() => {
      try {
        return concluded(wordsOf([none, mute]), NEW);
      } catch (thrown) {
        return thrown as TransientError;
      }
    })() as TransientError;
    expect(error.message).toMatch(
      /Node node-1 says that there is no such account; Node node-2 has not said: impossible answer/,
    );
    expect(error.details.remedy).toMatch(/RPC_URL/);
  });

  it('counts once a node that is mute for ever is taken out, as the error says', () => {
    const words = wordsOf([none, mute]);
    expect(() => concluded(words, NEW)).toThrow(/take the node that stays wrong or silent out of RPC_URL/);
    expect(concluded(words.slice(0, 1), NEW)).toBe(NONE);
  });

  it('is told beside the node that has it', () => {
    expect(disagreement(wordsOf([mute]))).toBeNull();
    expect(disagreement(wordsOf([mute, none]))).toBe(
      'Node node-2 says that there is no such account. Another node has the account.',
    );
  });
});
