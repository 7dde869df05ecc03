/** The same deaths on the real Velocity program. `npm test` plays there what the sample on Drift cannot show. */

import { describeOnVelocity } from '../../localnet/tests/support/velocity-files.ts';
import { lastOfEachTaken, perpsMatrix } from '../support/crash/perps-matrix.ts';
import { VELOCITY_SCENES } from '../support/crash/perps-scenes.ts';
import { VELOCITY } from '../support/crash/velocity-subject.ts';

describeOnVelocity('a worker that is killed on Velocity', () =>
  perpsMatrix({ program: 'Velocity', subject: VELOCITY, scenes: VELOCITY_SCENES, sample: lastOfEachTaken }),
);
