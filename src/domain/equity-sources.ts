/** The sources that the change of equity is made of, in the order in which they are shown. */
import type { EquitySource } from './snapshot.ts';

const IN_ORDER: Readonly<Record<EquitySource, true>> = {
  price: true,
  basis: true,
  slippage: true,
  funding: true,
  interest: true,
  fees: true,
  gas: true,
  transfers: true,
  external: true,
  unexplained: true,
};

export const EQUITY_SOURCES = Object.keys(IN_ORDER) as readonly EquitySource[];
