/** Drift's accounts as our tables decode them. */
import type { OracleReading } from '../solana-perps/oracle-accounts.ts';
import type { ProgramAccounts } from '../solana-perps/program-accounts.ts';
import type { PerpsRead } from '../solana-perps/read/perps-read.ts';
import type { ExchangeState, PerpMarketState, SpotMarketState, UserState, UserStatsState } from './account-layouts.ts';

export interface DriftAccountTypes extends ProgramAccounts {
  readonly State: ExchangeState;
  readonly User: UserState;
  readonly UserStats: UserStatsState;
  readonly PerpMarket: PerpMarketState;
  readonly SpotMarket: SpotMarketState;
  readonly Oracle: OracleReading;
}

export type DriftRead = PerpsRead<DriftAccountTypes>;
