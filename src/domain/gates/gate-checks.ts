/** Every gate's check by its code: figures and a remedy, without knowing whether it blocks. Unknown figures fail. */
import { deltaExposed, healthAfter, leverage, liquidationDistance, unprofitable } from './gate-risk-checks.ts';
import { insufficientFunds, maxAutoTrade, minimumSizeCheck, stepSize } from './gate-size-checks.ts';
import type { GateCheck, GateSubject } from './gate-subject.ts';
import type { GateCode } from './gate-table.ts';
import {
  accountStatus,
  feeMoney,
  gasReserve,
  markDivergence,
  marketStatus,
  oracleInvalid,
  permission,
  priceUnknown,
  quoteDepeg,
  rpcLatency,
  snapshotAge,
  venuePaused,
} from './gate-venue-checks.ts';

export const GATE_CHECKS: Readonly<Record<GateCode, (subject: GateSubject) => GateCheck>> = {
  PERMISSION: permission,
  VENUE_PAUSED: venuePaused,
  FEE_MONEY: feeMoney,
  PRICE_UNKNOWN: priceUnknown,
  ACCOUNT_STATUS: accountStatus,
  MARKET_STATUS: marketStatus,
  ORACLE_INVALID: oracleInvalid,
  MARK_DIVERGENCE: markDivergence,
  QUOTE_DEPEG: quoteDepeg,
  SNAPSHOT_AGE: snapshotAge,
  RPC_LATENCY: rpcLatency,
  GAS_RESERVE: gasReserve,
  INSUFFICIENT_FUNDS: insufficientFunds,
  MINIMUM_SIZE: minimumSizeCheck,
  STEP_SIZE: stepSize,
  LEVERAGE: leverage,
  HEALTH_AFTER: healthAfter,
  LIQUIDATION_DISTANCE: liquidationDistance,
  DELTA_EXPOSED: deltaExposed,
  UNPROFITABLE: unprofitable,
  MAX_AUTO_TRADE: maxAutoTrade,
};
