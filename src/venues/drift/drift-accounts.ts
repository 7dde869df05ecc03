/** Drift's accounts as our tables decode them. */
import type { OracleReading } from '../solana-perps/oracle-accounts.ts';
import type { ProgramAccounts } from '../solana-perps/program-accounts.ts';
import type { PerpsRead } from '../solana-perps/read/perps-read.ts';
import type { DriftExchange, DriftPerpMarket, DriftSpotMarket, DriftUser, DriftUserStats } from './account-layouts.ts';

export interface DriftAccountTypes extends ProgramAccounts {
  readonly State: DriftExchange;
  readonly User: DriftUser;
  readonly UserStats: DriftUserStats;
  readonly PerpMarket: DriftPerpMarket;
  readonly SpotMarket: DriftSpotMarket;
  readonly Oracle: OracleReading;
}

export type DriftRead = PerpsRead<DriftAccountTypes>;
