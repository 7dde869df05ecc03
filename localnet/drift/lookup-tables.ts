import { configs } from '@drift-labs/sdk';
import { type ChainAccount, RENT_EXEMPT_EPOCH, rentOf } from '../account.ts';
import { addressBytes } from '../wire/base58.ts';

const PROGRAM = 'AddressLookupTab1e1111111111111111111111111';
const HEADER_BYTES = 56;
const TABLE_KIND = 1;
const NEVER = 0xffff_ffff_ffff_ffffn;

/** Where the SDK looks for the market's lookup tables: it sends nothing in version 0 without them. */
export const lookupTableAddresses = (): readonly string[] => configs['mainnet-beta'].MARKET_LOOKUP_TABLES;

/** An active lookup table without an authority. */
export function lookupTable(addresses: readonly string[]): ChainAccount {
  const data = Buffer.alloc(HEADER_BYTES + addresses.length * 32);
  data.writeUInt32LE(TABLE_KIND, 0);
  data.writeBigUInt64LE(NEVER, 4);
  for (const [i, address] of addresses.entries()) data.set(addressBytes(address) as Uint8Array, HEADER_BYTES + i * 32);
  return { lamports: rentOf(data.length), data, owner: PROGRAM, executable: false, rentEpoch: RENT_EXEMPT_EPOCH };
}
