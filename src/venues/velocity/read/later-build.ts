/**
 * Accounts that are longer than in the build that the tests ran on. What is known of them by name is read; nothing that
 * enlarges or moves capital is sent, whatever ACCEPT_PROGRAM says, since the meaning of the rest is not known.
 */
import type { VenuePauses } from '../../../domain/account/snapshot.ts';
import type { DecodedAccounts } from '../../solana-perps/program-accounts.ts';
import { PERP_MARKET, SPOT_MARKET, STATE, USER_STATS } from '../program/accounts.ts';
import { USER } from '../program/user.ts';
import type { VelocityAccountTypes } from '../velocity-accounts.ts';

type ReadAccounts = Pick<
  DecodedAccounts<VelocityAccountTypes>,
  'state' | 'user' | 'userStats' | 'market' | 'base' | 'quote' | 'perps' | 'spot'
>;

interface Longer {
  readonly name: string;
  /** In the tested build. */
  readonly bytes: number;
  readonly extraBytes: number;
}

function longerOf({ state, user, userStats, market, base, quote, perps, spot }: ReadAccounts): readonly Longer[] {
  const most = (accounts: readonly ({ readonly extraBytes: number } | null)[]): number =>
    accounts.reduce((found, account) => Math.max(found, account?.extraBytes ?? 0), 0);
  return [
    { layout: STATE, extraBytes: most([state]) },
    { layout: USER, extraBytes: most([user]) },
    { layout: USER_STATS, extraBytes: most([userStats]) },
    { layout: PERP_MARKET, extraBytes: most([market, ...perps].map((read) => read.market)) },
    { layout: SPOT_MARKET, extraBytes: most([base, quote, ...spot].map((read) => read.market)) },
  ].flatMap(({ layout: { name, bytes }, extraBytes }) => (extraBytes > 0 ? [{ name, bytes, extraBytes }] : []));
}

/** What is refused because a later build wrote an account, beside what the program itself refuses. */
export function pausesUnderLayout(accounts: ReadAccounts, pauses: VenuePauses): VenuePauses {
  const longer = longerOf(accounts);
  if (longer.length === 0) return pauses;
  const sizes = longer.map(({ name, bytes, extraBytes }) => `${name} ${bytes + extraBytes} bytes instead of ${bytes}`);
  const sentence =
    `A later build of Velocity than the one that Driftless was tested on wrote these accounts (${sizes.join(', ')}). ` +
    'Reading works; deposits, withdrawals and what enlarges a position are refused, whatever ACCEPT_PROGRAM says.';
  const detail = pauses.detail === null ? sentence : `${sentence} ${pauses.detail}`;
  return { ...pauses, deposit: true, withdraw: true, increase: true, detail };
}
