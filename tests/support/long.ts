/** `npm run test:long` sets it: every matrix whole, every property as often as it says. `npm test` runs a fixed sample. */
export const LONG = process.env.DRIFTLESS_TEST_LONG === '1';
