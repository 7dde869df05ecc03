/** What a person is told of messengers that fail and come back. */
import { expect, it } from '@jest/globals';
import { tellStates } from '../../src/runtime/alert-channels.ts';

it('each messenger that fails is told; the end only when the last one works again', () => {
  const told: string[] = [];
  const state = tellStates((name, { kind }) => void told.push(`${name} ${kind}`));
  state({ name: 'Telegram', works: false, why: 'the token is wrong' });
  state({ name: 'Discord', works: false, why: 'no answer' });
  state({ name: 'Telegram', works: true, why: '' });
  expect(told).toEqual(['Telegram alert', 'Discord alert']);
  state({ name: 'Discord', works: true, why: '' });
  expect(told).toEqual(['Telegram alert', 'Discord alert', 'Discord recovered']);
});
