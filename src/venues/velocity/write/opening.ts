/** The first deposit opens the account: its instructions, and its one-time cost. */
import { max } from '../../../domain/money/units.ts';
import type { ProgramInstruction } from '../../solana-perps/instruction-layout.ts';
import { rentOf } from '../../solana-perps/write/token-accounts.ts';
import { USER_STATS } from '../program/accounts.ts';
import { velocityInstruction } from '../program/instructions.ts';
import { USER } from '../program/user.ts';
import type { VelocityOwner, VelocityRead } from './read.ts';

const NAME_BYTES = 32;
const ONE_SOL = 1_000_000_000n;
/** The fee applies from 80 % of the accounts that the program has room for. */
const PERCENTAGE_ONE = 1_000_000n;
const FREE_UTILIZATION = 800_000n;
/** Above 5, `maxSubAccounts` counts hundreds. */
const UNSCALED_ACCOUNTS = 5;
const ACCOUNTS_SCALE = 100n;

/** Kept in the new account, and given back with its rent when it is deleted. */
export function openingFee({
  subAccounts,
  maxSubAccounts,
  maxOpeningFee,
}: Pick<VelocityRead['state'], 'subAccounts' | 'maxSubAccounts' | 'maxOpeningFee'>): bigint {
  const room = BigInt(maxSubAccounts) * (maxSubAccounts > UNSCALED_ACCOUNTS ? ACCOUNTS_SCALE : 1n);
  // The new account counts, and another may be opened first: the estimate should not be too low.
  const utilization = ((subAccounts + 2n) * PERCENTAGE_ONE) / max(1n, room);
  if (utilization <= FREE_UTILIZATION) return 0n;
  const most = (BigInt(maxOpeningFee) * ONE_SOL) / 100n;
  return (most * (utilization - FREE_UTILIZATION)) / (PERCENTAGE_ONE - FREE_UTILIZATION);
}

/** Lamports that the first deposit pays to open the account; 0 once it exists. */
export function openingCost({ user, userStats, state }: Pick<VelocityRead, 'user' | 'userStats' | 'state'>): bigint {
  if (user !== null) return 0n;
  return rentOf(USER.bytes) + (userStats === null ? rentOf(USER_STATS.bytes) : 0n) + openingFee(state);
}

const nameOf = (subAccount: number): Uint8Array =>
  Buffer.from((subAccount === 0 ? 'Main Account' : `Subaccount ${subAccount + 1}`).padEnd(NAME_BYTES));

/** Empty once the account exists. */
export function openingInstructions(read: VelocityRead, owner: VelocityOwner): readonly ProgramInstruction[] {
  if (read.user !== null) return [];
  const authority = owner.authority.toBase58();
  const accounts = {
    user: owner.user.toBase58(),
    userStats: owner.userStats.toBase58(),
    authority,
    payer: authority,
  };
  const { subAccount } = owner;
  return [
    ...(read.userStats === null ? [velocityInstruction('initializeUserStats', accounts, {})] : []),
    velocityInstruction('initializeUser', accounts, { subAccount, name: nameOf(subAccount) }),
  ];
}
