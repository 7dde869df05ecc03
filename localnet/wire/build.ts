import { addressBytes } from './base58.ts';
import { type KeyPair, signWith } from './ed25519.ts';
import { COMPUTE_BUDGET } from './fee.ts';

const SYSTEM_PROGRAM = '11111111111111111111111111111111';
const TRANSFER = 2;
const SET_UNIT_LIMIT = 2;
const FAUCET_UNITS = 10_000;

const u32 = (value: number): Uint8Array => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};

const u64 = (value: bigint): Uint8Array => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
};

const bytesOf = (address: string): Uint8Array => addressBytes(address) as Uint8Array;

/**
 * The faucet's signed transfer, a legacy transaction. `serial` goes into its compute limit, so that two equal requests
 * within one block have two signatures.
 */
export function faucetTransfer(
  faucet: KeyPair,
  to: string,
  lamports: bigint,
  blockhash: string,
  serial: number,
): Uint8Array {
  const message = Buffer.concat([
    Uint8Array.of(1, 0, 2, 4),
    faucet.publicKey,
    bytesOf(to),
    bytesOf(SYSTEM_PROGRAM),
    bytesOf(COMPUTE_BUDGET),
    bytesOf(blockhash),
    Uint8Array.of(2),
    Uint8Array.of(3, 0, 5, SET_UNIT_LIMIT),
    u32(FAUCET_UNITS + serial),
    Uint8Array.of(2, 2, 0, 1, 12),
    u32(TRANSFER),
    u64(lamports),
  ]);
  return Buffer.concat([Uint8Array.of(1), signWith(faucet, message), message]);
}
