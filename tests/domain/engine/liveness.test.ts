/**
 * The liveness model: docs/architecture/liveness.md as a theorem, and here as a search for a history that breaks it. The
 * product of who asks, what ran, at which of its stages, what was wrong with the nodes and which process ended is gone
 * through whole (`DRIFTLESS_TEST_LONG=1`) or in a fixed sample; what else varies goes round beside it, and fast-check draws
 * from all of it.
 */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { HOLD_CODES, type HoldCode } from '../../../src/domain/engine/hold.ts';
import {
  ASKS,
  FIRSTS,
  FLAT_WITHIN_MS,
  type LivenessCase,
  RESTARTS,
  runLiveness,
} from '../../support/liveness-model.ts';
import { FAULTS, NODE_FAULTS } from '../../support/liveness-world.ts';
import { LONG } from '../../support/long.ts';

const STAGES = 10;
const OTHERS = Object.keys(NODE_FAULTS);
const HOLDS: readonly (HoldCode | null)[] = [null, ...HOLD_CODES];
const LASTS_MS = [0, 40_000, 95_000, 130_000, 900_000];
/** Every so many of the product, coprime to the length of each list in it. */
const EVERY = LONG ? 1 : 113;
const DRAWN = LONG ? 3_000 : 30;

const nth = <T>(list: readonly T[], index: number): T => list[index % list.length] as T;

function* product(): Generator<LivenessCase> {
  let seed = 0;
  for (const ask of ASKS) {
    for (const first of FIRSTS) {
      for (let stage = 0; stage < (first === 'none' ? 1 : STAGES); stage += 1) {
        for (const fault of Object.keys(FAULTS)) {
          for (const restart of RESTARTS) {
            seed += 1;
            const beside = { other: nth(OTHERS, seed), lastsMs: nth(LASTS_MS, seed * 7) };
            yield {
              ...{ seed, ask, first, stage, fault, restart, ...beside },
              ...{ hold: nth(HOLDS, seed * 5), journalUp: seed % 3 !== 0 },
            };
          }
        }
      }
    }
  }
}

/** Where outcomes become unknown: what was signed or sent when the nodes fell silent, lost their history, or took nothing. */
function* unknownOutcomes(): Generator<LivenessCase> {
  let seed = 0;
  for (const first of ['open', 'close', 'flatten', 'guard', 'enter', 'leave'] as const) {
    for (const stage of [2, 3, 4]) {
      for (const fault of ['mute', 'pruned', 'lost', 'outage']) {
        for (const ask of ASKS) {
          seed += 1;
          const beside = { other: nth(OTHERS, seed), lastsMs: nth([95_000, 130_000, 900_000], seed * 5) };
          yield {
            ...{ seed, ask, first, stage, fault, restart: nth(RESTARTS, seed * 3), ...beside },
            ...{ hold: nth(HOLDS, seed * 7), journalUp: seed % 3 !== 0 },
          };
        }
      }
    }
  }
}

/** Nothing is open, and an OPEN, or an entry of the carry policy, is under way when the exit is asked for. */
function* opensFromFlat(): Generator<LivenessCase> {
  let seed = 0;
  for (const ask of ['close', 'flatten'] as const) {
    for (let stage = 0; stage < STAGES; stage += LONG ? 1 : 2) {
      for (const fault of Object.keys(FAULTS)) {
        seed += 1;
        const beside = { other: nth(OTHERS, seed), lastsMs: nth(LASTS_MS, seed * 3), fromFlat: true };
        for (const first of LONG ? (['open', 'enter'] as const) : [nth(['open', 'enter'] as const, seed)]) {
          yield {
            ...{ seed, ask, first, stage, fault, restart: nth(RESTARTS, seed), ...beside },
            ...{ hold: null, journalUp: seed % 3 !== 0 },
          };
        }
      }
    }
  }
}

const drawn: fc.Arbitrary<LivenessCase> = fc.record({
  seed: fc.integer(),
  ask: fc.constantFrom(...ASKS),
  first: fc.constantFrom(...FIRSTS),
  stage: fc.nat({ max: STAGES }),
  fault: fc.constantFrom(...Object.keys(FAULTS)),
  lastsMs: fc.nat({ max: 1_200_000 }),
  other: fc.constantFrom(...OTHERS),
  hold: fc.constantFrom(...HOLDS),
  journalUp: fc.boolean(),
  restart: fc.constantFrom(...RESTARTS),
});

/** A sample that does not come through these would prove little. */
const MUST_BE_SEEN = [
  'alert POSITION_LEFT_OPEN',
  'alert LIQUIDATION_NEAR',
  'alert GUARD_BLOCKED',
  'alert GUARD_ACTED',
  'asked again',
  'close unresolved',
  'flatten unresolved',
  'open unresolved',
  'guard unresolved',
  'enter unresolved',
  'leave unresolved',
  'close ended',
  'flatten ended',
  'guard released',
];

describe('exits end, and nothing that should be smaller is left alone in silence', () => {
  const seen = new Set<string>();
  let longestMs = 0;
  const run = (given: LivenessCase): void => {
    const result = runLiveness(given);
    longestMs = Math.max(longestMs, result.flatAfterMs ?? 0);
    for (const what of result.seen) seen.add(what);
  };

  it(`over the product${LONG ? '' : `, every ${EVERY}th`}`, () => {
    let index = 0;
    for (const given of product()) {
      if (index % EVERY === 0) run(given);
      index += 1;
    }
    expect(index).toBeGreaterThan(6_000);
  });

  it('over outcomes that become unknown', () => {
    for (const given of unknownOutcomes()) run(given);
  });

  it('over exits that come while an OPEN from flat is under way', () => {
    for (const given of opensFromFlat()) run(given);
  });

  it('and over whatever chance draws from all of it', () => {
    fc.assert(fc.property(drawn, run), { numRuns: DRAWN, seed: 1 });
  });

  it('having been through what matters', () => {
    expect(MUST_BE_SEEN.filter((what) => !seen.has(what))).toEqual([]);
    expect(longestMs).toBeLessThanOrEqual(FLAT_WITHIN_MS);
  });
});
