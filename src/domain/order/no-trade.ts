/** The preview of what is no trade has the figures of one, empty. */
export const NO_TRADE = {
  price_limit: null,
  price_limit_base: null,
  value_usd: null,
  costs: { network_sol: 0, network_sol_base: '0' },
  leverage_after: null,
  health_after: null,
  margin_after: null,
  liquidation_price_after: null,
  liquidation_distance_after_pct: null,
  delta_after: null,
  gates: [],
} as const;
