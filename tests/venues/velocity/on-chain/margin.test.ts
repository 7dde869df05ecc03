/**
 * Margin, held to the compiled program: the last amount that our figures allow is allowed there, and one unit more is
 * refused. The program is asked by simulation, on generated accounts.
 */
import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { tokenAccountAddress } from '../../../../localnet/perps/token-addresses.ts';
import { wrapSol } from '../../../../localnet/perps/wrapped-sol.ts';
import { describeOnVelocity } from '../../../../localnet/tests/support/velocity-files.ts';
import {
  land,
  SOL,
  stillVelocity,
  USDT,
  userOf,
  velocityTrader,
} from '../../../../localnet/tests/support/velocity-still.ts';
import type { VelocityActor } from '../../../../localnet/velocity/actor.ts';
import type { VelocityLocalnet } from '../../../../localnet/velocity/index.ts';
import { interestUpdate } from '../../../../localnet/velocity/keeper.ts';
import { everyMarket, MINTS, SPOT_INDEX, type VelocityAsset } from '../../../../localnet/velocity/markets.ts';
import { liquidationPrice, tokenAmount, withdrawable } from '../../../../src/domain/margin/margin.ts';
import type { ProgramInstruction } from '../../../../src/venues/solana-perps/instruction-layout.ts';
import { PERP_MARKET, SPOT_MARKET, STATE } from '../../../../src/venues/velocity/program/accounts.ts';
import {
  perpMarketAddress,
  spotMarketAddress,
  stateAddress,
  userAddress,
  userStatsAddress,
  vaultAddress,
} from '../../../../src/venues/velocity/program/addresses.ts';
import { velocityEvents } from '../../../../src/venues/velocity/program/events.ts';
import { plainOrder, velocityInstruction } from '../../../../src/venues/velocity/program/instructions.ts';
import { USER } from '../../../../src/venues/velocity/program/user.ts';
import { accountOf, marketsOf } from '../../../../src/venues/velocity/read/decode.ts';
import { readOracle } from '../../../../src/venues/velocity/read/oracle.ts';
import { LONG } from '../../../support/long.ts';
import {
  freeOf,
  lastPassing,
  need,
  ordered,
  pricedAt,
  type Reading,
  withdrawn,
} from '../../../support/margin-bisection.ts';

const MARKET = perpMarketAddress(0);
const WEIGHT_ONE = 10_000;
const STEP = 10_000_000n;
const SOL_PRICE = 76_340_000n;

/** What a person's account may be, and what an administrator may set. Scaled balances are at 1e9. */
const drawnCase = fc.record({
  usdt: fc.bigInt({ min: -3_000n, max: 20_000n }).map((tokens) => (tokens === 0n ? 0n : tokens * SOL + 7n)),
  sol: fc.bigInt({ min: -40_000n, max: 200_000n }).map((milli) => (milli === 0n ? 0n : milli * 1_000_000n + 3n)),
  base: fc.integer({ min: -6_000, max: 6_000 }).map((steps) => BigInt(steps) * STEP),
  entryUsd: fc.integer({ min: 70, max: 84 }),
  unsettledRate: fc.bigInt({ min: -2_000_000_000n, max: 2_000_000_000n }),
  accountRatio: fc.constantFrom(0, 0, 1_000, 4_000),
  positionRatio: fc.constantFrom(0, 0, 2_500),
  openAsks: fc.constantFrom(0n, -100n * STEP),
  perpImf: fc.constantFrom(50, 50_000, 400_000),
  solImf: fc.constantFrom(1_250, 100_000),
  scaleStart: fc.constantFrom(1_800_000_000_000n, 20_000_000_000n),
  gainWeight: fc.constantFrom(0, 7_000, 10_000),
  gainWeightMaintenance: fc.constantFrom(9_500, 10_000),
  gainImf: fc.constantFrom(0, 40_000),
  usdtPrice: fc.constantFrom(0.9993, 1, 1.004),
  usdtTwap: fc.constantFrom(998_500n, 1_000_000n, 1_003_000n),
  solTwap: fc.constantFrom(74_000_000n, 76_340_000n, 79_000_000n),
});
type DrawnCase = typeof drawnCase extends fc.Arbitrary<infer T> ? T : never;

function readingOf(net: VelocityLocalnet, authority: string): Reading {
  const { head, bank } = net.chain;
  const spot = (['USDT', 'SOL'] as const).map((asset) => {
    const market = need(net.read(SPOT_MARKET, spotMarketAddress(SPOT_INDEX[asset])));
    return { market, oracle: readOracle(market.oracleSource, need(bank.accountAt(head, market.oracle)).data) };
  });
  const perp = need(net.read(PERP_MARKET, MARKET));
  const oracle = readOracle(perp.oracleSource, need(bank.accountAt(head, perp.oracle)).data);
  const state = need(net.read(STATE, stateAddress()));
  const at = { slot: head.slot, nowMs: head.time * 1_000, state, feeTier: 0 };
  return {
    account: accountOf(userOf(net, authority)),
    markets: marketsOf({ ...at, spot, perps: [{ market: perp, oracle }] }),
  };
}

async function made(net: VelocityLocalnet, ann: VelocityActor, drawn: DrawnCase): Promise<Reading> {
  net.oracles.SOL.follow({ kind: 'fixed', price: Number(SOL_PRICE) / 1e6 });
  net.oracles.USDT.follow({ kind: 'fixed', price: drawn.usdtPrice });
  const market = need(net.read(PERP_MARKET, MARKET));
  const size = drawn.base < 0n ? -drawn.base : drawn.base;
  const entry = BigInt(drawn.entryUsd) * size * (drawn.base < 0n ? 1n : -1n);
  const quote = entry / 1_000n;
  const last = drawn.base < 0n ? market.cumulativeFundingShort : market.cumulativeFundingLong;
  const balance = (slot: number, index: number, scaled: bigint) => ({
    [`spotPositions.${slot}.scaledBalance`]: scaled < 0n ? -scaled : scaled,
    [`spotPositions.${slot}.marketIndex`]: index,
    [`spotPositions.${slot}.balanceType`]: scaled < 0n ? 'borrow' : 'deposit',
  });
  net.write(USER, userAddress(ann.address), {
    status: 0,
    maxMarginRatio: drawn.accountRatio,
    ...balance(0, 0, drawn.usdt),
    ...balance(1, 1, drawn.sol),
    'perpPositions.0.marketIndex': 0,
    'perpPositions.0.base': drawn.base,
    'perpPositions.0.quote': quote,
    'perpPositions.0.quoteEntry': quote,
    'perpPositions.0.lastCumulativeFunding': last - drawn.unsettledRate,
    'perpPositions.0.maxMarginRatio': drawn.positionRatio,
    'perpPositions.0.openOrders': drawn.openAsks === 0n ? 0 : 1,
    'perpPositions.0.openAsks': drawn.openAsks,
  });
  net.write(PERP_MARKET, MARKET, {
    imfFactor: drawn.perpImf,
    gainWeightInitial: drawn.gainWeight,
    gainWeightMaintenance: drawn.gainWeightMaintenance,
    gainImfFactor: drawn.gainImf,
    maxOpenInterest: 1_000_000n * SOL,
    oracleTwap: SOL_PRICE,
    oracleTwap5min: SOL_PRICE,
  });
  net.write(SPOT_MARKET, spotMarketAddress(0), { oracleTwap5min: drawn.usdtTwap, withdrawGuard: 400_000n * USDT });
  net.write(SPOT_MARKET, spotMarketAddress(1), {
    oracleTwap5min: drawn.solTwap,
    imfFactor: drawn.solImf,
    scaleInitialWeightStart: drawn.scaleStart,
    withdrawGuard: 800n * SOL,
  });
  // Interest and means are as of this block, so that the simulation on it adds nothing to them.
  await land(net, ann, ann.send(interestUpdate('USDT'), interestUpdate('SOL')));
  return readingOf(net, ann.address);
}

const withdrawal = (ann: VelocityActor, asset: VelocityAsset, amount: bigint, reduceOnly = false): ProgramInstruction =>
  velocityInstruction(
    'withdraw',
    {
      authority: ann.address,
      user: ann.user,
      userStats: userStatsAddress(ann.address),
      vault: vaultAddress(SPOT_INDEX[asset]),
      tokenAccount: tokenAccountAddress(ann.address, MINTS[asset]),
    },
    { marketIndex: SPOT_INDEX[asset], amount, reduceOnly },
    everyMarket('spot'),
  );

const placement = (ann: VelocityActor, side: bigint, base: bigint): ProgramInstruction =>
  velocityInstruction(
    'placePerpOrder',
    { authority: ann.address, user: ann.user },
    plainOrder({
      orderType: 'limit',
      direction: side > 0n ? 'long' : 'short',
      base,
      price: side > 0n ? 76_000_000n : 77_000_000n,
    }),
    everyMarket('none'),
  );

interface World {
  readonly net: VelocityLocalnet;
  readonly ann: VelocityActor;
  readonly bob: VelocityActor;
  readonly found: { withdraw: number; order: number; liquidation: number };
}

/** What a withdrawal that must not borrow would move; null: it is refused. */
function moved(ann: VelocityActor, asset: VelocityAsset, amount: bigint): bigint | null {
  const { error, logs } = ann.simulate(withdrawal(ann, asset, amount, true));
  const record = velocityEvents(logs).events.find((event) => event.name === 'DepositRecord');
  return error === null && record?.name === 'DepositRecord' ? record.amount : null;
}

function checkWithdrawals({ ann, found }: World, reading: Reading): void {
  for (const asset of ['USDT', 'SOL'] as const) {
    const market = need(reading.markets.spot.find((each) => each.asset === asset) ?? null);
    const balance = reading.account.spot.find((each) => each.marketIndex === market.marketIndex);
    if (balance === undefined || balance.kind === 'borrow') continue;
    const held = tokenAmount(balance, market);
    const passes = (amount: bigint) => freeOf(withdrawn(reading, market.marketIndex, amount), 'initial') >= 0n;
    const last = held > 1n ? lastPassing(held, passes) : null;
    if (last === null) continue;
    found.withdraw++;
    const lands = (amount: bigint) => ann.wouldLand(withdrawal(ann, asset, amount));
    expect({ asset, last: lands(last), more: lands(last + 1n) }).toEqual({ asset, last: true, more: false });
    // Ours are all reduce-only, and the program cuts those by a rule of its own.
    const most = need(withdrawable(reading.account, reading.markets, asset));
    const [atMost, above] = [moved(ann, asset, most), moved(ann, asset, most + 1n)];
    expect({ asset, atMost, above: above ?? most }).toEqual({ asset, atMost: most, above: most });
  }
}

function checkOrders({ ann, found }: World, reading: Reading): void {
  const position = reading.account.perps[0];
  if (position === undefined || position.baseAmount === 0n) return;
  const side = position.baseAmount > 0n ? 1n : -1n;
  const last = lastPassing(1_000_000n, (steps) => freeOf(ordered(reading, side, steps * STEP), 'initial') >= 0n);
  if (last === null) return;
  found.order++;
  const lands = (steps: bigint) => ann.wouldLand(placement(ann, side, steps * STEP));
  expect({ last: lands(last), more: lands(last + 1n) }).toEqual({ last: true, more: false });
}

async function checkLiquidation({ net, ann, bob, found }: World, reading: Reading): Promise<void> {
  const position = reading.account.perps[0];
  if (position === undefined || position.baseAmount === 0n || freeOf(reading, 'maintenance') < 0n) return;
  const now = need(reading.markets.perps[0]?.oracle.price ?? null);
  const rising = freeOf(pricedAt(reading, 2n * now), 'maintenance') < 0n;
  const falling = freeOf(pricedAt(reading, now / 3n), 'maintenance') < 0n;
  if (rising === falling) return;
  const at = (moved: bigint): bigint => (rising ? now + moved : now - moved);
  const most = rising ? now : (now * 2n) / 3n;
  const last = lastPassing(most, (moved) => freeOf(pricedAt(reading, at(moved)), 'maintenance') >= 0n);
  if (last === null) return;
  found.liquidation++;
  const liquidation = bob.liquidation(
    ann.address,
    position.baseAmount < 0n ? -position.baseAmount : position.baseAmount,
  );
  const liquidatable = async (micro: bigint): Promise<boolean> => {
    net.oracles.SOL.trouble({ price: Number(micro) / 1e6 });
    // Far from its mean the program liquidates nobody.
    net.write(PERP_MARKET, MARKET, { oracleTwap: micro, oracleTwap5min: micro });
    await net.advance(1);
    return bob.wouldLand(liquidation);
  };
  expect({ safe: await liquidatable(at(last)), beyond: await liquidatable(at(last + 1n)) }).toEqual({
    safe: false,
    beyond: true,
  });
  net.oracles.SOL.trouble({});
  const gains = reading.markets.perps.some((each) => each.unrealizedPnlMaintenanceAssetWeight < WEIGHT_ONE);
  if (gains || reading.account.perps.some(({ openOrders }) => openOrders > 0)) return;
  const figure = liquidationPrice(reading.account, reading.markets, 'SOL-PERP');
  // The figure goes along a straight line from today's price, which weights that grow with size and roundings bend by little.
  expect(figure.kind === 'price' && Math.abs(Number(figure.price - at(last))) < Number(now) / 1_000).toBe(true);
}

describeOnVelocity('margin on the compiled program', (files) => {
  it('withdrawal, order and liquidation: the last unit passes, the next does not', async () => {
    const net = await stillVelocity({ files, keeper: { fills: false, cranks: false, liquidates: false } });
    const lender = await velocityTrader(net, 'lender', { usdt: 0n, sol: 900n * SOL });
    const ann = await velocityTrader(net, 'ann', { usdt: 20_000n * USDT, sol: 200n * SOL });
    const bob = await velocityTrader(net, 'bob', { usdt: 1_000n * USDT });
    net.write(USER, userAddress(bob.address), { 'spotPositions.0.scaledBalance': 300_000n * SOL });
    await land(net, lender, lender.updateAmm());
    const wrapping = wrapSol(ann.address, 0n).map(({ programId, keys, data }) => ({
      programId: programId.toBase58(),
      keys: keys.map(({ pubkey, isSigner, isWritable }) => ({
        address: pubkey.toBase58(),
        signer: isSigner,
        writable: isWritable,
      })),
      data,
    }));
    await land(net, ann, ann.send(...wrapping));
    const world: World = { net, ann, bob, found: { withdraw: 0, order: 0, liquidation: 0 } };
    await fc.assert(
      fc.asyncProperty(drawnCase, async (drawn) => {
        const reading = await made(net, ann, drawn);
        checkWithdrawals(world, reading);
        checkOrders(world, reading);
        await checkLiquidation(world, reading);
      }),
      // The same accounts in every `npm test`, so that each question is asked of some.
      LONG ? { numRuns: 160, endOnFailure: true } : { numRuns: 16, seed: 2, endOnFailure: true },
    );
    const { withdraw, order, liquidation } = world.found;

    expect(Math.min(withdraw, order, liquidation)).toBeGreaterThan(2);
  });
});
