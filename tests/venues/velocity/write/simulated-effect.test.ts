/**
 * Drafts that do more than their intent says, on the compiled program: each is refused by name before it is signed. Table:
 * docs/architecture/simulated-effect.md.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { PublicKey } from '@solana/web3.js';
import { tokenAccountAddress } from '../../../../localnet/perps/token-addresses.ts';
import { onTestFinished } from '../../../../localnet/tests/support/on-test-finished.ts';
import { describeOnVelocity } from '../../../../localnet/tests/support/velocity-files.ts';
import { SOL, startStillVelocity, USDT } from '../../../../localnet/tests/support/velocity-still.ts';
import type { VelocityLocalnet } from '../../../../localnet/velocity/index.ts';
import { USDT_MINT } from '../../../../localnet/velocity/markets.ts';
import { writtenAccounts } from '../../../../src/chain/draft.ts';
import { loadSigner } from '../../../../src/chain/local-signer.ts';
import { RemoteSigner } from '../../../../src/chain/remote-signer.ts';
import type { Signer } from '../../../../src/chain/signer.ts';
import type { Intent } from '../../../../src/domain/order/intent.ts';
import { EMPTY_LEDGER } from '../../../../src/signer/ledger.ts';
import { serveSigner } from '../../../../src/signer/signer-server.ts';
import { SignerService } from '../../../../src/signer/signer-service.ts';
import type { PerpsDeployment } from '../../../../src/venues/solana-perps/deployment.ts';
import type { PerpsRead } from '../../../../src/venues/solana-perps/read/perps-read.ts';
import { PerpsReader } from '../../../../src/venues/solana-perps/read/perps-reader.ts';
import { draftOf } from '../../../../src/venues/solana-perps/write/draft-of.ts';
import { SolanaPerpsWriting } from '../../../../src/venues/solana-perps/write/perps-writing.ts';
import { forbiddenEffect } from '../../../../src/venues/solana-perps/write/simulated-effect.ts';
import type { VelocityAccountTypes } from '../../../../src/venues/velocity/velocity-accounts.ts';
import { VELOCITY } from '../../../../src/venues/velocity/velocity-program.ts';
import { type DoctoredOn, doctoredDrafts, intentsOn, type Thief } from '../../../support/doctored-drafts.ts';
import { type WalletOn, walletOnVelocity } from '../../../support/drift-wallet.ts';
import { policyOn } from '../../../support/signer-mutations.ts';
import { signsOnly } from '../../../support/signer-on-chain.ts';

const FINAL_SLOTS = 40;

describeOnVelocity('the effect of a simulation on Velocity', (files) => {
  let net: VelocityLocalnet;
  let at: WalletOn<VelocityAccountTypes>;
  let thief: Thief;
  const reader = (deployment = at.deployment) => new PerpsReader({ pool: at.chain.pool, deployment, clock: at.clock });
  const writing = (deployment = at.deployment) =>
    new SolanaPerpsWriting({ chain: at.chain, reader: reader(deployment), clock: at.clock });
  const on: DoctoredOn<VelocityAccountTypes> = {
    program: VELOCITY,
    quote: 'USDT',
    tokens: () => new PublicKey(tokenAccountAddress(net.wallet.address, USDT_MINT)),
    nowMs: () => net.chain.head.time * 1_000,
    lowest: '70000000',
    highest: '80000000',
    wrongOrder: 'POSITION',
  };
  const intents = intentsOn(on);

  beforeAll(async () => {
    net = await startStillVelocity({
      files,
      clock: 'slots',
      keeper: { fills: false, cranks: false, liquidates: false },
    });
    const actor = net.actor(net.wallet.secretKey);
    const bob = net.actor('bob');
    for (const act of [
      () => actor.initialize('ann'),
      () => actor.deposit('USDT', 500n * USDT),
      () => actor.deposit('SOL', 5n * SOL),
      () => actor.placeAndTake({ direction: 'short', base: 5n * SOL, price: 70_000_000n }),
    ]) {
      const signature = act();
      await net.advance(1);
      await actor.done(signature);
    }
    await net.advance(FINAL_SLOTS);
    at = walletOnVelocity(net, { newsWaitMs: 0 });
    thief = { wallet: new PublicKey(bob.address), tokens: new PublicKey(tokenAccountAddress(bob.address, USDT_MINT)) };
  });
  afterAll(async () => {
    at?.chain.close();
    await net?.stop();
  });

  signsOnly({ on, at: () => at, thief: () => thief, quoteMint: () => USDT_MINT });

  it.each(doctoredDrafts(on))('$what: $named, and nothing is signed', async ({ intent, instructions, named }) => {
    const program = { ...VELOCITY, instructions: { ...VELOCITY.instructions, ...instructions(at.deployment, thief) } };
    const writer = writing({ ...at.deployment, program });
    const wanted = intent();
    expect(await writer.simulate(wanted)).toMatchObject({
      ok: false,
      error: { code: 'SIMULATION_FAILED', details: { difference: named } },
    });
    await expect(writer.sign(wanted)).rejects.toMatchObject({ details: { difference: named } });
  });

  it.each(Object.entries(intents))(
    'what the program itself does for an intent is allowed: %s',
    async (_name, intent) => {
      expect(await writing().simulate(intent())).toMatchObject({ ok: true });
    },
  );

  it('a transaction that the remote signer signed over its socket lands', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'driftless-signer-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const { address, secretKey } = net.wallet;
    const policy = policyOn({
      ...{ wallet: address, venue: 'velocity', programId: null },
      quote: { asset: 'USDT', mint: USDT_MINT },
    });
    const own = loadSigner({ privateKey: JSON.stringify([...secretKey]), keypairPath: null });
    const service = new SignerService({
      ...{ policy, signer: own?.signer as Signer, clock: at.clock, ledger: EMPTY_LEDGER },
      ...{ keep: () => {}, note: () => {} },
    });
    const socket = join(folder, 'socket');
    const server = await serveSigner(socket, service);
    const { chain, deployment, clock } = walletOnVelocity(net, {
      newsWaitMs: 0,
      signer: new RemoteSigner(socket, address),
    });
    onTestFinished(async () => {
      chain.close();
      await server.close();
    });
    const writer = new SolanaPerpsWriting({ chain, reader: reader(deployment), clock });
    const intent = intents.depositQuote();
    expect(await writer.simulate(intent)).toMatchObject({ ok: true });
    const attempt = await writer.sign(intent, 'one');
    await writer.submit(attempt, 0);
    await net.advance(FINAL_SLOTS);
    expect(await writer.status(attempt)).toMatchObject({ kind: 'landed', error: null, commitment: 'finalized' });
    // New bytes for the same attempt: signed for another, never for this.
    await expect(writer.sign(intent, 'one')).rejects.toMatchObject({ code: 'SIGNER_BUSY' });
    expect(await writer.sign(intent, 'two')).toMatchObject({ signature: expect.any(String) });
  });

  it('a change by somebody else between read and simulation is read again, and is no refusal', async () => {
    const before = await reader().read('confirmed');
    const bob = net.actor('bob');
    const actor = net.actor(net.wallet.secretKey);
    const signature = actor.deposit('USDT', USDT);
    await net.advance(1);
    await actor.done(signature);
    await net.advance(FINAL_SLOTS);
    expect(bob.address).not.toBe(actor.address);
    expect(await writing().simulate(intents.depositQuote(), before)).toMatchObject({ ok: true });
  });

  it('what would only bring more than asked for stops a deposit, and no exit', async () => {
    const read = await reader().read('confirmed');
    const poorer: PerpsRead = {
      ...read,
      account: read.account && {
        ...read.account,
        spot: read.account.spot.map((one) => ({ ...one, scaledBalance: one.scaledBalance - SOL })),
      },
    };
    const named = async (intent: Intent): Promise<string | null> => {
      const draft = draftOf(intent, read as PerpsRead, at.deployment as PerpsDeployment);
      const run = await at.chain.simulate(draft, writtenAccounts(draft));
      if (!run.ok || run.watched?.accounts == null) throw new Error(JSON.stringify(run));
      const { accounts, paidLamports } = run.watched;
      return (
        forbiddenEffect(intent, poorer, { accounts, paidLamports }, at.deployment as PerpsDeployment)?.name ?? null
      );
    };
    expect(await named(intents.cancel())).toBeNull();
    expect(await named(intents.withdrawQuote())).toBeNull();
    expect(await named(intents.depositQuote())).toBe('BALANCE_RISES');
  });
});
