import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { onTestFinished } from '../../localnet/tests/support/on-test-finished.ts';
import { describeOnVelocity } from '../../localnet/tests/support/velocity-files.ts';
import { localVenueOf, type ProgramPaths } from '../../src/runtime/local-venues.ts';

const UNSET: ProgramPaths = {
  venue: 'velocity',
  venueIsSet: false,
  programPath: null,
  velocityProgramPath: null,
  velocityAccountsPath: null,
};

/** A cache folder with nothing in it, for this test. */
function emptyCache(): string {
  const folder = mkdtempSync(join(tmpdir(), 'driftless-cache-'));
  const before = { XDG_CACHE_HOME: process.env.XDG_CACHE_HOME, VELOCITY_FILES: process.env.VELOCITY_FILES };
  process.env.XDG_CACHE_HOME = folder;
  delete process.env.VELOCITY_FILES;
  onTestFinished(() => {
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

it('a local chain is of Drift where Velocity’s program is not on the machine, and of the venue that was chosen anyway', async () => {
  emptyCache();
  expect(await localVenueOf(UNSET)).toBe('drift');
  for (const venue of ['drift', 'velocity'] as const)
    expect(await localVenueOf({ ...UNSET, venue, venueIsSet: true })).toBe(venue);
});

it('a path of Velocity’s program that leads nowhere is an error, not Drift', async () => {
  const folder = emptyCache();
  await expect(localVenueOf({ ...UNSET, velocityProgramPath: join(folder, 'none.so') })).rejects.toMatchObject({
    code: 'LOCALNET_VELOCITY_FILES',
  });
});

describeOnVelocity('with Velocity’s program on the machine', () => {
  it('a local chain is of Velocity', async () => {
    expect(await localVenueOf(UNSET)).toBe('velocity');
  });
});
