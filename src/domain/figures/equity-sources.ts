/** The sources of a change in equity, in the order of display. */
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

/** All sources at zero. */
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
