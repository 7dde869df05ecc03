/** There is no account as configured: is it not opened yet, or can there never be one? Each answer with what to set. */
import { CriticalError } from '../../lib/errors.ts';
import type { PerpsDeployment } from './deployment.ts';
import type { PerpsRead } from './read/perps-read.ts';

type ReadWithoutUser = Pick<PerpsRead, 'nextSubAccount'> & { readonly wallet: Pick<PerpsRead['wallet'], 'heldBy'> };

const ELSEWHERE = 'If the account is on another venue, set LIVE_VENUE.';

/**
 * Returns where the first deposit may open the account.
 * @throws CriticalError USER_NOT_INITIALISED, BAD_SUB_ACCOUNT
 */
export function refuseMissingUser(
  { nextSubAccount: next, wallet: { heldBy } }: ReadWithoutUser,
  { subAccount, authority: key, program }: Pick<PerpsDeployment, 'subAccount' | 'authority' | 'program'>,
  mayDeposit: boolean,
): void {
  const authority = key.toBase58();
  if (heldBy !== undefined) {
    const owner = heldBy.authority === null ? 'the wallet that owns it' : `its owner, ${heldBy.authority}`;
    throw new CriticalError(
      'USER_NOT_INITIALISED',
      `AUTHORITY ${authority} is no wallet: it is an account of the program ${heldBy.program}. Set AUTHORITY to ${owner}, ` +
        'and LIVE_VENUE to the venue of that program.',
      { authority, program: heldBy.program, owner: heldBy.authority },
    );
  }
  // The programs number sub-accounts in the order of creation and never reuse a number.
  if (subAccount !== next) {
    const gone = subAccount < next;
    throw new CriticalError(
      'BAD_SUB_ACCOUNT',
      `Sub-account ${subAccount} of ${authority} ${gone ? 'was deleted' : 'does not exist'} on ${program.name}. The next one ` +
        `that ${program.name} can open is ${next}. Set DRIFT_SUB_ACCOUNT to one that exists, or to ${next} to open it. ${ELSEWHERE}`,
      { sub_account: subAccount, next },
    );
  }
  if (!mayDeposit) {
    throw new CriticalError(
      'USER_NOT_INITIALISED',
      `${authority} has no ${program.name} account ${subAccount} to watch. Check AUTHORITY, DRIFT_SUB_ACCOUNT and ` +
        `DRIFT_PROGRAM_ID. ${ELSEWHERE} Or set LIVE_PERMISSIONS=capital and deposit; the first deposit opens the account.`,
      { authority, sub_account: subAccount },
    );
  }
}
