/** Tests on the real Velocity program and its accounts: they run where both can be found, and say why where they cannot. */
import { DriftlessError } from '../../../src/lib/errors.ts';
import { findVelocity, NO_VELOCITY_PROGRAM, type VelocityFiles } from '../../velocity/program.ts';
import { describe } from './runner.ts';

const found = ((): { readonly files: VelocityFiles | null; readonly why: string } => {
  try {
    return { files: findVelocity(process.env), why: NO_VELOCITY_PROGRAM };
  } catch (error) {
    if (error instanceof DriftlessError) return { files: null, why: error.message };
    throw error;
  }
})();

/** `describe` for what needs them. Without them each of its tests is skipped, and carries the reason in its name. */
export function describeOnVelocity(name: string, tests: (files: VelocityFiles) => void): void {
  const { files, why } = found;
  if (files === null) describe.skip(`${name} (skipped: ${why})`, () => tests(NO_FILES));
  else describe(name, () => tests(files));
}

const NOTHING = new Uint8Array();
/** Declares a skipped test. */
const NO_FILES: VelocityFiles = {
  elf: NOTHING,
  dumps: { state: NOTHING, perpMarket: NOTHING, quoteMarket: NOTHING, solOracle: NOTHING, quoteOracle: NOTHING },
};
