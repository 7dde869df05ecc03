import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readBotWords } from '../../../src/bridge/telegram/words.ts';

describe('what a person writes to the bot', () => {
  it.each([
    ['/status', { kind: 'status' }],
    ['  /CLOSE@driftless_bot ', { kind: 'close' }],
    ['flatten', { kind: 'flatten' }],
    ['/resume', { kind: 'resume' }],
    ['/start', { kind: 'help' }],
    ['/mute 2h', { kind: 'mute', minutes: 120 }],
    ['/mute 5m', { kind: 'mute', minutes: 5 }],
    ['/unmute', { kind: 'unmute' }],
    ['/confirm 012345', { kind: 'confirm', code: '012345' }],
    [
      '/resolve op-1 landed seen in the explorer',
      { kind: 'resolve', operationId: 'op-1', verdict: 'landed', note: 'seen in the explorer' },
    ],
    ['/resolve op-1 FAILED', { kind: 'resolve', operationId: 'op-1', verdict: 'failed', note: '' }],
  ])('%s', (text, words) => expect(readBotWords(text)).toEqual(words));

  it.each([
    ['/resolve op-1 retry', /only possible on the page/],
    ['/resolve op-1', /landed or failed/],
    ['/resolve ../etc landed', /the id of the operation/],
    [`/resolve op-1 landed ${'x'.repeat(501)}`, /at most 500/],
    ['/mute', /from 5m to 12h/],
    ['/mute 13h', /from 5m to 12h/],
    ['/mute 4m', /from 5m to 12h/],
    ['/confirm 12345', /six digits/],
    ['/close now', /takes nothing behind it/],
    ['/open short 5', /not possible from here/],
    ['/deposit 1', /not possible from here/],
    ['/rebalance', /not possible from here/],
    ['hello', /do not understand/],
    ['', /do not understand/],
  ])('%s is answered with what would be right', (text, message) =>
    expect(readBotWords(text)).toEqual({ kind: 'unclear', message: expect.stringMatching(message) }),
  );

  it('nothing that anybody can write adds risk or sends a transaction again', () => {
    const kinds = new Set([
      'help',
      'status',
      'close',
      'flatten',
      'resume',
      'resolve',
      'mute',
      'unmute',
      'confirm',
      'unclear',
    ]);
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const words = readBotWords(text);
        expect(kinds.has(words.kind)).toBe(true);
        if (words.kind === 'resolve') expect(['landed', 'failed']).toContain(words.verdict);
      }),
    );
  });
});
