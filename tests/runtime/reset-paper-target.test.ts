/** Whose paper account begins anew: the words of a start, and what is refused before anything is touched. */
import { describe, expect, it } from '@jest/globals';
import { parseArguments } from '../../scripts/options.mjs';
import type { NamedEngine } from '../../src/runtime/config.ts';
import { resetTarget } from '../../src/runtime/reset-paper-target.ts';

const settings = {
  mode: 'paper' as 'paper' | 'live',
  engineId: 'engine:own',
  engines: ['calm', 'bold'].map((name) => ({ name, engineId: `engine:${name}` }) as NamedEngine),
};

describe('--reset-paper', () => {
  it.each([
    [[], 'none'],
    [['--reset-paper'], 'engine:own'],
    [['--reset-paper=own'], 'engine:own'],
    [['--reset-paper=calm'], 'engine:calm'],
    [['--reset-paper=Bold', '--json'], 'engine:bold'],
  ])('%j is about %s', (words, engineId) => {
    const read = parseArguments(words);
    if (read.kind !== 'run') throw new Error(read.kind);
    const target = resetTarget(read.resetPaper, settings);
    expect(target).toEqual(engineId === 'none' ? { kind: 'none' } : { kind: 'engine', engineId });
  });

  it.each([
    [['--reset-paper='], /name of an engine of ENGINES_FILE is missing/],
    [['--reset-paper', '--reset-paper=calm'], /one account at a start/],
    [['--reset-paper', 'calm'], /Unknown word calm/],
    [['--reset-paper=calm', 'worker'], /--reset-paper cannot be combined with the role worker/],
    [['--reset-paper=calm', '--localnet'], /--localnet is live mode/],
  ])('%j is wrong use', (words, message) => {
    expect(parseArguments(words)).toEqual({ kind: 'error', message: expect.stringMatching(message) });
  });

  it('an unknown name is refused with the choices, and a live account is never reset', () => {
    expect(resetTarget('gone', settings)).toEqual({
      kind: 'refused',
      why: '--reset-paper: There is no engine gone. Engines: own, calm, bold. Nothing was changed.',
    });
    expect(resetTarget('own', { ...settings, mode: 'live' })).toEqual({
      kind: 'refused',
      why: '--reset-paper is for paper accounts, and ENGINE_MODE is live. Nothing was changed.',
    });
  });
});
