/** Velocity's accounts as our tables decode them. */

import type { OracleReading } from '../solana-perps/oracle-accounts.ts';
import type { ProgramAccounts } from '../solana-perps/program-accounts.ts';
import type { ExchangeState, PerpMarketState, SpotMarketState, UserStatsState } from './program/accounts.ts';
import type { UserState } from './program/user.ts';

export interface VelocityAccountTypes extends ProgramAccounts {
  readonly State: ExchangeState;
  readonly User: UserState;
  readonly UserStats: UserStatsState;
  readonly PerpMarket: PerpMarketState;
  readonly SpotMarket: SpotMarketState;
  readonly Oracle: OracleReading;
}
