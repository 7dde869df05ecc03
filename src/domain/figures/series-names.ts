/**
 * The journal keeps values by their place here: none is removed, and a new name goes to the end, with a migration that appends
 * its unknown values to the rows there are.
 */
export const SERIES_NAMES = [
  'equity',
  'equity_price',
  'equity_basis',
  'equity_slippage',
  'equity_funding',
  'equity_interest',
  'equity_fees',
  'equity_gas',
  'equity_transfers',
  'equity_external',
  'equity_unexplained',
  'price',
  'mark',
  'funding_rate',
  'lend_rate',
  'health',
  'hedge_deviation',
  'net_delta',
] as const;
export type SeriesName = (typeof SERIES_NAMES)[number];
