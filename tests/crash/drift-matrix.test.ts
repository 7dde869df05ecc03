/** The same deaths on the real Drift program. */
import { describeOnDrift } from '../../localnet/tests/support/drift-program.ts';
import { DRIFT } from '../support/crash/drift-subject.ts';
import { perpsMatrix } from '../support/crash/perps-matrix.ts';
import { DRIFT_SCENES } from '../support/crash/perps-scenes.ts';

describeOnDrift('a worker that is killed on Drift', () =>
  perpsMatrix({ program: 'Drift', subject: DRIFT, scenes: DRIFT_SCENES }),
);
