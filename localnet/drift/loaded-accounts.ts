/** Drift's accounts as another chain had them, made to live here and now. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PublicKey } from '@solana/web3.js';
import { ValidationError } from '../../src/lib/errors.ts';
import { type AccountInput, parseAccount, parseAccountFile } from '../account-input.ts';
import { SOL_MINT } from '../perps/token-addresses.ts';
import { amountOf, tokenAccount } from '../perps/tokens.ts';
import {
  insuranceVaultAddress,
  perpMarketAddress,
  signerAddress,
  spotMarketAddress,
  stateAddress,
  USDC_MINT,
  vaultAddress,
} from './addresses.ts';
import { type AccountName, type AccountTypes, big, bn, decode, encode, variant } from './coder.ts';
import {
  type AccountMap,
  type MadeAt,
  madeAccounts,
  SOL_ORACLE,
  USDC_ORACLE,
  withFundingHistory,
} from './made-accounts.ts';
import { DRIFT_PROGRAM_ID } from './program.ts';

/** What must be there: the rest is made. */
export const NEEDED_ACCOUNTS: readonly (readonly [name: string, address: string])[] = [
  ['State', stateAddress()],
  ['SOL-PERP', perpMarketAddress(0)],
  ['USDC', spotMarketAddress(0)],
  ['SOL', spotMarketAddress(1)],
];

/**
 * Every file of the folder, as `solana account --output json` writes it.
 *
 * @throws ValidationError LOCALNET_ACCOUNT when one is none, or what Drift needs is not among them
 */
export function readDumps(folder: string): readonly AccountInput[] {
  const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.json')) : [];
  const inputs = files.map((name) => {
    try {
      return parseAccountFile(readFileSync(join(folder, name), 'utf8'));
    } catch (error) {
      throw new ValidationError('LOCALNET_ACCOUNT', `${name} in ${folder} is no account: ${String(error)}`);
    }
  });
  const missing = NEEDED_ACCOUNTS.filter(([, address]) => inputs.every((input) => input.address !== address));
  if (missing.length > 0) {
    const names = missing.map(([name, address]) => `${name} (${address})`).join(', ');
    throw new ValidationError('LOCALNET_ACCOUNT', `${folder} lacks accounts of Drift: ${names}.`);
  }
  return inputs;
}

/** USD at 1e6 that the accounts were at. */
export function dumpedPrice(inputs: readonly AccountInput[]): bigint {
  const input = inputs.find(({ address }) => address === perpMarketAddress(0));
  const market = decode('PerpMarket', Buffer.from(input?.data ?? '', 'base64'));
  return big(market.amm.historicalOracleData.lastOraclePrice);
}

/**
 * The markets of SOL and USDC keep their books and parameters; their oracles become the ones that move here, their times
 * become now (else months of interest would accrue at once), and vaults hold what they owe. Other accounts stay as they are.
 */
export async function loadedAccounts(inputs: readonly AccountInput[], at: MadeAt): Promise<AccountMap> {
  const accounts = await madeAccounts(at);
  for (const input of inputs) {
    const [address, account] = parseAccount(input);
    if (account !== null && address !== SOL_ORACLE && address !== USDC_ORACLE) accounts.set(address, account);
  }
  await change(accounts, 'PerpMarket', perpMarketAddress(0), (market) => freshPerp(market, at));
  for (const [index, address] of [spotMarketAddress(0), spotMarketAddress(1)].entries()) {
    await change(accounts, 'SpotMarket', address, (market) => freshSpot(market, index, at));
    fillVault(accounts, index, address);
  }
  return accounts;
}

async function change<N extends AccountName>(
  accounts: AccountMap,
  name: N,
  address: string,
  how: (account: AccountTypes[N]) => void,
): Promise<void> {
  const account = accounts.get(address);
  if (account === undefined || account.owner !== DRIFT_PROGRAM_ID)
    throw new ValidationError('LOCALNET_ACCOUNT', `${address} is no ${name} of Drift: ${account?.owner} owns it.`);
  const decoded = decode(name, account.data);
  how(decoded);
  // Bytes beyond the known layout stay as they are.
  const data = Buffer.from(account.data);
  data.set(await encode(name, decoded));
  accounts.set(address, { ...account, data });
}

function freshPerp(market: AccountTypes['PerpMarket'], at: MadeAt): void {
  const { solPrice, slot, time } = at;
  const { amm, insuranceClaim } = market;
  amm.oracle = new PublicKey(SOL_ORACLE);
  amm.oracleSource = variant('pythPull');
  const { historicalOracleData: oracle } = amm;
  oracle.lastOraclePriceTwapTs = bn(time);
  oracle.lastOraclePriceTwap = bn(solPrice);
  oracle.lastOraclePriceTwap5Min = bn(solPrice);
  for (const twap of ['lastBidPriceTwap', 'lastAskPriceTwap', 'lastMarkPriceTwap', 'lastMarkPriceTwap5Min'] as const)
    amm[twap] = bn(solPrice);
  amm.lastMarkPriceTwapTs = bn(time);
  amm.lastTradeTs = bn(time);
  amm.lastUpdateSlot = bn(slot);
  const period = amm.fundingPeriod.toNumber();
  amm.lastFundingRateTs = bn(time - (time % period));
  insuranceClaim.lastRevenueWithdrawTs = bn(time);
  if (at.fundingHourly !== null) withFundingHistory(market, at);
}

function freshSpot(market: AccountTypes['SpotMarket'], index: number, { solPrice, time }: MadeAt): void {
  const mint = index === 0 ? USDC_MINT : SOL_MINT;
  if (market.mint.toBase58() !== mint)
    throw new ValidationError('LOCALNET_ACCOUNT', `Spot market ${index} holds ${market.mint.toBase58()}, not ${mint}.`);
  market.oracle = new PublicKey(index === 0 ? USDC_ORACLE : SOL_ORACLE);
  market.oracleSource = variant(index === 0 ? 'pythStableCoinPull' : 'pythPull');
  const price = index === 0 ? 1_000_000n : solPrice;
  const { historicalOracleData: oracle, historicalIndexData: indexData, insuranceFund } = market;
  oracle.lastOraclePriceTwap = bn(price);
  oracle.lastOraclePriceTwap5Min = bn(price);
  oracle.lastOraclePriceTwapTs = bn(time);
  indexData.lastIndexPriceTwapTs = bn(time);
  insuranceFund.lastRevenueSettleTs = bn(time);
  market.lastInterestTs = bn(time);
  market.lastTwapTs = bn(time);
}

/** Deposits minus borrows, plus a tenth, because dumps may be from different moments. */
function fillVault(accounts: AccountMap, index: number, address: string): void {
  const market = decode('SpotMarket', accounts.get(address)?.data ?? new Uint8Array());
  const unit = 10n ** BigInt(19 - market.decimals);
  const deposits = (big(market.depositBalance) * big(market.cumulativeDepositInterest)) / unit;
  const borrows = (big(market.borrowBalance) * big(market.cumulativeBorrowInterest)) / unit;
  const owed = deposits - borrows;
  const vault = vaultAddress(index);
  const [signer] = signerAddress();
  const mint = market.mint.toBase58();
  if (amountOf(accounts.get(vault) ?? null) < owed) accounts.set(vault, tokenAccount(mint, signer, owed + owed / 10n));
  const insurance = insuranceVaultAddress(index);
  if (!accounts.has(insurance)) accounts.set(insurance, tokenAccount(mint, signer, 0n));
}
