/** Snapshots for tests of the rules: a healthy paper account by default, in whole SOL and dollars, any part replaced. */

import type { Account, PerpMarket, SpotMarket } from '../../src/domain/account/account.ts';
import { applyFill, emptyPosition } from '../../src/domain/account/position.ts';
import type { Snapshot } from '../../src/domain/account/snapshot.ts';
import type { DecisionContext } from '../../src/domain/engine/decide.ts';
import { DEFAULT_POLICY, decodePolicy, type Policy } from '../../src/domain/hedge/policy.ts';
import { parseAmount } from '../../src/domain/money/amounts.ts';
import { lamports, microUsd, type Price, price, valueAt } from '../../src/domain/money/units.ts';

export const HOUR_MS = 3_600_000;
export const NOW_MS = Date.UTC(2026, 0, 15, 12);
const INTEREST_ONE = 10_000_000_000n;

/** `sol('-1.5')`, `sol(10)`: exact. */
export function sol(amount: string | number) {
  const text = String(amount);
  const negative = text.startsWith('-');
  const digits = negative ? text.slice(1) : text;
  if (Number(digits) === 0) return lamports(0n);
  const parsed = parseAmount(digits, 9, 'sol');
  if (!parsed.ok) throw new Error(parsed.error.message);
  return lamports(negative ? -parsed.amount : parsed.amount);
}
export const usd = (dollars: number) => microUsd(BigInt(Math.round(dollars * 1e6)));
export const usdPrice = (dollars: number): Price => price(BigInt(Math.round(dollars * 1e6)));

export interface Scenario {
  /** Deposited SOL, negative: borrowed. */
  readonly sol?: string | number;
  readonly usdc?: number;
  /** Signed SOL. */
  readonly perp?: string | number;
  readonly entryUsd?: number;
  readonly oracleUsd?: number | null;
  /** Price of the quote asset. */
  readonly quoteUsd?: number | null;
  readonly markUsd?: number | null;
  readonly walletSol?: string | number;
  readonly walletUsdc?: number;
  /** Fraction per hour at 1e9; null unknown. */
  readonly lastRate?: bigint | null;
  readonly meanRate?: bigint | null;
  readonly account?: Partial<Account> | null;
  readonly perpMarket?: Partial<PerpMarket>;
  readonly solMarket?: Partial<SpotMarket>;
  readonly snapshot?: Partial<Snapshot>;
}

/** About 26 % a year: ample for the profit gate. */
export const AMPLE_RATE = 30_000n;

const oracleOf = (at: Price | null) => ({
  price: at,
  twap5Min: at,
  confidence: at === null ? null : price(1n),
  slot: 1_000,
  valid: at !== null,
  invalidReason: at === null ? 'no price' : null,
});

const spotMarket = (marketIndex: number, asset: string, decimals: number, at: Price | null): SpotMarket => ({
  marketIndex,
  asset,
  decimals,
  oracle: oracleOf(at),
  cumulativeDepositInterest: INTEREST_ONE,
  cumulativeBorrowInterest: INTEREST_ONE,
  initialAssetWeight: asset === 'USDC' ? 10_000 : 8_000,
  maintenanceAssetWeight: asset === 'USDC' ? 10_000 : 9_000,
  initialLiabilityWeight: asset === 'USDC' ? 10_000 : 12_000,
  maintenanceLiabilityWeight: asset === 'USDC' ? 10_000 : 11_000,
  imfFactor: 0,
  depositBalance: 0n,
  scaleInitialAssetWeightStart: microUsd(0n),
  depositRate: 50_000n,
  borrowRate: 100_000n,
});

const perpMarket = (oracle: Price | null, mark: Price | null): PerpMarket => ({
  marketIndex: 0,
  market: 'SOL-PERP',
  baseAsset: 'SOL',
  oracle: oracleOf(oracle),
  markPrice: mark,
  quoteSpotMarketIndex: 0,
  initialMarginRatio: 1_000,
  maintenanceMarginRatio: 500,
  highLeverageInitialMarginRatio: 0,
  highLeverageMaintenanceMarginRatio: 0,
  imfFactor: 0,
  unrealizedPnlImfFactor: 0,
  unrealizedPnlInitialAssetWeight: 10_000,
  unrealizedPnlMaintenanceAssetWeight: 10_000,
  unrealizedPnlMaxImbalance: microUsd(0n),
  netUserPnlImbalance: microUsd(0n),
  cumulativeFundingRateLong: 0n,
  cumulativeFundingRateShort: 0n,
  lastFundingRateTsMs: NOW_MS,
  fundingPeriodMs: HOUR_MS,
  stepSize: sol('0.001'),
  minimumSize: sol('0.005'),
  tickSize: price(100n),
  takerFee: 250n,
  liquidatorFee: 10_000n,
  status: 'active',
  expiryPrice: null,
});

/** 10 SOL and 500 USDC deposited, 5 SOL in the wallet, at 150 USD, no position: the paper account of the defaults. */
export function snapshotOf(scenario: Scenario = {}): Snapshot {
  const { sol: deposited = 10, usdc = 500, perp = 0, walletSol = 5, walletUsdc = 100 } = scenario;
  const at = scenario.oracleUsd === null ? null : usdPrice(scenario.oracleUsd ?? 150);
  const mark = scenario.markUsd === undefined ? at : scenario.markUsd === null ? null : usdPrice(scenario.markUsd);
  const base = sol(perp);
  const entry = usdPrice(scenario.entryUsd ?? scenario.oracleUsd ?? 150);
  const position = applyFill(emptyPosition(0, 0n), base, microUsd(-valueAt(base, entry)), microUsd(0n)).position;
  const solBalance = sol(deposited);
  const usdcBalance = usd(usdc);
  const balance = (marketIndex: number, scaled: bigint) => ({
    marketIndex,
    scaledBalance: scaled < 0n ? -scaled : scaled,
    kind: scaled < 0n ? ('borrow' as const) : ('deposit' as const),
    openOrders: 0,
    openBids: 0n,
    openAsks: 0n,
  });
  const account: Account = {
    subAccount: 0,
    status: 'active',
    maxMarginRatio: 0,
    highLeverageMode: false,
    spot: [balance(0, usdcBalance * 1_000n), balance(1, solBalance)],
    perps: base === 0n ? [] : [position],
    orders: [],
    ...scenario.account,
  };
  const lastRate = scenario.lastRate === undefined ? AMPLE_RATE : scenario.lastRate;
  return {
    engineId: 'engine:paper:synthetic:1:0',
    slot: 1_000,
    commitment: 'confirmed',
    takenAtMs: NOW_MS,
    marketTimeMs: NOW_MS,
    account: scenario.account === null ? null : account,
    markets: {
      spot: [
        spotMarket(0, 'USDC', 6, scenario.quoteUsd === null ? null : usdPrice(scenario.quoteUsd ?? 1)),
        { ...spotMarket(1, 'SOL', 9, at), ...scenario.solMarket },
      ],
      perps: [{ ...perpMarket(at, mark), ...scenario.perpMarket }],
    },
    wallet: { sol: sol(walletSol), quote: usd(walletUsdc) },
    funding: {
      periodMs: HOUR_MS,
      lastRate,
      lastPeriodTsMs: NOW_MS,
      trailingMeanRate: scenario.meanRate === undefined ? lastRate : scenario.meanRate,
      knownHours: 168,
      nextPeriodTsMs: NOW_MS + HOUR_MS,
      recentRates: lastRate === null ? [] : [{ tsMs: NOW_MS, rate: lastRate }],
    },
    pauses: { deposit: false, withdraw: false, increase: false, reduce: false, settle: false, detail: null },
    feed: { feed: 'synthetic:1', synthetic: true, ended: false, row: null, rows: null, speed: 1, warnings: [] },
    equity: 0n,
    equityIn: 'quote',
    equityBaseline: 0n,
    sources: null,
    accruedFunding: null,
    lastLiquidationMs: null,
    rpcLatencyMs: null,
    transactionCostLamports: lamports(5_000n),
    ...scenario.snapshot,
  };
}

export const paperPolicy = (change: Partial<Policy> = {}): Policy => ({ ...decodePolicy(DEFAULT_POLICY), ...change });
export const livePolicy = (change: Partial<Policy> = {}): Policy =>
  paperPolicy({ mode: 'live', maxLeverage: 5, ...change });

export const contextOf = (change: Partial<DecisionContext> = {}): DecisionContext => ({
  hedgeTargetPpm: 1_000_000,
  cooldownUntilMs: null,
  holds: [],
  engineRunning: true,
  busy: false,
  carryWarnedAtMs: null,
  ...change,
});

/** What gates judge of a plain command: a person sent it and has confirmed nothing. */
export const COMMANDED = { automatic: false, exposureConfirmed: false, hedgeTargetPpm: 1_000_000 };
