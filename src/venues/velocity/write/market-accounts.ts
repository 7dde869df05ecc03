/** The accounts that an instruction needs besides its named ones: oracles, then spot markets, then perp markets. */
import { PublicKey } from '@solana/web3.js';
import type { RemainingAccount } from '../../solana-perps/instruction-layout.ts';
import { perpMarketAddress, spotMarketAddress } from '../program/addresses.ts';
import type { VelocityRead } from './read.ts';

/** Indexes of the markets that the instruction writes. */
interface WrittenMarkets {
  readonly perps?: readonly number[];
  readonly spot?: readonly number[];
}

const NO_ORACLE = PublicKey.default.toBase58();

/**
 * All markets of the read are included, not only those of this instruction: the program computes the margin of the whole
 * account, and it refuses one whose market or oracle is missing (6036, 6078, 6087).
 */
export function marketAccounts(
  { spot, perps }: Pick<VelocityRead, 'spot' | 'perps'>,
  written: WrittenMarkets = {},
): readonly RemainingAccount[] {
  const oracles = new Set([...spot, ...perps].map(({ market }) => market.oracle));
  oracles.delete(NO_ORACLE);
  return [
    ...[...oracles].map((address) => ({ address, writable: false })),
    ...spot.map(({ market: { marketIndex } }) => ({
      address: spotMarketAddress(marketIndex),
      writable: written.spot?.includes(marketIndex) ?? false,
    })),
    ...perps.map(({ market: { marketIndex } }) => ({
      address: perpMarketAddress(marketIndex),
      writable: written.perps?.includes(marketIndex) ?? false,
    })),
  ];
}
