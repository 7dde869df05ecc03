/** The table of docs/architecture/gates.md as data: which gate means what for which operation. */

import { GATE_COLUMNS, type GateColumn } from '../order/operations.ts';

/**
 * B blocks · C needs a person's confirmation, blocks when automatic · A blocks when automatic · W blocks unless the
 * drift from the target is beyond MAX_UNHEDGED_PCT · R reported only · - not evaluated.
 */
export type GateCell = 'B' | 'C' | 'A' | 'W' | 'R' | '-';

/** Cells in the order of `GATE_COLUMNS`. */
const ROWS = {
  PERMISSION: 'B B B B B B B B B B',
  VENUE_PAUSED: 'B B B B B B B B B B',
  FEE_MONEY: 'B B B B B B B B B B',
  PRICE_UNKNOWN: '- - B B B B B B - B',
  ACCOUNT_STATUS: 'R B B B B R R R R R',
  MARKET_STATUS: '- - B B B R R R R R',
  ORACLE_INVALID: 'R B B B B R R R R R',
  MARK_DIVERGENCE: '- - B B B R R R - R',
  QUOTE_DEPEG: 'R R B B B R R R R R',
  SNAPSHOT_AGE: 'B B B B B R R R R R',
  RPC_LATENCY: 'R R B B B R R R R R',
  GAS_RESERVE: 'B B B B B R R R R R',
  INSUFFICIENT_FUNDS: 'B B B B B R R R - R',
  MINIMUM_SIZE: '- - B B B R R R - R',
  STEP_SIZE: '- - B B B R R R - R',
  LEVERAGE: 'R B B B B R R R - R',
  HEALTH_AFTER: 'R B B B B R R R - R',
  LIQUIDATION_DISTANCE: 'R B B B B R R R - R',
  DELTA_EXPOSED: 'R C C C C R R R - R',
  UNPROFITABLE: '- - B R W - - - - -',
  MAX_AUTO_TRADE: '- - A A A R R R - R',
} as const;

export type GateCode = keyof typeof ROWS;
export const GATE_CODES = Object.keys(ROWS) as readonly GateCode[];

export const gateCell = (code: GateCode, column: GateColumn): GateCell =>
  (ROWS[code].split(' ')[GATE_COLUMNS.indexOf(column)] ?? '-') as GateCell;
