/** Instructions of the exchange's admin, for what the dumps lack: the spot market of SOL. */
import {
  encodeInstruction,
  type InstructionLayout,
  type ProgramInstruction,
} from '../../src/venues/solana-perps/instruction-layout.ts';
import { VELOCITY_PROGRAM_ID } from '../../src/venues/velocity/program/accounts.ts';
import {
  insuranceVaultAddress,
  signerAddress,
  spotMarketAddress,
  stateAddress,
  vaultAddress,
} from '../../src/venues/velocity/program/addresses.ts';
import { SYSTEM_PROGRAM } from '../account.ts';
import { SOL_MINT } from '../perps/token-addresses.ts';
import { TOKEN_PROGRAM } from '../token.ts';
import { SOL_ORACLE } from './markets.ts';

const RENT_SYSVAR = 'SysvarRent111111111111111111111111111111111';
const SOL_MARKET = 1;
const NAME_BYTES = 32;
const SOL_ONE = 1_000_000_000n;

const INITIALIZE = {
  name: 'initialize_spot_market',
  accounts: {
    spotMarket: 'write',
    mint: 'read',
    vault: 'write',
    insuranceVault: 'write',
    signer: 'read',
    state: 'write',
    oracle: 'read',
    admin: 'pay',
    rent: 'read',
    systemProgram: 'read',
    tokenProgram: 'read',
  },
  args: {
    optimalUtilization: 'u32',
    optimalBorrowRate: 'u32',
    maxBorrowRate: 'u32',
    oracleSource: 'u8',
    assetWeightInitial: 'u32',
    assetWeightMaintenance: 'u32',
    debtWeightInitial: 'u32',
    debtWeightMaintenance: 'u32',
    imfFactor: 'u32',
    liquidatorFee: 'u32',
    insuranceLiquidationFee: 'u32',
    isActive: 'bool',
    tier: 'u8',
    scaleInitialWeightStart: 'u64',
    withdrawGuard: 'u64',
    tickSize: 'u64',
    stepSize: 'u64',
    insuranceFeeFactor: 'u32',
    name: { raw: NAME_BYTES },
  },
} as const satisfies InstructionLayout;

const UPDATE_ACCOUNTS = { admin: 'sign', state: 'read', spotMarket: 'write' } as const;
const MAX_DEPOSITS = {
  name: 'update_spot_market_max_token_deposits',
  accounts: UPDATE_ACCOUNTS,
  args: { maxDeposits: 'u64' },
} as const satisfies InstructionLayout;
const BORROW_RATE = {
  name: 'update_spot_market_borrow_rate',
  accounts: UPDATE_ACCOUNTS,
  args: {
    optimalUtilization: 'u32',
    optimalBorrowRate: 'u32',
    maxBorrowRate: 'u32',
    minBorrowRate: { option: 'u8' },
  },
} as const satisfies InstructionLayout;

/** The curve of mainnet's market. */
const CURVE = { optimalUtilization: 800_000, optimalBorrowRate: 100_000, maxBorrowRate: 1_500_000 } as const;

/** Makes spot market 1 with mainnet's parameters. The State must hold `admin` as its admins, and one spot market. */
export function makeSolMarket(admin: string): readonly ProgramInstruction[] {
  const spotMarket = spotMarketAddress(SOL_MARKET);
  const update = { admin, state: stateAddress(), spotMarket };
  return [
    encodeInstruction(
      VELOCITY_PROGRAM_ID,
      INITIALIZE,
      {
        spotMarket,
        mint: SOL_MINT,
        vault: vaultAddress(SOL_MARKET),
        insuranceVault: insuranceVaultAddress(SOL_MARKET),
        signer: signerAddress(),
        state: stateAddress(),
        oracle: SOL_ORACLE,
        admin,
        rent: RENT_SYSVAR,
        systemProgram: SYSTEM_PROGRAM,
        tokenProgram: TOKEN_PROGRAM,
      },
      {
        ...CURVE,
        oracleSource: 12,
        assetWeightInitial: 8_000,
        assetWeightMaintenance: 9_000,
        debtWeightInitial: 11_500,
        debtWeightMaintenance: 11_000,
        imfFactor: 1_250,
        liquidatorFee: 7_500,
        insuranceLiquidationFee: 22_500,
        isActive: true,
        tier: 0,
        scaleInitialWeightStart: 1_800_000_000_000n,
        withdrawGuard: 117n * SOL_ONE,
        tickSize: 1_000n,
        stepSize: 100_000n,
        insuranceFeeFactor: 100_000,
        name: Buffer.from('SOL'.padEnd(NAME_BYTES)),
      },
    ),
    encodeInstruction(VELOCITY_PROGRAM_ID, MAX_DEPOSITS, update, { maxDeposits: 33_088n * SOL_ONE }),
    encodeInstruction(VELOCITY_PROGRAM_ID, BORROW_RATE, update, { ...CURVE, minBorrowRate: 1 }),
  ];
}
