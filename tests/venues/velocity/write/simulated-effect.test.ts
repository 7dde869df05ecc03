/**
 * Drafts that do more than their intent says, on the compiled program: each is refused by name before it is signed. Table:
 * docs/architecture/simulated-effect.md.
 */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { PublicKey, SystemProgram, TransactionInstruction } from '@solana/web3.js';
import { tokenAccountAddress } from '../../../../localnet/perps/token-addresses.ts';
import { describeOnVelocity } from '../../../../localnet/tests/support/velocity-files.ts';
import { SOL, startStillVelocity, USDT } from '../../../../localnet/tests/support/velocity-still.ts';
import type { VelocityLocalnet } from '../../../../localnet/velocity/index.ts';
import { USDT_MINT } from '../../../../localnet/velocity/markets.ts';
import { writtenAccounts } from '../../../../src/chain/draft.ts';
import type { Intent, OrderIntent } from '../../../../src/domain/order/intent.ts';
import { TOKEN_PROGRAM } from '../../../../src/venues/solana-perps/addresses.ts';
import type { PerpsDeployment } from '../../../../src/venues/solana-perps/deployment.ts';
import type { ProgramInstructions } from '../../../../src/venues/solana-perps/perps-program.ts';
import type { PerpsRead } from '../../../../src/venues/solana-perps/read/perps-read.ts';
import { PerpsReader } from '../../../../src/venues/solana-perps/read/perps-reader.ts';
import { draftOf } from '../../../../src/venues/solana-perps/write/draft-of.ts';
import { SolanaPerpsWriting } from '../../../../src/venues/solana-perps/write/perps-writing.ts';
import { forbiddenEffect } from '../../../../src/venues/solana-perps/write/simulated-effect.ts';
import type { VelocityAccountTypes } from '../../../../src/venues/velocity/velocity-accounts.ts';
import { VELOCITY } from '../../../../src/venues/velocity/velocity-program.ts';
import { type WalletOn, walletOnVelocity } from '../../../support/drift-wallet.ts';

const FINAL_SLOTS = 40;
const HOUR_MS = 3_600_000;
const SETTLE: Intent = { kind: 'settle', market: 'SOL-PERP' };
const CANCEL: Intent = { kind: 'cancel_orders', market: 'SOL-PERP' };
const deposit = (asset: string, amount: bigint): Intent => ({ kind: 'deposit', asset, amount: amount.toString() });
const withdraw = (asset: string, amount: bigint): Intent => ({ kind: 'withdraw', asset, amount: amount.toString() });

type Instructions = ProgramInstructions<VelocityAccountTypes>;
type Thief = { readonly wallet: PublicKey; readonly tokens: PublicKey };
interface Doctored {
  readonly what: string;
  readonly intent: Intent | ((net: VelocityLocalnet) => Intent);
  readonly program: (at: PerpsDeployment<VelocityAccountTypes>, thief: Thief) => Partial<Instructions>;
  readonly named: string;
}

const plain = VELOCITY.instructions;
const trade =
  (sol: bigint, reduceOnly: boolean) =>
  (net: VelocityLocalnet): OrderIntent => ({
    kind: 'order',
    market: 'SOL-PERP',
    size: sol.toString(),
    reduceOnly,
    priceLimit: sol < 0n ? '70000000' : '80000000',
    maxTsMs: net.chain.head.time * 1_000 + HOUR_MS,
    cancelOpenOrders: reduceOnly,
  });

/** Each of the program's instructions, and then one more. */
const besides = (extra: TransactionInstruction): Partial<Instructions> => ({
  move: (...args) => [...plain.move(...args), extra],
  place: (...args) => [...plain.place(...args), extra],
  cancel: (...args) => [...plain.cancel(...args), extra],
  settle: (...args) => [...plain.settle(...args), extra],
});

const sendSol = ({ authority }: PerpsDeployment<VelocityAccountTypes>, { wallet }: Thief, amount = SOL) =>
  SystemProgram.transfer({ fromPubkey: authority, toPubkey: wallet, lamports: amount });

const ownTokens = ({ authority }: PerpsDeployment<VelocityAccountTypes>): PublicKey =>
  new PublicKey(tokenAccountAddress(authority.toBase58(), USDT_MINT));

/** SPL Token's transfer (3) and approve (4): number, amount; from, to or delegate, owner. */
function tokenInstruction(number: number, at: PerpsDeployment<VelocityAccountTypes>, to: PublicKey, amount: bigint) {
  const data = Buffer.alloc(9);
  data.writeUInt8(number);
  data.writeBigUInt64LE(amount, 1);
  return new TransactionInstruction({
    programId: TOKEN_PROGRAM,
    keys: [
      { pubkey: ownTokens(at), isSigner: false, isWritable: true },
      { pubkey: to, isSigner: false, isWritable: true },
      { pubkey: at.authority, isSigner: true, isWritable: false },
    ],
    data,
  });
}

function changeDelegate({ programId, user, authority }: PerpsDeployment<VelocityAccountTypes>, to: PublicKey) {
  const name = createHash('sha256').update('global:update_user_delegate').digest().subarray(0, 8);
  return new TransactionInstruction({
    programId,
    keys: [
      { pubkey: user, isSigner: false, isWritable: true },
      { pubkey: authority, isSigner: true, isWritable: false },
    ],
    data: Buffer.concat([name, Buffer.alloc(2), to.toBuffer()]),
  });
}

const larger = (times: bigint): Partial<Instructions> => ({
  place: (order, ...rest) => plain.place({ ...order, size: (BigInt(order.size) * times).toString() }, ...rest),
});

const DOCTORED: readonly Doctored[] = [
  {
    what: 'a deposit that sends SOL to another wallet',
    intent: deposit('USDT', 10n * USDT),
    program: (at, thief) => besides(sendSol(at, thief)),
    named: 'WALLET_LAMPORTS',
  },
  {
    what: 'a cancel that sends a hundredth of a SOL away',
    intent: CANCEL,
    program: (at, thief) => besides(sendSol(at, thief, SOL / 100n)),
    named: 'WALLET_LAMPORTS',
  },
  {
    what: 'a close that sends tokens away',
    intent: trade(SOL, true),
    program: (at, { tokens }) => besides(tokenInstruction(3, at, tokens, USDT)),
    named: 'WALLET_TOKENS',
  },
  {
    what: 'a settle that lets another spend the tokens of the wallet',
    intent: SETTLE,
    program: (at, { wallet }) => besides(tokenInstruction(4, at, wallet, 1n << 60n)),
    named: 'ACCOUNT_CONTROL',
  },
  {
    what: 'a settle that gives the account a delegate',
    intent: SETTLE,
    program: (at, { wallet }) => besides(changeDelegate(at, wallet)),
    named: 'ACCOUNT_CONTROL',
  },
  {
    what: 'a withdrawal that pays somebody else',
    intent: withdraw('USDT', 50n * USDT),
    program: (_at, { tokens }) => ({ move: (move, ...rest) => plain.move({ ...move, tokenAccount: tokens }, ...rest) }),
    named: 'NOT_ARRIVED',
  },
  {
    what: 'a withdrawal of more than was asked for',
    intent: withdraw('USDT', 50n * USDT),
    program: () => ({ move: (move, ...rest) => plain.move({ ...move, amount: 2n * move.amount }, ...rest) }),
    named: 'BALANCE_FALLS',
  },
  {
    what: 'an order that sells twice as much',
    intent: trade(-SOL, false),
    program: () => larger(2n),
    named: 'POSITION',
  },
  {
    what: 'an order on the other side',
    intent: trade(-SOL / 10n, false),
    program: () => ({
      place: (order, ...rest) =>
        plain.place({ ...order, size: (-BigInt(order.size)).toString(), priceLimit: '80000000' }, ...rest),
    }),
    named: 'POSITION',
  },
  {
    what: 'a close that turns the position round',
    intent: trade(5n * SOL, true),
    program: () => ({
      place: (order, ...rest) => plain.place({ ...order, size: '7000000000', reduceOnly: false }, ...rest),
    }),
    named: 'POSITION',
  },
  {
    what: 'a cancel that leaves an order',
    intent: CANCEL,
    program: (at) => ({
      cancel: (read) => [
        ...plain.cancel(read, at),
        ...plain.place(
          {
            ...trade(-SOL, false)({ chain: { head: { time: 0 } } } as VelocityLocalnet),
            priceLimit: '90000000',
            maxTsMs: read.blockTimeMs + HOUR_MS,
          },
          read,
          at,
        ),
      ],
    }),
    named: 'ORDER',
  },
];

describeOnVelocity('the effect of a simulation on Velocity', (files) => {
  let net: VelocityLocalnet;
  let at: WalletOn<VelocityAccountTypes>;
  let thief: Thief;
  const reader = (deployment = at.deployment) => new PerpsReader({ pool: at.chain.pool, deployment, clock: at.clock });
  const writing = (deployment = at.deployment) =>
    new SolanaPerpsWriting({ chain: at.chain, reader: reader(deployment), clock: at.clock });
  const intentOf = (intent: Doctored['intent']): Intent => (typeof intent === 'function' ? intent(net) : intent);

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

  it.each(DOCTORED)('$what: $named, and nothing is signed', async ({ intent, program, named }) => {
    const deployment = {
      ...at.deployment,
      program: { ...VELOCITY, instructions: { ...plain, ...program(at.deployment, thief) } },
    };
    const writer = writing(deployment);
    const wanted = intentOf(intent);
    expect(await writer.simulate(wanted)).toMatchObject({
      ok: false,
      error: { code: 'SIMULATION_FAILED', details: { difference: named } },
    });
    await expect(writer.sign(wanted)).rejects.toMatchObject({ details: { difference: named } });
  });

  it.each<Doctored['intent']>([
    deposit('USDT', 10n * USDT),
    deposit('SOL', SOL),
    withdraw('USDT', 50n * USDT),
    withdraw('SOL', SOL),
    trade(-SOL, false),
    trade(5n * SOL, true),
    trade(2n * SOL, true),
    CANCEL,
    SETTLE,
  ])('what the program itself does for an intent is allowed (%#)', async (intent) => {
    expect(await writing().simulate(intentOf(intent))).toMatchObject({ ok: true });
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
    expect(await writing().simulate(deposit('USDT', 10n * USDT), before)).toMatchObject({ ok: true });
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
    expect(await named(CANCEL)).toBeNull();
    expect(await named(withdraw('USDT', USDT))).toBeNull();
    expect(await named(deposit('USDT', USDT))).toBe('BALANCE_RISES');
  });
});
