/** The markets of the local Velocity, and what an instruction on them names. */
import type { RemainingAccount } from '../../src/venues/solana-perps/instruction-layout.ts';
import {
  oracleAddress,
  PYTH_LAZER_FEEDS,
  perpMarketAddress,
  spotMarketAddress,
} from '../../src/venues/velocity/program/addresses.ts';
import { SOL_MINT } from '../perps/token-addresses.ts';

/** Mainnet's. */
export const USDT_MINT = 'Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB';
export const SOL_ORACLE = oracleAddress(PYTH_LAZER_FEEDS.SOL);
export const USDT_ORACLE = oracleAddress(PYTH_LAZER_FEEDS.USDT);

export type VelocityAsset = 'SOL' | 'USDT';
export const SPOT_INDEX: Readonly<Record<VelocityAsset, number>> = { USDT: 0, SOL: 1 };
export const MINTS: Readonly<Record<VelocityAsset, string>> = { USDT: USDT_MINT, SOL: SOL_MINT };
export const ORACLES: Readonly<Record<VelocityAsset, string>> = { USDT: USDT_ORACLE, SOL: SOL_ORACLE };

/** All that an account of this chain may hold: oracles first, then spot markets, then the perp market. */
export function everyMarket(written: 'spot' | 'perp' | 'both' | 'none'): readonly RemainingAccount[] {
  const spot = written === 'spot' || written === 'both';
  return [
    { address: USDT_ORACLE, writable: false },
    { address: SOL_ORACLE, writable: false },
    { address: spotMarketAddress(SPOT_INDEX.USDT), writable: spot },
    { address: spotMarketAddress(SPOT_INDEX.SOL), writable: spot },
    { address: perpMarketAddress(0), writable: written === 'perp' || written === 'both' },
  ];
}

/** SOL-PERP and its oracle alone. */
export const perpOnly: readonly RemainingAccount[] = [
  { address: SOL_ORACLE, writable: false },
  { address: perpMarketAddress(0), writable: true },
];
