/** When Drift and Velocity take the next funding update: seconds until then, 0 when it is due. */
export function secondsUntilFunding(now: bigint, last: bigint, period: bigint): bigint {
  const late = last % period;
  let wait = period;
  if (late !== 0n) wait = late > period / 3n ? 2n * period - late : period - late;
  const left = wait - (now - last);
  return left > 0n ? left : 0n;
}
