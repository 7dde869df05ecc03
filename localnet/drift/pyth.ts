import { createHash } from 'node:crypto';
import { type ChainAccount, RENT_EXEMPT_EPOCH } from '../account.ts';
import type { PostedPrice } from '../perps/oracles.ts';

/** The only owner from which v2.84 takes a Pyth pull price. */
const PYTH_RECEIVER = 'rec5EKMGg6MxZYaMdyBfgwp4d5rB9T1VQH5pJv5LtFJ';
const RENT = 1_823_520n;
const ACCOUNT_BYTES = 134;
const KIND = createHash('sha256').update('account:PriceUpdateV2').digest().subarray(0, 8);
const FULLY_VERIFIED = 1;
const EXPONENT = -8;
const E8_PER_E6 = 100n;

/** Layout: `PriceUpdateV2` of the Pyth receiver, fully verified. */
export function pythAccount({ price, confidence, postedSlot, publishTime }: PostedPrice): ChainAccount {
  const data = Buffer.alloc(ACCOUNT_BYTES);
  data.set(KIND, 0);
  data[40] = FULLY_VERIFIED;
  const message = data.subarray(73);
  message.writeBigInt64LE(price * E8_PER_E6, 0);
  message.writeBigUInt64LE(confidence * E8_PER_E6, 8);
  message.writeInt32LE(EXPONENT, 16);
  message.writeBigInt64LE(BigInt(publishTime), 20);
  message.writeBigInt64LE(BigInt(publishTime), 28);
  message.writeBigInt64LE(price * E8_PER_E6, 36);
  message.writeBigUInt64LE(confidence * E8_PER_E6, 44);
  message.writeBigUInt64LE(BigInt(postedSlot), 52);
  return { lamports: RENT, data, owner: PYTH_RECEIVER, executable: false, rentEpoch: RENT_EXEMPT_EPOCH };
}
