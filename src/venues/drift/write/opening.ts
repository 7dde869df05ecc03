/** The first deposit opens the account: its instructions, and its one-time cost. */
import { SYSVAR_RENT_PUBKEY, SystemProgram, type TransactionInstruction } from '@solana/web3.js';
import { max } from '../../../domain/money/units.ts';
import type { PerpsAddresses } from '../../solana-perps/addresses.ts';
import { rentOf } from '../../solana-perps/write/token-accounts.ts';
import { type DriftExchange, USER, USER_STATS } from '../account-layouts.ts';
import type { DriftRead } from '../drift-accounts.ts';
import { driftInstruction } from './instructions.ts';

/** How long a name is. */
const NAME_BYTES = 32;
const ONE_SOL = 1_000_000_000n;
/** The fee applies from 80 % of the accounts that the program has room for. */
const PERCENTAGE_ONE = 1_000_000n;
const FREE_UTILIZATION = 800_000n;
/** Above 5, `maxSubAccounts` counts hundreds. */
const UNSCALED_ACCOUNTS = 5;
const ACCOUNTS_SCALE = 100n;

/** Kept in the new account, and given back with its rent when it is deleted. Program: `State::get_init_user_fee`. */
export function openingFee(state: Pick<DriftExchange, 'maxSubAccounts' | 'subAccounts' | 'maxOpeningFee'>): bigint {
  const room = BigInt(state.maxSubAccounts) * (state.maxSubAccounts > UNSCALED_ACCOUNTS ? ACCOUNTS_SCALE : 1n);
  // Counted with one more account: another may be opened first, and the estimate should not be too low.
  const utilization = ((state.subAccounts + 1n) * PERCENTAGE_ONE) / max(1n, room);
  if (utilization <= FREE_UTILIZATION) return 0n;
  const most = (BigInt(state.maxOpeningFee) * ONE_SOL) / 100n;
  return (most * (utilization - FREE_UTILIZATION)) / (PERCENTAGE_ONE - FREE_UTILIZATION);
}

/** Lamports that the first deposit pays to open the account; 0 once it exists. */
export function openingCost({ user, userStats, state }: Pick<DriftRead, 'user' | 'userStats' | 'state'>): bigint {
  if (user !== null) return 0n;
  return rentOf(USER.bytes) + (userStats === null ? rentOf(USER_STATS.bytes) : 0n) + openingFee(state);
}

const nameOf = (subAccount: number): number[] => {
  const name = subAccount === 0 ? 'Main Account' : `Subaccount ${subAccount + 1}`;
  return [...Buffer.from(name.padEnd(NAME_BYTES))];
};

/** Empty once the account exists. The SDK's combined call fails on v2.84 (101: it sends a newer instruction first). */
export function openingInstructions(read: DriftRead, deployment: PerpsAddresses): readonly TransactionInstruction[] {
  if (read.user !== null) return [];
  const { programId, authority, subAccount, state, user, userStats } = deployment;
  const accounts = {
    state,
    user,
    userStats,
    authority,
    payer: authority,
    rent: SYSVAR_RENT_PUBKEY,
    systemProgram: SystemProgram.programId,
  };
  const initialize = driftInstruction({
    programId,
    accounts,
    name: 'initializeUser',
    args: { subAccountId: subAccount, name: nameOf(subAccount) },
  });
  if (read.userStats !== null) return [initialize];
  return [driftInstruction({ programId, accounts, name: 'initializeUserStats', args: {} }), initialize];
}
