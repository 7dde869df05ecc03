/** An address or a sub-account that is not there, or is something else: one sentence each, with what to set. */
import { describe, expect, it } from '@jest/globals';
import { SystemProgram } from '@solana/web3.js';
import { fromBase58 } from '../../../src/lib/base58.ts';
import { DRIFT_V2_PROGRAM } from '../../../src/venues/drift/program-id.ts';
import { deploymentOf } from '../../../src/venues/solana-perps/deployment.ts';
import { accountDiscriminator } from '../../../src/venues/solana-perps/discriminator.ts';
import { refuseMissingUser } from '../../../src/venues/solana-perps/missing-account.ts';
import { type WalletHolder, walletHolder } from '../../../src/venues/solana-perps/read/wallet-holder.ts';
import { VELOCITY } from '../../../src/venues/velocity/velocity-program.ts';

const WALLET = 'GLoXLeiU3RdN6Uj7upEHc3d8Yt3VEyGnWYrMZaxwLrRB';
const OWNER = '7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU';
const MARGIN_ACCOUNT = Buffer.concat([
  accountDiscriminator('User'),
  fromBase58(OWNER) ?? new Uint8Array(32),
  Buffer.alloc(4_456),
]);

interface Asked {
  readonly subAccount?: number;
  readonly next?: number;
  readonly mayDeposit?: boolean;
  readonly heldBy?: WalletHolder;
}

function refusalOf({ subAccount = 0, next = 0, mayDeposit = false, heldBy }: Asked): string {
  const deployment = deploymentOf(VELOCITY, { env: 'localnet', programId: null, authority: WALLET, subAccount });
  try {
    refuseMissingUser(
      { nextSubAccount: next, wallet: heldBy === undefined ? {} : { heldBy } },
      { ...deployment, program: VELOCITY as never },
      mayDeposit,
    );
    return 'none';
  } catch (error) {
    const { code, message } = error as { readonly code: string; readonly message: string };
    return `${code}: ${message}`;
  }
}

describe('an account that is not there', () => {
  it.each<[string, Asked, RegExp]>([
    [
      'the address of a Drift account as AUTHORITY',
      { heldBy: { program: DRIFT_V2_PROGRAM, authority: OWNER } },
      new RegExp(
        `^USER_NOT_INITIALISED: .* is no wallet: .* program ${DRIFT_V2_PROGRAM}\\. Set AUTHORITY to its owner, ${OWNER}, .*LIVE_VENUE`,
      ),
    ],
    [
      'the address of a token account as AUTHORITY',
      { heldBy: { program: 'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA', authority: null } },
      /^USER_NOT_INITIALISED: .* is no wallet: .* Set AUTHORITY to the wallet that owns it/,
    ],
    [
      'a sub-account of the other program',
      { subAccount: 3, next: 1, mayDeposit: true },
      /^BAD_SUB_ACCOUNT: Sub-account 3 of .* does not exist on Velocity\. .* Set DRIFT_SUB_ACCOUNT to .* or to 1 to open it\. If the account is on another venue, set LIVE_VENUE\.$/,
    ],
    ['a sub-account that was deleted', { subAccount: 0, next: 2 }, /^BAD_SUB_ACCOUNT: .* was deleted on Velocity/],
    [
      'a wallet that has an account on Drift only, watched',
      {},
      /^USER_NOT_INITIALISED: .* has no Velocity account 0 to watch\. .* on another venue, set LIVE_VENUE\..* LIVE_PERMISSIONS=capital/,
    ],
    ['a wallet that may open its account by a deposit', { mayDeposit: true }, /^none$/],
  ])('%s', (_what, asked, told) => {
    expect(refusalOf(asked)).toMatch(told);
  });
});

describe('who holds an address', () => {
  const account = (owner: string, data: Buffer) => walletHolder({ owner, data });

  it('is nobody else for a wallet, and for one where nothing is yet', () => {
    expect(walletHolder(null)).toBeNull();
    expect(account(SystemProgram.programId.toBase58(), Buffer.alloc(0))).toBeNull();
  });

  it('is a program, and for a margin account of the family the wallet that owns it', () => {
    expect(account(DRIFT_V2_PROGRAM, MARGIN_ACCOUNT)).toEqual({ program: DRIFT_V2_PROGRAM, authority: OWNER });
    expect(account(DRIFT_V2_PROGRAM, MARGIN_ACCOUNT.subarray(0, 20))).toMatchObject({ authority: null });
    expect(account(OWNER, Buffer.alloc(165))).toEqual({ program: OWNER, authority: null });
  });
});
