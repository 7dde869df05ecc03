/** What a backtest is run with, beside the market and the policy that decides. */
import { DEFAULT_POLICY, decodePolicy, type Policy } from '../domain/hedge/policy.ts';
import {
  DEFAULT_HOLDINGS,
  DEFAULT_PARAMETERS,
  type PaperDefaults,
  type PaperParameters,
} from '../venues/paper/parameters.ts';

export interface BacktestOptions {
  readonly holdings: PaperDefaults;
  readonly parameters: PaperParameters;
  /** The limits that gates and `decide` read. */
  readonly limits: Policy;
  /** The part of the SOL that a policy hedges, parts per million. */
  readonly fractionPpm: number;
  /** The account begins at the first row from here on; what lies before is history to policies. Null: at the first row. */
  readonly evaluateFromMs: number | null;
  /** A trade fills so many rows after it was decided. */
  readonly fillLagRows: number;
  readonly closeAtEnd: boolean;
  /** What our own size costs of the rate in each period that a short is held, USD per SOL at 1e-9. Absent: not priced. */
  readonly ownSizeRate?: number;
}

export const DEFAULT_OPTIONS: BacktestOptions = {
  holdings: DEFAULT_HOLDINGS,
  parameters: DEFAULT_PARAMETERS,
  limits: decodePolicy(DEFAULT_POLICY),
  fractionPpm: 1_000_000,
  evaluateFromMs: null,
  fillLagRows: 0,
  closeAtEnd: true,
};
