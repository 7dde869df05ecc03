/** Whose account, at which program. */
import { addressesOf, type DeploymentSettings, type PerpsAddresses } from './addresses.ts';
import type { PerpsProgram } from './perps-program.ts';
import type { ProgramAccounts } from './program-accounts.ts';

export interface PerpsDeployment<T extends ProgramAccounts = ProgramAccounts> extends PerpsAddresses {
  readonly program: PerpsProgram<T>;
}

/** @throws CriticalError ADDRESS_MALFORMED, BAD_SUB_ACCOUNT */
export const deploymentOf = <T extends ProgramAccounts>(
  program: PerpsProgram<T>,
  settings: DeploymentSettings,
): PerpsDeployment<T> => ({ program, ...addressesOf(program, settings) });
