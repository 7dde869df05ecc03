/** The same deaths on the real Velocity program, in `npm run test:long`. */

import { itUnless } from '../../localnet/tests/support/unless.ts';
import { describeOnVelocity } from '../../localnet/tests/support/velocity-files.ts';
import { perpsMatrix } from '../support/crash/perps-matrix.ts';
import { VELOCITY_SCENES } from '../support/crash/perps-scenes.ts';
import { VELOCITY } from '../support/crash/velocity-subject.ts';
import { LONG } from '../support/long.ts';

describeOnVelocity('a worker that is killed on Velocity', () => {
  if (LONG || (process.env.DRIFTLESS_CRASH_ONLY ?? '') !== '')
    perpsMatrix({ program: 'Velocity', subject: VELOCITY, scenes: VELOCITY_SCENES });
  else itUnless('npm test runs the same matrix on Drift, test:long on both')('its matrix', () => {});
});
