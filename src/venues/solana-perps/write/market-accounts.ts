/** The accounts that an instruction needs besides its named ones: every market in which the account has a position, and oracles. */
import { type AccountMeta, PublicKey } from '@solana/web3.js';
import { type PerpsAddresses, perpMarketAddress, spotMarketAddress } from '../addresses.ts';
import type { PerpsRead } from '../read/perps-read.ts';

interface Written {
  readonly perps?: readonly number[];
  readonly spot?: readonly number[];
}

const NO_ORACLE = PublicKey.default.toBase58();

/**
 * All markets of the read are included, not only those of this instruction: the program computes the margin of the whole
 * account, and a position opened between the read and the landing needs its accounts too.
 */
export function marketAccounts(
  { markets }: Pick<PerpsRead, 'markets'>,
  deployment: PerpsAddresses,
  written: Written = {},
): readonly AccountMeta[] {
  // The quote asset may have no oracle; it counts as 1 USD.
  const oracles = [...markets.spot, ...markets.perps].flatMap(({ oracleId }) =>
    oracleId === undefined || oracleId === NO_ORACLE ? [] : [oracleId],
  );
  const account = (pubkey: PublicKey, isWritable: boolean): AccountMeta => ({ pubkey, isSigner: false, isWritable });
  return [
    ...[...new Set(oracles)].map((oracle) => account(new PublicKey(oracle), false)),
    ...markets.spot.map(({ marketIndex }) =>
      account(spotMarketAddress(deployment, marketIndex), written.spot?.includes(marketIndex) ?? false),
    ),
    ...markets.perps.map(({ marketIndex }) =>
      account(perpMarketAddress(deployment, marketIndex), written.perps?.includes(marketIndex) ?? false),
    ),
  ];
}
