/**
 * Codes with which a command is refused, or ends without what was asked for. Each has a remedy that works from the state in
 * which it is given: tests/domain/refusals.test.ts follows every one to its end.
 */
export const REFUSAL_CODES = [
  // The message.
  'INVALID_MESSAGE',
  'INVALID_FIELD',
  'UNKNOWN_ACTION',
  'UNKNOWN_MARKET',
  'PROTOCOL_NOT_SERVED',
  'MESSAGE_TOO_LARGE',
  'RATE_LIMITED',
  'UNAUTHORIZED',
  // The account.
  'INSUFFICIENT_FUNDS',
  'BELOW_MINIMUM',
  'NO_POSITION',
  'GATE_BLOCKED',
  'PERMISSION_DENIED',
  'VENUE_PAUSED',
  // The engine.
  'ENGINE_STOPPED',
  'ENGINE_REDUCING',
  'ENGINE_HALTED',
  'ENGINE_BUSY',
  'ENGINE_RUNNING_OTHER_MODE',
  'ACCOUNT_UNRESOLVED',
  'UNAVAILABLE',
  // A command's life.
  'CONFIRMATION_REQUIRED',
  'CONFIRMATION_INVALID',
  'COMMAND_ID_CONFLICT',
  'COMMAND_EXPIRED',
  'ACCEPTANCE_UNKNOWN',
  'VERDICT_REFUSED',
  // The chain.
  'SIMULATION_FAILED',
  'TRANSACTION_FAILED',
  'ORDER_NOT_FILLED',
] as const;
export type RefusalCode = (typeof REFUSAL_CODES)[number];
