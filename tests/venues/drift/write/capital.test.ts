import { expect, it } from '@jest/globals';
import { PublicKey } from '@solana/web3.js';
import { describeOnDrift } from '../../../../localnet/tests/support/drift-program.ts';
import { spotHeld, withdrawable } from '../../../../src/domain/margin/margin.ts';
import { tokenAccountAddress } from '../../../../src/venues/solana-perps/addresses.ts';
import { wrappedSol } from '../../../../src/venues/solana-perps/write/token-accounts.ts';
import { finalize, gone, land, order, SOL, sent, stillDrift, USD, type Written } from '../../../support/still-venue.ts';

const deposit = (amount: bigint, asset: 'SOL' | 'USDC' = 'SOL') =>
  ({ kind: 'deposit', asset, amount: amount.toString() }) as const;
const withdraw = (amount: bigint, asset: 'SOL' | 'USDC' = 'SOL') =>
  ({ kind: 'withdraw', asset, amount: amount.toString() }) as const;

type Read = Awaited<ReturnType<Written['reader']['read']>>;

/** Deposited, base units. Drift rounds each deposit down by up to one of them. */
const deposited = (read: Read, asset: 'SOL' | 'USDC'): number =>
  read.account === null ? 0 : Number(spotHeld(read.account, read.markets, asset));

/** What the chain itself holds. */
const held = ({ net }: Written, address: PublicKey) =>
  net.chain.bank.accountAt(net.chain.head, address.toBase58())?.lamports ?? 0n;

describeOnDrift('capital on the real program', () => {
  it('opens the account with the first deposit, for the rent that was named', async () => {
    const at = await stillDrift();
    const before = await at.reader.read('confirmed');
    expect(before.user).toBeNull();
    const simulation = await at.writing.simulate(deposit(2n * SOL));
    if (!simulation.ok) throw new Error(JSON.stringify(simulation.error));
    const { landed } = await land(at, deposit(2n * SOL));
    expect(landed.effect).toMatchObject({ movedAmount: '2000000000', detail: { account_opened: true } });

    const after = await at.reader.read('confirmed');
    expect(after.account?.spot).toMatchObject([{ marketIndex: 1, kind: 'deposit' }]);
    expect(Math.abs(deposited(after, 'SOL') - 2e9)).toBeLessThan(4);
    const paid = before.wallet.sol - after.wallet.sol - 2n * SOL;
    // Some units and micro-lamports are drawn at each signing.
    expect(Number(paid - BigInt(simulation.costLamports))).toBeLessThan(1_000);
    expect(Number(paid)).toBeGreaterThan(33_000_000);
    expect(Number(paid)).toBeLessThan(34_000_000);
    // Nothing is left of the wrapping.
    expect(held(at, wrappedSol(at.deployment.authority, 0n).address)).toBe(0n);
  });

  it('deposits again without opening anything, and takes what a stranger sent to the wrapping account along', async () => {
    const at = await stillDrift();
    await land(at, deposit(SOL));
    const stranger = 5_000_000n;
    const { address } = wrappedSol(at.deployment.authority, 0n);
    at.net.airdrop(address.toBase58(), stranger);
    await at.net.advance(3);
    const before = await at.reader.read('confirmed');
    await land(at, deposit(SOL));
    const after = await at.reader.read('confirmed');
    expect(Math.abs(deposited(after, 'SOL') - 2e9)).toBeLessThan(4);
    const paid = before.wallet.sol - after.wallet.sol - SOL;
    expect(paid).toBeLessThan(0n);
    expect(paid).toBeGreaterThan(-stranger);
    expect(held(at, address)).toBe(0n);
  });

  it('moves USDC, and makes the wallet’s token account when it is missing', async () => {
    const at = await stillDrift({ walletUsdc: 500n * USD });
    await land(at, deposit(500n * USD, 'USDC'));
    const token = (await at.reader.read('confirmed')).wallet.tokens.quote;
    expect(token).toMatchObject({ exists: true, amount: 0n });
    at.net.setAccount({ address: token.address.toBase58(), lamports: 0n });
    await at.net.advance(3);
    expect((await at.reader.read('confirmed')).wallet.tokens.quote.exists).toBe(false);

    const simulation = await at.writing.simulate(withdraw(200n * USD, 'USDC'));
    expect(simulation).toMatchObject({ ok: true });
    // The new token account's rent is part of what is named.
    expect(simulation.ok && Number(simulation.costLamports)).toBeGreaterThan(2_039_280);
    const { landed } = await land(at, withdraw(200n * USD, 'USDC'));
    expect(landed.effect?.movedAmount).toBe('200000000');
    const after = await at.reader.read('confirmed');
    expect(after.wallet.quote).toBe(200n * USD);
    expect(
      after.wallet.tokens.quote.address.equals(
        tokenAccountAddress(at.deployment.authority, new PublicKey(at.net.usdcMint)),
      ),
    ).toBe(true);
    expect(Math.abs(deposited(after, 'USDC') - 300e6)).toBeLessThan(4);
  });

  it('gives SOL back as SOL, and leaves no wrapped account', async () => {
    const at = await stillDrift();
    await land(at, deposit(2n * SOL));
    const before = await at.reader.read('confirmed');
    await land(at, withdraw(2n * SOL));
    const after = await at.reader.read('confirmed');
    expect(after.account?.spot).toEqual([]);
    const cost = before.wallet.sol + 2n * SOL - after.wallet.sol;
    expect(cost).toBeGreaterThan(0n);
    expect(cost).toBeLessThan(100_000n);
    expect(held(at, wrappedSol(at.deployment.authority, 0n).address)).toBe(0n);
  });

  it('refuses what the wallet does not hold, with figures', async () => {
    const at = await stillDrift({ walletLamports: SOL, walletUsdc: 10n * USD });
    const { wallet } = await at.reader.read('confirmed');
    expect(await at.writing.simulate(deposit(SOL))).toMatchObject({
      ok: false,
      error: {
        code: 'INSUFFICIENT_FUNDS',
        details: { asset: 'SOL', where: 'wallet', have: wallet.sol.toString(), amount: SOL.toString() },
      },
    });
    expect(await at.writing.simulate(deposit(11n * USD, 'USDC'))).toMatchObject({
      ok: false,
      error: { code: 'INSUFFICIENT_FUNDS', details: { asset: 'USDC', have: '10000000', need: '11000000' } },
    });
    await expect(at.writing.sign(deposit(SOL))).rejects.toMatchObject({ code: 'INSUFFICIENT_FUNDS' });
  });

  it('never borrows: a withdrawal ends where the SDK’s limit does, and above it is refused with figures', async () => {
    const at = await stillDrift();
    await land(at, deposit(10n * SOL));
    await land(at, deposit(200n * USD, 'USDC'));
    const { attempt } = await land(at, await order(at, { side: 'sell', size: 60n * SOL }));
    expect((await gone(at, attempt)).fills.length).toBeGreaterThan(0);
    const read = await at.reader.read('confirmed');
    if (read.account === null) throw new Error('no account');
    const limit = withdrawable(read.account, read.markets, 'SOL') ?? 0n;
    expect(limit).toBeGreaterThan(0n);
    expect(limit).toBeLessThan(10n * SOL);
    expect(await at.writing.simulate(withdraw(limit + 11n))).toMatchObject({
      ok: false,
      error: { code: 'INSUFFICIENT_FUNDS', details: { have: limit.toString(), need: (limit + 11n).toString() } },
    });
    // USDC was all deposited and nothing more: a loan of one more micro-USD would be possible, and is refused.
    expect(await at.writing.simulate(withdraw(201n * USD, 'USDC'))).toMatchObject({
      ok: false,
      error: { code: 'INSUFFICIENT_FUNDS' },
    });
    // What the limit allows, the program allows.
    const { landed } = await land(at, withdraw(limit - limit / 1_000n));
    expect(landed.error).toBeNull();
    expect((await at.reader.read('confirmed')).account?.spot.every(({ kind }) => kind === 'deposit')).toBe(true);
  });

  it('gives less rather than a loan when the deposit shrank after it was signed', async () => {
    const at = await stillDrift();
    await land(at, deposit(3n * SOL));
    const late = await at.writing.sign(withdraw(2n * SOL));
    await land(at, withdraw(2n * SOL));
    const landed = await sent(at, late);
    expect(landed.error).toBeNull();
    expect(landed.effect?.movedAmount).toBe('1000000000');
    expect((await at.reader.read('confirmed')).account?.spot).toEqual([]);
    await finalize(at);
  });

  it('tells a sub-account that cannot be opened by the program’s own name', async () => {
    const { writerOn } = await import('../../../support/still-venue.ts');
    const at = writerOn((await stillDrift()).net, 3);
    expect(await at.writing.simulate(deposit(SOL))).toMatchObject({
      ok: false,
      error: { code: 'SIMULATION_FAILED', details: { program_error: 'InvalidUserSubAccountId' } },
    });
  });
});
