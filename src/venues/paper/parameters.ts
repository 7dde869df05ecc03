/** The paper market's parameters as data, so that parity tests can use Drift's own instead. */
import { type Lamports, lamports, type MicroUsd, microUsd, type Price, price } from '../../domain/money/units.ts';

/** What paper settles in; it stays at 1 USD. */
export const QUOTE_ASSET = 'USDC';
export const QUOTE_PRICE = price(1_000_000n);

export interface PaperParameters {
  /** 1e4 precision. */
  readonly initialMarginRatio: number;
  readonly maintenanceMarginRatio: number;
  readonly solInitialAssetWeight: number;
  readonly solMaintenanceAssetWeight: number;
  readonly solInitialLiabilityWeight: number;
  readonly solMaintenanceLiabilityWeight: number;
  readonly stepSize: Lamports;
  readonly minimumSize: Lamports;
  readonly tickSize: Price;
  /** Fractions at 1e6. */
  readonly takerFee: bigint;
  /** What every fill loses against the mark, parts per million. Absent: by its size, as the seed says. */
  readonly slippagePpm?: bigint;
  readonly perpLiquidatorFee: bigint;
  readonly spotLiquidatorFee: bigint;
  /** The cost of one landed transaction for the wallet, whether it succeeded or not. */
  readonly transactionCost: Lamports;
}

/**
 * The paper market's own margins, step and minimum; SOL's weights are Drift's. Taker fee: what tier 0 paid
 * on SOL-PERP (2.5 bps, seen on the real program); liquidator fee 1 % and gas 5,000 lamports as on mainnet.
 */
export const DEFAULT_PARAMETERS: PaperParameters = {
  initialMarginRatio: 1_000,
  maintenanceMarginRatio: 500,
  solInitialAssetWeight: 8_000,
  solMaintenanceAssetWeight: 9_000,
  solInitialLiabilityWeight: 12_000,
  solMaintenanceLiabilityWeight: 11_000,
  stepSize: lamports(1_000_000n),
  minimumSize: lamports(5_000_000n),
  tickSize: price(100n),
  takerFee: 250n,
  perpLiquidatorFee: 10_000n,
  spotLiquidatorFee: 10_000n,
  transactionCost: lamports(5_000n),
};

/** The holdings of a new account: PAPER_SOL and PAPER_USDC deposited, PAPER_WALLET_SOL in the wallet. */
export interface PaperDefaults {
  readonly sol: Lamports;
  readonly usdc: MicroUsd;
  readonly walletSol: Lamports;
}

export const DEFAULT_HOLDINGS: PaperDefaults = {
  sol: lamports(10_000_000_000n),
  usdc: microUsd(500_000_000n),
  walletSol: lamports(5_000_000_000n),
};
