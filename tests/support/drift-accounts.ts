/**
 * Drift accounts for tests: real ones where the recording is at hand, made ones everywhere, both as bytes of the SDK's
 * coder; and the SDK's own `User` on them, without a network.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import {
  BN,
  CustomBorshCoder,
  calculateLiabilityWeight,
  type DriftClient,
  getOracleClient,
  type MarginCategory,
  type OraclePriceData,
  type OracleSource,
  type PerpMarketAccount,
  type SpotMarketAccount,
  type StateAccount,
  User,
  type UserAccount,
  ZERO,
} from '@drift-labs/sdk';
import { Connection, PublicKey } from '@solana/web3.js';
import { hasRecording, RECORDING } from '../../localnet/tests/support/recording.ts';
import type { Markets } from '../../src/domain/account/account.ts';
import { decodeDriftAccount } from '../../src/venues/drift/account-decoder.ts';
import { decodeMarkets } from '../../src/venues/drift/decode.ts';
import type { DriftAccountTypes } from '../../src/venues/drift/drift-accounts.ts';
import { accountDiscriminator } from '../../src/venues/solana-perps/discriminator.ts';
import type { OracleReading } from '../../src/venues/solana-perps/oracle-accounts.ts';

const DRIFT_PROGRAM = 'dRiftyHA39MWEi3m9aunc5MzRF1JYuBsbn6VPcn33UH';
const UNREACHABLE = 'http://127.0.0.1:1';
const WEIGHT_ONE = new BN(10_000);
/** Profits are at 1e6, sizes at 1e9. */
const QUOTE_TO_SIZE = 1_000;

interface Idl {
  readonly accounts: readonly { readonly name: string }[];
}
const idl = createRequire(import.meta.url)('@drift-labs/sdk/src/idl/drift.json') as Idl;
const coder = new CustomBorshCoder(idl as never);

export interface AccountTypes {
  readonly User: UserAccount;
  readonly PerpMarket: PerpMarketAccount;
  readonly SpotMarket: SpotMarketAccount;
  readonly State: StateAccount;
}
export type AccountName = keyof AccountTypes;

export const decodeBytes = <N extends AccountName>(name: N, bytes: Buffer): AccountTypes[N] =>
  coder.accounts.decodeUnchecked(name, bytes);

/** What the chain would hold of this account. */
export const encodeBytes = <N extends AccountName>(name: N, account: AccountTypes[N]): Promise<Buffer> =>
  coder.accounts.encode(name, account);

export const throughBytes = async <N extends AccountName>(
  name: N,
  account: AccountTypes[N],
): Promise<AccountTypes[N]> => decodeBytes(name, await encodeBytes(name, account));

interface AccountLayouts {
  readonly baseCoder: {
    readonly accountLayouts: ReadonlyMap<string, { encode(account: unknown, into: Buffer): number }>;
  };
}

/** By name: how the SDK lays the account out, and its length. */
const layouts = new Map(
  idl.accounts.map((entry) => [
    entry.name,
    {
      layout: (coder.accounts as unknown as AccountLayouts).baseCoder.accountLayouts.get(entry.name),
      bytes: coder.accounts.size(entry as never),
      discriminator: accountDiscriminator(entry.name),
    },
  ]),
);

/** An account of the SDK's, through its bytes and our tables. */
export function ours<N extends AccountName>(name: N, account: AccountTypes[N]): DriftAccountTypes[N] {
  const known = layouts.get(name);
  if (known?.layout === undefined) throw new Error(`no account ${name} in the IDL`);
  const fields = Buffer.alloc(known.bytes);
  const length = known.layout.encode(account, fields);
  return decodeDriftAccount(name, Buffer.concat([known.discriminator, fields.subarray(0, length)]));
}

/** An oracle's reading of the SDK's in our form. */
export const readingOf = (oracle: OraclePriceData): OracleReading => ({
  price: BigInt(oracle.price.toString()),
  confidence: BigInt(oracle.confidence.toString()),
  postedSlot: BigInt(oracle.slot.toString()),
  enoughQuotes: oracle.hasSufficientNumberOfDataPoints,
  sequence: oracle.sequenceId === undefined ? null : BigInt(oracle.sequenceId.toString()),
});

/** An account of zero bytes. */
export function blank<N extends AccountName>(name: N): AccountTypes[N] {
  const entry = idl.accounts.find((account) => account.name === name);
  if (entry === undefined) throw new Error(`no account ${name} in the IDL`);
  return decodeBytes(name, Buffer.alloc(coder.accounts.size(entry as never)));
}

export const bn = (value: bigint | number): BN => new BN(value.toString());
export const nameBytes = (name: string): number[] => [...Buffer.from(name.padEnd(32))];
export const key = (seed: number): PublicKey => new PublicKey(Buffer.alloc(32, seed));
/** The SDK types an Anchor enum by class, and reads it by its one key. */
export const variantOf = <T>(name: string): T => ({ [name]: {} }) as T;

export interface Chain {
  readonly state: StateAccount;
  readonly spot: readonly SpotMarketAccount[];
  readonly perps: readonly PerpMarketAccount[];
  /** By `oracleKey`. */
  readonly oracles: ReadonlyMap<string, OraclePriceData>;
  readonly slot: number;
  readonly nowSeconds: number;
}

export const oracleKey = (oracle: PublicKey, source: OracleSource): string =>
  `${oracle.toBase58()}:${Object.keys(source)[0]}`;
export const spotOracleKey = (market: SpotMarketAccount): string => oracleKey(market.oracle, market.oracleSource);
export const perpOracleKey = (market: PerpMarketAccount): string =>
  oracleKey(market.amm.oracle, market.amm.oracleSource);

interface RecordedAccount {
  readonly pubkey: string;
  readonly account: { readonly data: readonly [string, string]; readonly owner: string };
}

const SIZES: Readonly<Record<number, AccountName>> = { 776: 'SpotMarket', 992: 'State', 1216: 'PerpMarket' };

const recordedFiles = (): readonly RecordedAccount[] =>
  readdirSync(RECORDING).map((file): RecordedAccount => JSON.parse(readFileSync(RECORDING + file, 'utf8')));

const bytesOf = (recorded: RecordedAccount): Buffer => Buffer.from(recorded.account.data[0], 'base64');

/** Drift's own accounts of the recording, as bytes. */
export const recordedAccounts = (): readonly { readonly name: AccountName; readonly data: Buffer }[] =>
  recordedFiles()
    .filter((each) => each.account.owner === DRIFT_PROGRAM)
    .flatMap((each) => {
      const data = bytesOf(each);
      const name = SIZES[data.length];
      return name === undefined ? [] : [{ name, data }];
    });

/** State, SOL-PERP, USDC and SOL of mainnet in September 2024, with their oracles. Null when not at hand. */
export function recordedChain(): Chain | null {
  if (!hasRecording()) return null;
  const accounts = recordedFiles();
  const ofType = <N extends AccountName>(name: N): AccountTypes[N][] =>
    accounts
      .filter((each) => each.account.owner === DRIFT_PROGRAM && SIZES[bytesOf(each).length] === name)
      .map((each) => decodeBytes(name, bytesOf(each)));
  const state = ofType('State')[0];
  if (state === undefined) throw new Error('the recording holds no State');
  const spot = ofType('SpotMarket').sort((a, b) => a.marketIndex - b.marketIndex);
  const perps = ofType('PerpMarket');

  const connection = new Connection(UNREACHABLE);
  const read = (oracle: PublicKey, source: OracleSource): OraclePriceData => {
    const recorded = accounts.find((each) => each.pubkey === oracle.toBase58());
    if (recorded === undefined) throw new Error(`the recording holds no oracle ${oracle.toBase58()}`);
    return getOracleClient(source, connection, undefined as never).getOraclePriceDataFromBuffer(bytesOf(recorded));
  };
  const oracles = new Map<string, OraclePriceData>();
  for (const market of spot) oracles.set(spotOracleKey(market), read(market.oracle, market.oracleSource));
  for (const market of perps) oracles.set(perpOracleKey(market), read(market.amm.oracle, market.amm.oracleSource));
  const slot = Math.max(...[...oracles.values()].map((oracle) => oracle.slot.toNumber()));
  const nowSeconds = Math.max(...spot.map((market) => market.historicalOracleData.lastOraclePriceTwapTs.toNumber()));
  return { state, spot, perps, oracles, slot, nowSeconds };
}

/**
 * The SDK's `User` on the chain's accounts, reading memory only. Here it values as the program does, which it does not by
 * itself: what is owed is rounded up, the quote asset has no weight, PnL counts at the exchange's oracle, five-minute means
 * are those last written, and a profit's size is counted at the precision of sizes.
 */
export function sdkUser(chain: Chain, account: UserAccount): User {
  const found = <T>(value: T | undefined, what: string): T => {
    if (value === undefined) throw new Error(`the chain holds no ${what}`);
    return value;
  };
  const spotMarket = (index: number) =>
    found(
      chain.spot.find((market) => market.marketIndex === index),
      `spot market ${index}`,
    );
  const perpMarket = (index: number) =>
    found(
      chain.perps.find((market) => market.marketIndex === index),
      `perp market ${index}`,
    );
  const oracle = (name: string) => found(chain.oracles.get(name), `oracle ${name}`);
  const perpOracle = (index: number) => oracle(perpOracleKey(perpMarket(index)));
  const client = {
    getSpotMarketAccount: spotMarket,
    getSpotMarketAccounts: () => [...chain.spot],
    getPerpMarketAccount: perpMarket,
    getPerpMarketAccounts: () => [...chain.perps],
    getOracleDataForSpotMarket: (index: number) => oracle(spotOracleKey(spotMarket(index))),
    getOracleDataForPerpMarket: perpOracle,
    getMMOracleDataForPerpMarket: perpOracle,
    getStateAccount: () => chain.state,
    accountSubscriber: { getStateAccountAndSlot: () => ({ data: chain.state, slot: chain.slot }) },
  };
  const user = new User({
    driftClient: client as unknown as DriftClient,
    userAccountPublicKey: key(9),
    accountSubscription: {
      type: 'custom',
      userAccountSubscriber: { getUserAccountAndSlot: () => ({ data: account, slot: chain.slot }) } as never,
    },
  });
  user.getSpotLiabilityValue = (tokens, price, market, category, buffer) =>
    roundedUp(tokens, price.max(), market.decimals)
      .mul(market.marketIndex === 0 ? WEIGHT_ONE : debtWeight(account, market, tokens, category).add(buffer ?? ZERO))
      .div(WEIGHT_ONE);
  const weighted = user.getSpotAssetValue.bind(user);
  user.getSpotAssetValue = (tokens, price, market, category) =>
    weighted(tokens, price, market, market.marketIndex === 0 ? undefined : category);
  return user;
}

function debtWeight(account: UserAccount, market: SpotMarketAccount, tokens: BN, category?: MarginCategory): BN {
  if (category === undefined) return WEIGHT_ONE;
  const weight = calculateLiabilityWeight(tokens, market, category);
  return category === 'Initial' ? BN.max(weight, WEIGHT_ONE.addn(account.maxMarginRatio)) : weight;
}

/** Value of tokens, a debt's to the next micro-USD. */
function roundedUp(tokens: BN, price: BN, decimals: number): BN {
  const unit = new BN(10).pow(new BN(decimals));
  const exact = tokens.mul(price);
  return exact.isNeg() ? exact.sub(unit.subn(1)).div(unit) : exact.div(unit);
}

interface SpotMaths {
  getStrictTokenValue: (tokens: BN, decimals: number, price: { min(): BN; max(): BN }) => BN;
  getTokenValue: (tokens: BN, decimals: number, oracle: Pick<OraclePriceData, 'price'>) => BN;
}
/** The SDK's own module, by which `User` calls these two. */
const spotMaths = createRequire(import.meta.url)('@drift-labs/sdk/lib/node/math/spotBalance.js') as SpotMaths;
spotMaths.getStrictTokenValue = (tokens, decimals, price) =>
  roundedUp(tokens, tokens.isNeg() ? price.max() : price.min(), decimals);
spotMaths.getTokenValue = (tokens, decimals, { price }) => roundedUp(tokens, price, decimals);

interface OracleMaths {
  calculateLiveOracleTwap: (history: { readonly lastOraclePriceTwap5Min: BN }) => BN;
}
/** `User` asks for five-minute means only. */
const oracleMaths = createRequire(import.meta.url)('@drift-labs/sdk/lib/node/math/oracles.js') as OracleMaths;
oracleMaths.calculateLiveOracleTwap = ({ lastOraclePriceTwap5Min }) => lastOraclePriceTwap5Min;

interface MarketMaths {
  calculateUnrealizedAssetWeight: (
    market: PerpMarketAccount,
    quote: SpotMarketAccount,
    pnl: BN,
    category: MarginCategory,
    oracle: OraclePriceData,
  ) => BN;
}
const marketMaths = createRequire(import.meta.url)('@drift-labs/sdk/lib/node/math/market.js') as MarketMaths;
const unrealizedAssetWeight = marketMaths.calculateUnrealizedAssetWeight;
marketMaths.calculateUnrealizedAssetWeight = (market, quote, pnl, ...rest) =>
  unrealizedAssetWeight(market, quote, pnl.muln(QUOTE_TO_SIZE), ...rest);

/** The same chain through our decoder. */
export function marketsOf(chain: Chain): Markets {
  const reading = (name: string): OracleReading | null => {
    const oracle = chain.oracles.get(name);
    return oracle === undefined ? null : readingOf(oracle);
  };
  return decodeMarkets({
    state: ours('State', chain.state),
    spot: chain.spot.map((market) => ({ market: ours('SpotMarket', market), oracle: reading(spotOracleKey(market)) })),
    perps: chain.perps.map((market) => ({
      market: ours('PerpMarket', market),
      oracle: reading(perpOracleKey(market)),
    })),
    slot: chain.slot,
    nowMs: chain.nowSeconds * 1000,
    feeTier: 0,
  });
}
