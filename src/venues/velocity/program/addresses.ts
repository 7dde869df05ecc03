/** Addresses that follow from the program's. */
import { PublicKey } from '@solana/web3.js';
import { VELOCITY_PROGRAM_ID } from './accounts.ts';

const PROGRAM = new PublicKey(VELOCITY_PROGRAM_ID);

/** Numbers of Pyth Lazer's feeds. SOL as a deposit and SOL-PERP share one. */
export const PYTH_LAZER_FEEDS = { SOL: 6, USDT: 8 } as const;

const u16 = (value: number): Uint8Array => Uint8Array.of(value & 0xff, value >> 8);
const u32 = (value: number): Uint8Array => Uint8Array.of(...u16(value & 0xffff), ...u16(value >>> 16));
const key = (address: string): Uint8Array => new PublicKey(address).toBytes();

function derived(seed: string, ...more: readonly Uint8Array[]): string {
  return PublicKey.findProgramAddressSync([Buffer.from(seed), ...more], PROGRAM)[0].toBase58();
}

export const stateAddress = (): string => derived('drift_state');
/** Owner of the vaults. */
export const signerAddress = (): string => derived('velocity_signer');
export const perpMarketAddress = (index: number): string => derived('perp_market', u16(index));
export const spotMarketAddress = (index: number): string => derived('spot_market', u16(index));
export const vaultAddress = (index: number): string => derived('spot_market_vault', u16(index));
export const insuranceVaultAddress = (index: number): string => derived('insurance_fund_vault', u16(index));
export const userAddress = (authority: string, subAccount = 0): string =>
  derived('user', key(authority), u16(subAccount));
export const userStatsAddress = (authority: string): string => derived('user_stats', key(authority));
export const oracleAddress = (feed: number): string => derived('pyth_lazer', u32(feed));
