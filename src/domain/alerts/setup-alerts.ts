/** Errors that no retry can mend: what is configured cannot work. Each stops the engine under its own code. */
import { condition, withPeriod } from './alert-row.ts';

type SetupDetails = {
  /** What the error says, with the setting to change. */
  readonly reason: string;
  /** The error's own code. */
  readonly error: string;
};

const setup = (title: string) =>
  condition<SetupDetails>({
    severity: 'critical',
    title,
    happened: ({ reason }) => `${withPeriod(reason)} The engine is stopped.`,
    action: 'Fix this, then press Start.',
    needsPerson: true,
    over: 'Driftless can read the account again.',
  });

export const SETUP_ALERTS = {
  ACCOUNT_LAYOUT: setup('Unknown version of the program'),
  ADDRESS_MALFORMED: setup('Malformed address'),
  BAD_SUB_ACCOUNT: setup('Wrong sub-account'),
  DATA_INVALID: setup('Stored data cannot be read'),
  DRIFT_LAYOUT: setup('Unknown version of Drift'),
  DRIFT_NOT_FOUND: setup('Drift not found'),
  ENGINE_OF_ANOTHER_CHAIN: setup('The engine is of another chain'),
  ENGINE_UNKNOWN: setup('Unknown engine'),
  FEED_EMPTY: setup('The market data is empty'),
  KEY_AMBIGUOUS: setup('Two wallet keys are set'),
  KEY_EMPTY: setup('The wallet key is empty'),
  KEY_FILE_MISSING: setup('Wallet key file not found'),
  KEY_FILE_UNREADABLE: setup('Wallet key file not readable'),
  KEY_LENGTH: setup('Wallet key has the wrong length'),
  KEY_MISMATCH: setup('Wallet key does not match'),
  KEY_MISSING: setup('Wallet key missing'),
  KEY_NOT_AN_ARRAY: setup('Malformed wallet key'),
  KEY_NOT_BASE58: setup('Malformed wallet key'),
  KEY_NOT_BYTES: setup('Malformed wallet key'),
  KEY_NOT_JSON: setup('Malformed wallet key'),
  MARKET_DATA_CHANGED: setup('The market data has changed'),
  PAPER_ACCOUNT_MISSING: setup('Paper account missing'),
  RPC_URL_MISSING: setup('No RPC node is set'),
  TOKEN_DECIMALS: setup('Unexpected token decimals'),
  UNKNOWN_MARKET: setup('Unknown market'),
  USER_NOT_INITIALISED: setup('No account to watch'),
  VELOCITY_NOT_FOUND: setup('Velocity not found'),
  WRONG_CLUSTER: setup('Wrong Solana cluster'),
  /** Any other error of this kind. */
  ENGINE_CANNOT_RUN: setup('The engine cannot run'),
} as const;

export type SetupCode = keyof typeof SETUP_ALERTS;

/** An error's code is its alert's. */
export const setupCode = (error: string): SetupCode =>
  Object.hasOwn(SETUP_ALERTS, error) ? (error as SetupCode) : 'ENGINE_CANNOT_RUN';
