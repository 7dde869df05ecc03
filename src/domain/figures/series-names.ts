/** The journal keeps values by their place here: a new name goes to the end, and none is removed. */
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
