/** The remote signer on drafts that the venue builds from a real chain: each live kind is signed, each change of it is refused. */
import { expect, it } from '@jest/globals';
import { PublicKey } from '@solana/web3.js';
import fc from 'fast-check';
import type { Draft } from '../../src/chain/draft.ts';
import type { Intent } from '../../src/domain/order/intent.ts';
import { SignerRefusal } from '../../src/signer/refusal.ts';
import { deploymentOf, type PerpsDeployment } from '../../src/venues/solana-perps/deployment.ts';
import type { ProgramAccounts } from '../../src/venues/solana-perps/program-accounts.ts';
import { PerpsReader } from '../../src/venues/solana-perps/read/perps-reader.ts';
import { draftOf } from '../../src/venues/solana-perps/write/draft-of.ts';
import { type DoctoredOn, doctoredDrafts, intentsOn, type Thief } from './doctored-drafts.ts';
import type { WalletOn } from './drift-wallet.ts';
import { messageOf, mutationsOf, policyOn, TIP_TO, verdictOn } from './signer-mutations.ts';

interface SignedOn<T extends ProgramAccounts> {
  readonly on: DoctoredOn<T>;
  readonly at: () => WalletOn<T>;
  readonly thief: () => Thief;
  readonly quoteMint: () => string;
}

const KINDS: Readonly<Record<keyof ReturnType<typeof intentsOn>, string>> = {
  ...{ depositQuote: 'deposit', depositSol: 'deposit', withdrawQuote: 'withdraw', withdrawSol: 'withdraw' },
  ...{ enlarge: 'order', enlargeLittle: 'order', close: 'reduction', reduce: 'reduction' },
  ...{ cancel: 'cancel', settle: 'settle' },
};
const DOCTORED: Readonly<Record<string, string>> = {
  ...{ WALLET_LAMPORTS: 'DESTINATION', WALLET_TOKENS: 'INSTRUCTION', ACCOUNT_CONTROL: 'INSTRUCTION' },
  NOT_ARRIVED: 'DESTINATION',
};
const RUNS = 40;

export function signsOnly<T extends ProgramAccounts>({ on, at, thief, quoteMint }: SignedOn<T>): void {
  const intents = intentsOn(on);
  const policyOf = (authority: string) => {
    const { deployment } = at();
    const programId = deployment.programId.toBase58();
    return policyOn({
      wallet: authority,
      venue: deployment.program.kind,
      programId,
      quote: { asset: on.quote, mint: quoteMint() },
    });
  };
  async function draft(intent: Intent, deployment: PerpsDeployment<T> = at().deployment): Promise<Draft> {
    const { chain, clock } = at();
    const read = await new PerpsReader({ pool: chain.pool, deployment, clock }).read('confirmed');
    return draftOf(intent, read as never, deployment as never);
  }

  it.each(Object.entries(intents))('the signer signs %s, and no change of it', async (name, intent) => {
    const { deployment } = at();
    const policy = policyOf(deployment.authority.toBase58());
    const built = await draft(intent());
    const kind = KINDS[name as keyof typeof KINDS];
    for (const tip of [null, { to: TIP_TO, lamports: 10_000 }])
      expect(verdictOn(messageOf(built, { tip }), policy)).toMatchObject({
        kind,
        tipLamports: tip === null ? 0n : 10_000n,
      });
    fc.assert(
      fc.property(mutationsOf(built, policy), (message) => {
        expect(verdictOn(message, policy)).toBeInstanceOf(SignerRefusal);
      }),
      { numRuns: RUNS },
    );
  });

  it('the signer signs the deposit that opens an account, and no change of it', async () => {
    const { deployment } = at();
    const authority = thief().wallet.toBase58();
    const fresh = deploymentOf(deployment.program, {
      ...{ env: deployment.env, programId: deployment.programId.toBase58(), authority, subAccount: 0 },
    });
    const built = await draft({ kind: 'deposit', asset: 'SOL', amount: '1000000' }, fresh);
    const policy = policyOf(authority);
    expect(built.instructions.length).toBeGreaterThan(6);
    expect(verdictOn(messageOf(built), policy)).toMatchObject({ kind: 'deposit', moved: { amount: 1_000_000n } });
    fc.assert(
      fc.property(mutationsOf(built, policy), (message) => {
        expect(verdictOn(message, policy)).toBeInstanceOf(SignerRefusal);
      }),
      { numRuns: RUNS },
    );
    // Another wallet's policy does not sign it.
    expect(verdictOn(messageOf(built), policyOf(deployment.authority.toBase58()))).toMatchObject({ code: 'WALLET' });
  });

  const thefts = doctoredDrafts(on).filter(({ named }) => named in DOCTORED);
  it.each(thefts)('the signer refuses $what', async ({ intent, instructions, named }) => {
    const { deployment } = at();
    const policy = policyOf(deployment.authority.toBase58());
    const doctored = { ...deployment.program.instructions, ...instructions(deployment, thief()) };
    const built = await draft(intent(), { ...deployment, program: { ...deployment.program, instructions: doctored } });
    expect(verdictOn(messageOf(built), policy)).toMatchObject({
      code: DOCTORED[named],
      message: expect.stringMatching(/\w/),
    });
    expect(new PublicKey(policy.wallet).equals(built.payer)).toBe(true);
  });
}
