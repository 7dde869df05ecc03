import { describeUnless, itUnless } from '../../localnet/tests/support/unless.ts';

/** `npm run test:long` sets it: every matrix whole, every property as often as it says. `npm test` runs a fixed sample. */
export const LONG = process.env.DRIFTLESS_TEST_LONG === '1';

const SAMPLE_PART = 10;

/** How often a property runs whose single run is slow (a chain, a database): `whole` times, or a tenth in `npm test`. */
export const runs = (whole: number): number => (LONG ? whole : Math.ceil(whole / SAMPLE_PART));

type Group = (title: string, tests: () => void) => void;
const ELSEWHERE = 'npm run test:long runs it';

/** For a scene beside others of its kind, which `npm test` plays: `npm run test:long` plays this one too. */
export const itLong = itUnless(!LONG && ELSEWHERE);

/** The same for a group of scenes that share what is expensive: a product, a chain. */
export const longOnly = (group: Group): Group => (LONG ? group : describeUnless(ELSEWHERE));

/** Of a table of cases the first, which stands for all in `npm test`: the others differ in what cheaper tests tell too. */
export const firstOf = <T>(cases: readonly T[]): readonly T[] => (LONG ? cases : cases.slice(0, 1));
