/** How long a worker may be silent about its watches: as usual for a few, longer for many, within a bound. */
import { expect, it } from '@jest/globals';
import { watchSilenceOf } from '../../src/runtime/engine-tuning.ts';

it.each([
  [1, undefined],
  [20, undefined],
  [21, 11_050],
  [100, 15_000],
  [1_000, 60_000],
  [10_000, 60_000],
] as const)('the watches of %i engines count as lost after %s ms', (engines, silenceMs) => {
  expect(watchSilenceOf(engines)).toBe(silenceMs);
});
