import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readBotWords } from '../../../src/bridge/telegram/words.ts';

describe('what a person writes to the bot', () => {
  it.each([
    ['/status', { kind: 'status', engine: null }],
    ['  /CLOSE@driftless_bot ', { kind: 'close', engine: null }],
    ['flatten', { kind: 'flatten', engine: null }],
    ['/resume', { kind: 'resume', engine: null }],
    ['/start', { kind: 'help' }],
    ['/mute 2h', { kind: 'mute', engine: null, minutes: 120 }],
    ['/mute 5m', { kind: 'mute', engine: null, minutes: 5 }],
    ['/unmute', { kind: 'unmute', engine: null }],
    ['/confirm 012345', { kind: 'confirm', code: '012345' }],
    [
      '/resolve op-1 landed seen in the explorer',
      { kind: 'resolve', engine: null, operationId: 'op-1', verdict: 'landed', note: 'seen in the explorer' },
    ],
    ['/resolve op-1 FAILED', { kind: 'resolve', engine: null, operationId: 'op-1', verdict: 'failed', note: '' }],
  ])('%s', (text, words) => expect(readBotWords(text, false)).toEqual(words));

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
    expect(readBotWords(text, false)).toEqual({ kind: 'unclear', message: expect.stringMatching(message) }),
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
      fc.property(fc.string({ unit: 'grapheme' }), fc.boolean(), (text, several) => {
        const words = readBotWords(text, several);
        expect(kinds.has(words.kind)).toBe(true);
        if (words.kind === 'resolve') expect(['landed', 'failed']).toContain(words.verdict);
      }),
    );
  });
});

describe('what a person writes to the bot of several engines', () => {
  it.each([
    ['/status', { kind: 'status', engine: null }],
    ['/status calm', { kind: 'status', engine: 'calm' }],
    ['/close calm', { kind: 'close', engine: 'calm' }],
    ['/close', { kind: 'close', engine: null }],
    ['flatten Calm', { kind: 'flatten', engine: 'Calm' }],
    ['/resume own', { kind: 'resume', engine: 'own' }],
    ['/unmute all', { kind: 'unmute', engine: 'all' }],
    ['/mute 2h', { kind: 'mute', engine: null, minutes: 120 }],
    ['/mute 2h 2h', { kind: 'mute', engine: '2h', minutes: 120 }],
    ['/mute all 5m', { kind: 'mute', engine: 'all', minutes: 5 }],
    ['/confirm 012345', { kind: 'confirm', code: '012345' }],
    [
      '/resolve calm op-1 failed',
      { kind: 'resolve', engine: 'calm', operationId: 'op-1', verdict: 'failed', note: '' },
    ],
    [
      '/resolve landed op-1 landed it landed',
      { kind: 'resolve', engine: 'landed', operationId: 'op-1', verdict: 'landed', note: 'it landed' },
    ],
  ])('%s', (text, words) => expect(readBotWords(text, true)).toEqual(words));

  it.each([
    ['/close calm now', /one engine and nothing else/],
    ['/resolve op-1 landed', /Write \/resolve, the engine, the id of the operation/],
    ['/resolve calm op-1 retry', /only possible on the page/],
    ['/mute calm', /an engine or all, and how long/],
    ['/mute calm bold 2h', /an engine or all, and how long/],
    ['/open calm short 5', /not possible from here/],
    ['hello', /\/flatten <engine>/],
  ])('%s is answered with what would be right', (text, message) =>
    expect(readBotWords(text, true)).toEqual({ kind: 'unclear', message: expect.stringMatching(message) }),
  );
});
