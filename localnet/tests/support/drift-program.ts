/** Tests on the real Drift program: they run where it can be found, and say why where it cannot. */

import { DriftlessError } from '../../../src/lib/errors.ts';
import { findDriftProgram, NO_DRIFT_PROGRAM } from '../../drift/program.ts';
import { describe } from './runner.ts';

const found = ((): { readonly path: string | null; readonly why: string } => {
  try {
    return { path: findDriftProgram(process.env), why: NO_DRIFT_PROGRAM };
  } catch (error) {
    if (error instanceof DriftlessError) return { path: null, why: error.message };
    throw error;
  }
})();

/** Path of the compiled program, checked; null: not here. */
export const driftProgram = (): string | null => found.path;

/** `describe` for what needs the program. Without it each of its tests is skipped, and carries the reason in its name. */
export function describeOnDrift(name: string, tests: () => void): void {
  if (found.path === null) describe.skip(`${name} (skipped: ${found.why})`, tests);
  else describe(name, tests);
}
