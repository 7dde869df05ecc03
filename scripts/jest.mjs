import { join } from 'node:path';
import { ROOT } from './setup.mjs';

/** What `node` is given to run Jest: our code is ES modules, which Jest loads only with this flag. */
export const JEST = [
  '--experimental-vm-modules',
  '--disable-warning=ExperimentalWarning',
  join(ROOT, 'node_modules/jest/bin/jest.js'),
];

/** Must come last: Jest takes everything after it as more reporters. */
export const REPORTED = '--reporters=./scripts/test-reporter.mjs';
