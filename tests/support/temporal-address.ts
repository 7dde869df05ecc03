/** Where the Temporal server of this test run listens: `temporal-server.ts` starts it before the first test file. */
export function temporalAddress(): string {
  const address = process.env.DRIFTLESS_TEST_TEMPORAL;
  if (address === undefined)
    throw new Error('DRIFTLESS_TEST_TEMPORAL is not set: the tests were started without their global setup');
  return address;
}
