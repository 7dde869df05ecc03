/** `npm run test:long` sets it: every matrix whole, every property as often as it says. `npm test` runs a fixed sample. */
export const LONG = process.env.DRIFTLESS_TEST_LONG === '1';

const SAMPLE_PART = 4;

/** How often a property runs whose single run is slow (a chain, a database): `whole` times, or a quarter in `npm test`. */
export const runs = (whole: number): number => (LONG ? whole : Math.ceil(whole / SAMPLE_PART));
