/** Drafts that do more than their intent says, on the compiled Drift program: each is refused by name before it is signed. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { PublicKey } from '@solana/web3.js';
import { type DriftLocalnet, startDriftLocalnet } from '../../../../localnet/drift/index.ts';
import { tokenAccountAddress } from '../../../../localnet/perps/token-addresses.ts';
import { describeOnDrift } from '../../../../localnet/tests/support/drift-program.ts';
import { onTestFinished } from '../../../../localnet/tests/support/on-test-finished.ts';
import type { DriftAccountTypes } from '../../../../src/venues/drift/drift-accounts.ts';
import { DRIFT } from '../../../../src/venues/drift/drift-program.ts';
import { PerpsReader } from '../../../../src/venues/solana-perps/read/perps-reader.ts';
import { SolanaPerpsWriting } from '../../../../src/venues/solana-perps/write/perps-writing.ts';
import { type DoctoredOn, doctoredDrafts, intentsOn, type Thief } from '../../../support/doctored-drafts.ts';
import { type WalletOn, walletOn } from '../../../support/drift-wallet.ts';
import { firstOf } from '../../../support/long.ts';
import { signsOnly } from '../../../support/signer-on-chain.ts';
import { finalize, gone, land, order, SOL, USD, writerOn } from '../../../support/still-venue.ts';

const START_SLOTS = 40;

describeOnDrift('the effect of a simulation on Drift', () => {
  let net: DriftLocalnet;
  let thief: Thief;
  let wallet: WalletOn<DriftAccountTypes>;
  const tokensOf = (owner: string) => new PublicKey(tokenAccountAddress(owner, net.usdcMint));
  const on: DoctoredOn<DriftAccountTypes> = {
    program: DRIFT,
    quote: 'USDC',
    tokens: () => tokensOf(net.wallet.address),
    nowMs: () => net.chain.head.time * 1_000,
    lowest: '145000000',
    highest: '155000000',
    wrongOrder: 'ORDER',
  };

  function writing(instructions: (typeof DRIFT)['instructions']): SolanaPerpsWriting {
    const { chain, clock, deployment: plain } = walletOn(net, { newsWaitMs: 0 });
    onTestFinished(() => chain.close());
    const deployment = { ...plain, program: { ...DRIFT, instructions } };
    return new SolanaPerpsWriting({ chain, reader: new PerpsReader({ pool: chain.pool, deployment, clock }), clock });
  }

  beforeAll(async () => {
    net = await startDriftLocalnet({ paused: true, skipShare: 0, clock: 'slots' });
    await net.advance(START_SLOTS);
    const bob = net.actor('bob');
    thief = { wallet: new PublicKey(bob.address), tokens: tokensOf(bob.address) };
    const { chain, clock, deployment } = walletOn(net, { newsWaitMs: 0 });
    const reader = new PerpsReader({ pool: chain.pool, deployment, clock });
    const at = { net, chain, deployment, reader, writing: new SolanaPerpsWriting({ chain, reader, clock }) };
    await land(at, { kind: 'deposit', asset: 'USDC', amount: (500n * USD).toString() });
    await land(at, { kind: 'deposit', asset: 'SOL', amount: (5n * SOL).toString() });
    const { attempt } = await land(at, await order(at, { side: 'sell', size: 5n * SOL }));
    await gone(at, attempt);
    await finalize(at);
    chain.close();
    wallet = walletOn(net, { newsWaitMs: 0 });
  });
  afterAll(async () => {
    wallet?.chain.close();
    await net?.stop();
  });

  signsOnly({ on, at: () => wallet, thief: () => thief, quoteMint: () => net.usdcMint });

  it.each(firstOf(doctoredDrafts(on)))(
    '$what: $named, and nothing is signed',
    async ({ intent, instructions, named }) => {
      const { deployment } = writerOn(net);
      const writer = writing({ ...DRIFT.instructions, ...instructions(deployment, thief) });
      const wanted = intent();
      expect(await writer.simulate(wanted)).toMatchObject({
        ok: false,
        error: { code: 'SIMULATION_FAILED', details: { difference: named } },
      });
      await expect(writer.sign(wanted)).rejects.toMatchObject({ details: { difference: named } });
    },
  );

  it.each(firstOf(Object.entries(intentsOn(on))))(
    'what the program itself does is allowed: %s',
    async (_name, intent) => {
      expect(await writing(DRIFT.instructions).simulate(intent())).toMatchObject({ ok: true });
    },
  );
});
