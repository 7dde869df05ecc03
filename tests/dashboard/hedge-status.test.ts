import { describe, expect, it } from '@jest/globals';
import { type HedgeInput, hedgeStatus } from '../../dashboard/src/state/hedge-status.ts';

const hedged: HedgeInput = { spot: 10, perp: -10, target: 1, deviationPct: 0, tolerance: 1 };

describe('the hedge badge', () => {
  it.each([
    ['a full hedge', {}, 'Neutral'],
    ['a full hedge that the step of the market left a little short', { perp: -9.99995, target: 0.999995 }, 'Neutral'],
    ['no position', { perp: 0, target: 0 }, 'Unhedged: long 10.0000 SOL'],
    ['no position and no spot', { spot: 0, perp: 0, target: 0 }, 'No exposure'],
    ['a chosen part', { perp: -9.4, target: 0.94 }, 'Partially hedged (94 %)'],
    ['a distance from the target', { perp: -8, deviationPct: 20 }, 'Off target by +20.00 %'],
    ['a short without spot at its target', { spot: 0, perp: -1, target: 0 }, 'On target'],
    ['unknown spot', { spot: null }, 'Hedge unknown'],
    ['unknown perp', { perp: null }, 'Hedge unknown'],
    [
      'a deviation of next to no spot',
      { spot: 0, perp: -1, deviationPct: -1_000_000 },
      'Off target by less than −1,000 %',
    ],
    ['a neutral account that is only watched', { target: null, deviationPct: null }, 'Neutral'],
    [
      'a part, of an account that is only watched',
      { perp: -5, target: null, deviationPct: null },
      'Partially hedged (50 %)',
    ],
    ['a short without spot that is only watched', { spot: 0, target: null, deviationPct: null }, 'No hedge target'],
    ['an unknown deviation', { perp: -5, deviationPct: null }, 'Hedge deviation unknown'],
  ] as const)('names %s', (_, change, words) => {
    expect(hedgeStatus({ ...hedged, ...change }).words).toBe(words);
  });

  it('is good only when the account is neutral', () => {
    expect(hedgeStatus(hedged).tone).toBe('good');
    expect(hedgeStatus({ ...hedged, perp: -9.4, target: 0.94 }).tone).toBe('info');
    expect(hedgeStatus({ ...hedged, perp: 0, target: 0 }).tone).toBe('info');
    expect(hedgeStatus({ ...hedged, perp: -8, deviationPct: 20 }).tone).toBe('warn');
  });
});
