import { PublicKey } from '@solana/web3.js';
import { DRIFT_PROGRAM_ID } from './program.ts';

const PROGRAM = new PublicKey(DRIFT_PROGRAM_ID);

/** Mainnet's USDC. */
export const USDC_MINT = 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v';

const u16 = (value: number): Buffer => {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
};
const derived = (...seeds: (string | Buffer)[]): [address: string, bump: number] => {
  const [address, bump] = PublicKey.findProgramAddressSync(
    seeds.map((seed) => (typeof seed === 'string' ? Buffer.from(seed) : seed)),
    PROGRAM,
  );
  return [address.toBase58(), bump];
};

export const stateAddress = (): string => derived('drift_state')[0];
/** Owner of the vaults. */
export const signerAddress = (): [address: string, nonce: number] => derived('drift_signer');
export const perpMarketAddress = (index: number): string => derived('perp_market', u16(index))[0];
export const spotMarketAddress = (index: number): string => derived('spot_market', u16(index))[0];
export const vaultAddress = (index: number): string => derived('spot_market_vault', u16(index))[0];
export const insuranceVaultAddress = (index: number): string => derived('insurance_fund_vault', u16(index))[0];

const bytesOf = (address: string): Buffer => new PublicKey(address).toBuffer();
export const userAddress = (authority: string, subAccount = 0): string =>
  derived('user', bytesOf(authority), u16(subAccount))[0];
export const userStatsAddress = (authority: string): string => derived('user_stats', bytesOf(authority))[0];
