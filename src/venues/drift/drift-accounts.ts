/** Drift's accounts as its SDK decodes them. Only files of this folder know these types. */
import type {
  OraclePriceData,
  PerpMarketAccount,
  SpotMarketAccount,
  StateAccount,
  UserAccount,
  UserStatsAccount,
} from '@drift-labs/sdk';
import type { ProgramAccounts } from '../solana-perps/program-accounts.ts';
import type { PerpsRead } from '../solana-perps/read/perps-read.ts';

export interface DriftAccountTypes extends ProgramAccounts {
  readonly State: StateAccount;
  readonly User: UserAccount;
  readonly UserStats: UserStatsAccount;
  readonly PerpMarket: PerpMarketAccount;
  readonly SpotMarket: SpotMarketAccount;
  readonly Oracle: OraclePriceData;
}

export type DriftRead = PerpsRead<DriftAccountTypes>;
