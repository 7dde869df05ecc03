/** The sources that the change of equity is made of, in the order in which they are shown. */
import type { EquitySource, EquitySources } from '../account/snapshot.ts';

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

/** Nothing has changed equity yet. */
export const NO_SOURCES: EquitySources = {
  price: 0n,
  basis: 0n,
  slippage: 0n,
  funding: 0n,
  interest: 0n,
  fees: 0n,
  gas: 0n,
  transfers: 0n,
  external: 0n,
  unexplained: 0n,
};
