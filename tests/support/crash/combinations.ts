/** Which deaths are crossed with which faults: the fixed set of the tests, and any number of random ones by a seed. */

import { CHAIN_FAULTS, type ChainFault } from './faults.ts';
import type { KillPoint } from './mortal-worker.ts';
import { randomOf } from './random.ts';

export interface Combination {
  readonly name: string;
  readonly fault: ChainFault;
  /** One death each, in turn. */
  readonly points: readonly KillPoint[];
  /** Beside them: SIGKILL this long after the start, wherever the worker stands. */
  readonly killAfterMs?: number;
}

export interface TransferCombination extends Combination {
  readonly kind: 'deposit' | 'withdraw';
}

export const nameOfPoint = ({ when, step, of, nth }: KillPoint): string =>
  `${when} ${step}${of === undefined ? '' : ` of ${of}`}${nth === undefined ? '' : ` (${nth})`}`;

export const at = (
  when: KillPoint['when'],
  step: KillPoint['step'],
  change: Pick<KillPoint, 'of' | 'nth'> = {},
): KillPoint => ({ when, step, ...change });

/** Every operation comes by these. */
export const COMMON: readonly KillPoint[] = [
  at('before', 'simulate'),
  at('after', 'simulate'),
  at('before', 'sign'),
  at('during', 'sign'),
  at('after', 'sign'),
  at('before', 'journal', { of: 'signed' }),
  at('after', 'journal', { of: 'signed' }),
  at('before', 'submit'),
  at('during', 'submit'),
  at('after', 'submit'),
  at('before', 'status'),
];
export const LANDS: readonly KillPoint[] = [
  at('after', 'status', { of: 'confirmed' }),
  at('after', 'status', { of: 'finalized' }),
  at('before', 'journal', { of: 'confirmed' }),
  at('during', 'journal', { of: 'confirmed' }),
  at('after', 'journal', { of: 'finalized' }),
];
const UNSEEN = at('after', 'status', { of: 'unseen' });
const RESENDS: readonly KillPoint[] = [
  at('before', 'submit', { nth: 2 }),
  at('during', 'submit', { nth: 2 }),
  at('after', 'submit', { nth: 2 }),
];
const DIES: readonly KillPoint[] = [
  at('after', 'status', { of: 'absent' }),
  at('before', 'journal', { of: 'expired' }),
];
const FAILS: readonly KillPoint[] = [
  at('after', 'status', { of: 'failed' }),
  at('before', 'journal', { of: 'failed' }),
];
const UNKNOWN: readonly KillPoint[] = [
  at('before', 'journal', { of: 'unknown' }),
  at('after', 'journal', { of: 'unknown' }),
];

/** Whose first send is lost for certain, so that a second is made. */
const RESENT = [
  'first send dropped',
  'dropped until the first attempt is dead',
  'silent WebSocket, first send dropped',
];

/** Where a worker under this fault comes by whatever else happens, and only under a few faults. */
function rarePointsUnder({ name, neverDone, ends = [], unknown, forks }: ChainFault): readonly KillPoint[] {
  return [
    ...(RESENT.includes(name) ? [UNSEEN, ...RESENDS] : []),
    ...(neverDone === true && ends.includes('expired') ? DIES : []),
    ...(ends.includes('failed') ? FAILS : []),
    ...(unknown === true && forks !== true && !name.includes('3 s') ? UNKNOWN : []),
  ];
}

function commonPointsUnder({ neverDone, unknown, fleeting }: ChainFault): readonly KillPoint[] {
  return [...COMMON, ...(neverDone === true || unknown === true || fleeting === true ? [] : LANDS)];
}

const pointsUnder = (fault: ChainFault): readonly KillPoint[] => [
  ...commonPointsUnder(fault),
  ...rarePointsUnder(fault),
];

/** Of each fault every fifth common point, each time another fifth: each point and each fault comes several times. */
const EVERY = 5;

/** Signed within a workflow task that is lost with its worker, and lost again while the task is made anew. */
const LOST_SIGNATURES: readonly (readonly KillPoint[])[] = [
  [at('after', 'sign'), at('before', 'sign')],
  [at('after', 'sign'), at('after', 'sign'), at('before', 'submit')],
];

export function fixedCombinations(): readonly TransferCombination[] {
  const [calm] = CHAIN_FAULTS;
  const lost = calm === undefined ? [] : LOST_SIGNATURES.map((points) => combination(calm, points, 'deposit'));
  return [...lost, ...eachPointUnderEachFault()];
}

function eachPointUnderEachFault(): readonly TransferCombination[] {
  return CHAIN_FAULTS.flatMap((fault, row) =>
    [...commonPointsUnder(fault).filter((_, column) => (column + row) % EVERY === 0), ...rarePointsUnder(fault)].map(
      (point, index) => combination(fault, [point], (row + index) % 2 === 0 ? 'deposit' : 'withdraw'),
    ),
  );
}

const combination = (
  fault: ChainFault,
  points: readonly KillPoint[],
  kind: TransferCombination['kind'],
  killAfterMs?: number,
): TransferCombination => ({
  name: nameOfCombination(kind, fault, points, killAfterMs),
  kind,
  fault,
  points,
  ...(killAfterMs === undefined ? {} : { killAfterMs }),
});

export const nameOfCombination = (
  what: string,
  fault: ChainFault,
  points: readonly KillPoint[],
  killAfterMs?: number,
): string =>
  [
    what,
    fault.name,
    ...points.map((point) => `dies ${nameOfPoint(point)}`),
    ...(killAfterMs === undefined ? [] : [`killed after ${killAfterMs} ms`]),
  ].join(' | ');

export const MAX_DEATHS = 3;
export const RANDOM_KILL_WITHIN_MS = 9_000;

/** The `index`th of a seed: the same whenever it is asked for. */
export function randomCombination(seed: number, index: number): TransferCombination {
  const random = randomOf(seed * 1_000_003 + index);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  const fault = pick(CHAIN_FAULTS);
  const points = pointsUnder(fault);
  const deaths = Math.floor(random() * (MAX_DEATHS + 1));
  const chosen = Array.from({ length: deaths }, () => pick(points));
  const killAfterMs = random() < 0.3 || deaths === 0 ? Math.floor(random() * RANDOM_KILL_WITHIN_MS) : undefined;
  return combination(fault, chosen, random() < 0.5 ? 'deposit' : 'withdraw', killAfterMs);
}
