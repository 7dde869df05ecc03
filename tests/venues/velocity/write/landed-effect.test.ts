/** What a landed transaction of ours did, told by what the compiled program logged in it. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { TransactionInstruction } from '@solana/web3.js';
import { describeOnVelocity } from '../../../../localnet/tests/support/velocity-files.ts';
import {
  land,
  SOL,
  startStillVelocity,
  USDT,
  userOf,
  velocityTrader,
} from '../../../../localnet/tests/support/velocity-still.ts';
import type { VelocityActor } from '../../../../localnet/velocity/actor.ts';
import type { VelocityLocalnet } from '../../../../localnet/velocity/index.ts';
import { compile } from '../../../../src/chain/draft.ts';
import { landedEffect } from '../../../../src/venues/solana-perps/write/landed-effect.ts';
import { velocityPerpsEvents } from '../../../../src/venues/velocity/perps-events.ts';
import { PERP_MARKET, VELOCITY_PROGRAM_ID } from '../../../../src/venues/velocity/program/accounts.ts';
import { perpMarketAddress, userAddress } from '../../../../src/venues/velocity/program/addresses.ts';
import { USER } from '../../../../src/venues/velocity/program/user.ts';
import { signedContent } from '../../../../src/venues/velocity/signed-content.ts';
import { placeInstructions, settleInstructions } from '../../../../src/venues/velocity/write/instructions.ts';
import { order, ownerOf, readOf, sent } from './support.ts';

const PENNILESS = { 'spotPositions.0.scaledBalance': 1_000_000n, 'spotPositions.1.scaledBalance': 1_000_000n };

async function effectOf(net: VelocityLocalnet, actor: VelocityActor, instructions: readonly TransactionInstruction[]) {
  const signature = sent(actor, instructions);
  await net.advance(1);
  await actor.done(signature);
  const landed = net.chain.ledger.landingOn(signature, net.chain.head)?.landed;
  const { authority: payer } = ownerOf(actor.address);
  const wire = compile({ payer, instructions }, { computeUnits: 1, price: 1, tip: null }, '1'.repeat(32)).serialize();
  const transaction = {
    signature,
    slot: net.chain.head.slot,
    logs: landed?.logs ?? [],
    failed: false,
    blockTimeMs: null,
  };
  return landedEffect(transaction, Buffer.from(wire).toString('base64'), {
    program: { events: velocityPerpsEvents, signedContent },
    programId: VELOCITY_PROGRAM_ID,
    user: actor.user,
    market: 'SOL-PERP',
    marketIndex: 0,
    quoteAsset: 'USDT',
  });
}

describeOnVelocity('the effect of what landed', (files) => {
  let net: VelocityLocalnet;
  let ann: VelocityActor;
  const settle = () => effectOf(net, ann, settleInstructions(readOf(net, ann.address), ownerOf(ann.address)));
  const market = (fields: Parameters<VelocityLocalnet['write']>[2]) =>
    net.write(PERP_MARKET, perpMarketAddress(0), fields);

  beforeAll(async () => {
    net = await startStillVelocity({ files, keeper: { fills: false, cranks: false, liquidates: false } });
    ann = await velocityTrader(net, 'ann', { usdt: 500n * USDT, sol: 5n * SOL });
  });
  afterAll(() => net?.stop());

  it('without a position nothing is settled, and it says so', async () => {
    expect(await settle()).toMatchObject({
      settledPnl: '0',
      quoteAsset: 'USDT',
      detail: { reason: 'there was nothing to settle' },
    });
  });

  it('an order that fills where it lands: its number, its fill and fee', async () => {
    const effect = await effectOf(
      net,
      ann,
      placeInstructions(order(net, -5), readOf(net, ann.address), ownerOf(ann.address)),
    );
    const { quote } = userOf(net, ann.address).perpPositions[0] ?? { quote: 0n };
    const [fill] = effect.fills ?? [];
    expect(effect).toMatchObject({ orderId: 1, fills: [{ side: 'sell', size: String(5n * SOL), market: 'SOL-PERP' }] });
    expect((BigInt(fill?.price ?? 0) * 5n - BigInt(fill?.fee ?? 0) - quote) / 5n).toBe(0n);
  });

  it.each([
    ['a loss that the margin cannot bear', PENNILESS, {}, 'the margin does not allow a loss to be settled'],
    ['a reduce-only market', {}, { status: 'reduceOnly' }, 'the market does not settle PnL now'],
    ['a market that pauses settling', {}, { pausedOperations: 8 }, 'the market does not settle PnL now'],
    ['a gain that the empty pool cannot pay', {}, { pnlPoolScaled: 0n }, 'the PnL pool of the market cannot pay now'],
  ] as const)('a settle that moves nothing says why: %s', async (what, ofUser, ofMarket, reason) => {
    const before = userOf(net, ann.address).perpPositions[0]?.quote;
    const { price } = net.oracles.SOL;
    if (what.startsWith('a gain')) net.oracles.SOL.follow({ kind: 'fixed', price: price * 0.99 });
    const user = userAddress(ann.address);
    const was = userOf(net, ann.address)
      .spotPositions.slice(0, 2)
      .map(({ scaledBalance }) => scaledBalance);
    net.write(USER, user, ofUser);
    market(ofMarket);
    await net.advance(1);
    expect(await settle()).toMatchObject({ settledPnl: '0', detail: { reason } });
    expect(userOf(net, ann.address).perpPositions[0]?.quote).toBe(before);
    net.write(USER, user, {
      'spotPositions.0.scaledBalance': was[0] ?? 0n,
      'spotPositions.1.scaledBalance': was[1] ?? 0n,
    });
    market({ status: 'active', pausedOperations: 0 });
    net.oracles.SOL.follow({ kind: 'fixed', price });
    await net.advance(1);
  });

  it('a settled loss: what moved, and the funding with it', async () => {
    await land(net, ann, ann.updateAmm());
    const effect = await settle();
    expect(BigInt(effect.settledPnl ?? 0)).toBeLessThan(0n);
    expect(effect.detail).toMatchObject({ funding_settled: '0' });
  });
});
