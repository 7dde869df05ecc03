/** Which deaths are crossed with which faults and which keepers on a real program: the fixed set, and random ones by a seed. */

import { isExit } from '../../../src/domain/order/operations.ts';
import {
  COMMON,
  type Combination,
  LANDS,
  MAX_DEATHS,
  nameOfCombination,
  RANDOM_KILL_WITHIN_MS,
} from './combinations.ts';
import { CHAIN_FAULTS, type ChainFault } from './faults.ts';
import type { KillPoint } from './mortal-worker.ts';
import type { PerpsScene } from './perps-scenes.ts';
import { randomOf } from './random.ts';

export interface PerpsCombination extends Combination {
  readonly scene: PerpsScene;
}

const named = (names: readonly string[]): readonly ChainFault[] =>
  names.map((name) => {
    const fault = CHAIN_FAULTS.find((one) => one.name === name);
    if (fault === undefined) throw new RangeError(`there is no fault ${name}`);
    return fault;
  });

/** Under these what is sent lands, and is seen, whatever else happens. */
const STEADY = named([
  'none',
  'reply lost: cut',
  'lands 40 slots late',
  'reply lost: hang',
  'stale node',
  'one of two nodes denies it',
  'first send dropped',
  'slow',
]);
const ROUGH = named([
  '429 to a third',
  'endpoints gone for 3 s',
  'one of two nodes denies it, the other is mute for 8 s',
  'a fork drops it once confirmed',
  'dropped until the first attempt is dead',
  'a fork drops it, it lands again by itself',
  'every send dropped',
]);
export const PERPS_FAULTS: readonly ChainFault[] = [...STEADY, ...ROUGH];

/** A close tries again what expired, five times: its faults are those that end. */
const suits = (scene: PerpsScene, fault: ChainFault): boolean =>
  !isExit(scene.request.kind) || (fault.neverDone !== true && fault.forks !== true);

/** Of each scene every fifth common point, each time another fifth, beside its own. */
const EVERY = 5;

export function fixedPerpsCombinations(scenes: readonly PerpsScene[]): readonly PerpsCombination[] {
  let steady = 0;
  let any = 0;
  const next = (scene: PerpsScene, faults: readonly ChainFault[], from: number): number => {
    let index = from;
    while (!suits(scene, faults[index % faults.length] as ChainFault)) index += 1;
    return index;
  };
  return scenes.flatMap((scene, row) => {
    const chosen = <T>(all: readonly T[]): readonly T[] => all.filter((_, column) => (column + row) % EVERY === 0);
    const early = chosen(COMMON).map((point) => {
      any = next(scene, PERPS_FAULTS, any) + 1;
      return combination(scene, PERPS_FAULTS[(any - 1) % PERPS_FAULTS.length] as ChainFault, [point]);
    });
    const late = [...chosen(LANDS), ...scene.points].map((point) => {
      steady = next(scene, STEADY, steady) + 1;
      return combination(scene, STEADY[(steady - 1) % STEADY.length] as ChainFault, [point]);
    });
    return [...early, ...late];
  });
}

const combination = (
  scene: PerpsScene,
  fault: ChainFault,
  points: readonly KillPoint[],
  killAfterMs?: number,
): PerpsCombination => ({
  name: nameOfCombination(scene.name, fault, points, killAfterMs),
  scene,
  fault,
  points,
  ...(killAfterMs === undefined ? {} : { killAfterMs }),
});

/** The `index`th of a seed: the same whenever it is asked for. */
export const randomPerpsCombination =
  (scenes: readonly PerpsScene[]) =>
  (seed: number, index: number): PerpsCombination => {
    const random = randomOf(seed * 1_000_003 + index);
    const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
    const scene = pick(scenes);
    const fault = pick(CHAIN_FAULTS.filter((one) => suits(scene, one)));
    const points = [...COMMON, ...LANDS, ...scene.points];
    const deaths = Math.floor(random() * (MAX_DEATHS + 1));
    const chosen = Array.from({ length: deaths }, () => pick(points));
    const killAfterMs = random() < 0.3 || deaths === 0 ? Math.floor(random() * RANDOM_KILL_WITHIN_MS) : undefined;
    return combination(scene, fault, chosen, killAfterMs);
  };
