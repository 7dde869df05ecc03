/** Velocity's accounts as another chain had them, made to live here and now. */
import { ValidationError } from '../../src/lib/errors.ts';
import { type AccountLayout, decodeAccount, withFields } from '../../src/venues/solana-perps/account-layout.ts';
import { PYTH_LAZER_ORACLE } from '../../src/venues/solana-perps/oracle-accounts.ts';
import type { AnyScalar } from '../../src/venues/solana-perps/wire-types.ts';
import { PERP_MARKET, SPOT_MARKET, STATE, VELOCITY_PROGRAM_ID } from '../../src/venues/velocity/program/accounts.ts';
import {
  insuranceVaultAddress,
  perpMarketAddress,
  signerAddress,
  spotMarketAddress,
  stateAddress,
  vaultAddress,
} from '../../src/venues/velocity/program/addresses.ts';
import { type ChainAccount, RENT_EXEMPT_EPOCH, rentOf } from '../account.ts';
import type { PostedPrice } from '../perps/oracles.ts';
import { SOL_MINT } from '../perps/token-addresses.ts';
import { mintAccount, tokenAccount } from '../perps/tokens.ts';
import { SOL_ORACLE, USDT_MINT, USDT_ORACLE } from './markets.ts';
import type { VelocityFiles } from './program.ts';

const USDT_SUPPLY = 1_000_000_000_000_000n;
const E8_PER_E6 = 100n;
const MICROS = 1_000_000n;

interface LoadedAt {
  readonly slot: number;
  /** Block time, seconds. */
  readonly time: number;
  /** Who may change parameters from now on. */
  readonly admin: string;
}

const owned = (data: Uint8Array): ChainAccount => ({
  lamports: rentOf(data.length),
  data,
  owner: VELOCITY_PROGRAM_ID,
  executable: false,
  rentEpoch: RENT_EXEMPT_EPOCH,
});
const changed = (layout: AccountLayout, data: Uint8Array, fields: Readonly<Record<string, AnyScalar>>): ChainAccount =>
  owned(withFields(layout, data, fields));

/**
 * Books and parameters stay as they were; times become now, else months of interest and averages would pass at once. The
 * admin becomes ours, and markets that the dumps lack are not counted.
 *
 * @throws ValidationError LOCALNET_ACCOUNT for markets of other tokens or oracles than this chain has
 */
export function loadedAccounts({ dumps }: VelocityFiles, at: LoadedAt): ReadonlyMap<string, ChainAccount> {
  const now = BigInt(at.time);
  const slot = BigInt(at.slot);
  const admins = { coldAdmin: at.admin, warmAdmin: at.admin, pauseAdmin: at.admin };
  const { baseMarket } = dumps;
  const period = decodeAccount(PERP_MARKET, dumps.perpMarket).fundingPeriod;
  return new Map([
    [
      stateAddress(),
      changed(STATE, dumps.state, { ...admins, perpMarkets: 1, spotMarkets: baseMarket === undefined ? 1 : 2 }),
    ],
    [
      perpMarketAddress(0),
      changed(PERP_MARKET, dumps.perpMarket, {
        lastFundingTs: now - (now % period),
        markTwapTs: now,
        oracleTwapTs: now,
        lastTradeTs: now,
        ammUpdateSlot: slot,
        // The market makers' own price is of another chain: the exchange's oracle counts.
        marketMakerOracleSlot: 0n,
      }),
    ],
    [USDT_MINT, mintAccount(6, USDT_SUPPLY, at.admin)],
    [SOL_MINT, mintAccount(9, 0n, null)],
    ...spotAccounts(0, dumps.quoteMarket, { mint: USDT_MINT, oracle: USDT_ORACLE }, now),
    ...(baseMarket === undefined ? [] : spotAccounts(1, baseMarket, { mint: SOL_MINT, oracle: SOL_ORACLE }, now)),
  ]);
}

/** A spot market that lives from now on, and its vaults. */
function spotAccounts(
  index: number,
  dump: Uint8Array,
  here: { readonly mint: string; readonly oracle: string },
  now: bigint,
): readonly (readonly [string, ChainAccount])[] {
  const { mint, oracle } = decodeAccount(SPOT_MARKET, dump);
  if (mint !== here.mint || oracle !== here.oracle)
    throw new ValidationError(
      'LOCALNET_ACCOUNT',
      `Spot market ${index} holds ${mint} by the oracle ${oracle}, not ${here.mint} by ${here.oracle}.`,
    );
  const times = { revenueSettleTs: now, oracleTwapTs: now, lastInterestTs: now, lastTwapTs: now };
  return [
    [spotMarketAddress(index), changed(SPOT_MARKET, dump, times)],
    [vaultAddress(index), tokenAccount(mint, signerAddress(), owedBy(dump))],
    [insuranceVaultAddress(index), tokenAccount(mint, signerAddress(), 0n)],
  ];
}

/** What the vault holds: deposits less debts, and a tenth, since the other pools live in it too. */
function owedBy(data: Uint8Array): bigint {
  const market = decodeAccount(SPOT_MARKET, data);
  const unit = 10n ** BigInt(19 - market.decimals);
  const deposits = (market.depositsScaled * market.depositIndex) / unit;
  const debts = (market.borrowsScaled * market.borrowIndex) / unit;
  return ((deposits - debts) * 11n) / 10n;
}

/** USD that the dumps were at. */
export function dumpedPrice(oracle: Uint8Array): number {
  const { price, exponent } = decodeAccount(PYTH_LAZER_ORACLE, oracle);
  return Number(`${price}e${exponent}`);
}

/** @param dump an oracle of mainnet: what stands here beside the price comes from it */
export const lazerAccount =
  (dump: Uint8Array) =>
  ({ price, confidence, postedSlot, publishTime }: PostedPrice): ChainAccount =>
    changed(PYTH_LAZER_ORACLE, dump, {
      price: price * E8_PER_E6,
      confidence: confidence * E8_PER_E6,
      exponent: -8,
      publishedAtMicros: BigInt(publishTime) * MICROS,
      postedSlot: BigInt(postedSlot),
    });

/** USDT at 1e6 that a market takes before its cap of deposits. */
export function depositRoom(data: Uint8Array): bigint {
  const { depositsScaled, depositIndex, decimals, maxDeposits } = decodeAccount(SPOT_MARKET, data);
  const room = maxDeposits - (depositsScaled * depositIndex) / 10n ** BigInt(19 - decimals);
  return room > 0n ? room : 0n;
}
