/**
 * Margin, held to the compiled program: the last amount that our figures allow is allowed there, and one unit more is
 * refused. The program is asked by simulation, on generated accounts.
 */
import { expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { perpMarketAddress, spotMarketAddress, stateAddress, userAddress } from '../../../localnet/drift/addresses.ts';
import type { DriftActor, DriftLocalnet } from '../../../localnet/drift/index.ts';
import { interestUpdate } from '../../../localnet/drift/keeper.ts';
import { DRIFT_PROGRAM_ID } from '../../../localnet/drift/program.ts';
import { wrapSol } from '../../../localnet/perps/wrapped-sol.ts';
import { describeOnDrift } from '../../../localnet/tests/support/drift-program.ts';
import { land, SOL, stillDrift, trader, USDC } from '../../../localnet/tests/support/drift-still.ts';
import { liquidationPrice, tokenAmount, withdrawable } from '../../../src/domain/margin/margin.ts';
import { decodeDriftAccount, decodeOracleAccount } from '../../../src/venues/drift/account-decoder.ts';
import { decodeAccount, decodeMarkets } from '../../../src/venues/drift/decode.ts';
import { driftEvents } from '../../../src/venues/drift/events/drift-events.ts';
import { LONG } from '../../support/long.ts';
import {
  freeOf,
  lastPassing,
  need,
  ordered,
  pricedAt,
  type Reading,
  withdrawn,
} from '../../support/margin-bisection.ts';

jest.setTimeout(900_000);
/** The market's, at 1e9. */
const STEP = 100_000_000n;
const SOL_PRICE = 150_000_000n;
const WEIGHT_ONE = 10_000;
const SPOT = { USDC: 0, SOL: 1 } as const;

/** What a person's account may be, and what an administrator may set. Scaled balances are at 1e9. */
const drawnCase = fc.record({
  usdc: fc.bigInt({ min: -3_000n, max: 20_000n }).map((tokens) => (tokens === 0n ? 0n : tokens * SOL + 7n)),
  sol: fc.bigInt({ min: -20_000n, max: 100_000n }).map((milli) => (milli === 0n ? 0n : milli * 1_000_000n + 3n)),
  base: fc.integer({ min: -600, max: 600 }).map((steps) => BigInt(steps) * STEP),
  entryUsd: fc.integer({ min: 138, max: 165 }),
  unsettledRate: fc.bigInt({ min: -2_000_000_000n, max: 2_000_000_000n }),
  accountRatio: fc.constantFrom(0n, 0n, 1_000n, 4_000n),
  openAsks: fc.constantFrom(0n, -100n * STEP),
  perpImf: fc.constantFrom(200n, 50_000n, 400_000n),
  solImf: fc.constantFrom(1_250n, 100_000n),
  scaleStart: fc.constantFrom(150_000_000_000_000n, 20_000_000_000n),
  gainWeight: fc.constantFrom(0n, 7_000n, 10_000n),
  gainWeightMaintenance: fc.constantFrom(9_500n, 10_000n),
  gainImf: fc.constantFrom(0n, 40_000n),
  usdcMean: fc.constantFrom(998_500n, 1_000_000n, 1_003_000n),
  solMean: fc.constantFrom(146_000_000n, 150_000_000n, 155_000_000n),
});
type DrawnCase = typeof drawnCase extends fc.Arbitrary<infer T> ? T : never;

interface World {
  readonly net: DriftLocalnet;
  readonly ann: DriftActor;
  readonly bob: DriftActor;
  readonly found: { withdraw: number; order: number; liquidation: number };
}

function readingOf(net: DriftLocalnet, authority: string): Reading {
  const { head, bank } = net.chain;
  const dataAt = (address: string): Uint8Array => need(bank.accountAt(head, address)).data;
  const spot = [0, 1].map((index) => {
    const market = decodeDriftAccount('SpotMarket', dataAt(spotMarketAddress(index)));
    return { market, oracle: decodeOracleAccount(market.oracleSource, Buffer.from(dataAt(market.oracle))) };
  });
  const perp = decodeDriftAccount('PerpMarket', dataAt(perpMarketAddress(0)));
  const oracle = decodeOracleAccount(perp.oracleSource, Buffer.from(dataAt(perp.oracle)));
  const state = decodeDriftAccount('State', dataAt(stateAddress()));
  const at = { slot: head.slot, nowMs: head.time * 1_000, state, feeTier: 0 };
  return {
    account: decodeAccount(decodeDriftAccount('User', dataAt(userAddress(authority)))),
    markets: decodeMarkets({ ...at, spot, perps: [{ market: perp, oracle }] }),
  };
}

async function made({ net, ann }: World, drawn: DrawnCase): Promise<Reading> {
  net.oracles.sol.follow({ kind: 'fixed', price: Number(SOL_PRICE) / 1e6 });
  const size = drawn.base < 0n ? -drawn.base : drawn.base;
  const quote = (BigInt(drawn.entryUsd) * size * (drawn.base < 0n ? 1n : -1n)) / 1_000n;
  const cumulative = `amm.cumulativeFundingRate${drawn.base < 0n ? 'Short' : 'Long'}`;
  const last = need(net.accounts.read({ kind: 'PerpMarket', index: 0 }, cumulative));
  const user = (fields: Readonly<Record<string, bigint | string>>): void => {
    for (const [path, value] of Object.entries(fields))
      net.accounts.write({ kind: 'User', authority: ann.address }, path, value);
  };
  const balance = (slot: number, index: number, scaled: bigint) => ({
    [`spotPositions.${slot}.scaledBalance`]: scaled < 0n ? -scaled : scaled,
    [`spotPositions.${slot}.marketIndex`]: BigInt(index),
    [`spotPositions.${slot}.balanceType`]: scaled < 0n ? 'borrow' : 'deposit',
  });
  user({
    status: 0n,
    maxMarginRatio: drawn.accountRatio,
    ...balance(0, SPOT.USDC, drawn.usdc),
    ...balance(1, SPOT.SOL, drawn.sol),
    'perpPositions.0.marketIndex': 0n,
    'perpPositions.0.baseAssetAmount': drawn.base,
    'perpPositions.0.quoteAssetAmount': quote,
    'perpPositions.0.quoteEntryAmount': quote,
    'perpPositions.0.lastCumulativeFundingRate': last - drawn.unsettledRate,
    'perpPositions.0.openOrders': drawn.openAsks === 0n ? 0n : 1n,
    'perpPositions.0.openAsks': drawn.openAsks,
  });
  const perp = { kind: 'PerpMarket', index: 0 } as const;
  net.accounts.write(perp, 'imfFactor', drawn.perpImf);
  net.accounts.write(perp, 'unrealizedPnlInitialAssetWeight', drawn.gainWeight);
  net.accounts.write(perp, 'unrealizedPnlMaintenanceAssetWeight', drawn.gainWeightMaintenance);
  net.accounts.write(perp, 'unrealizedPnlImfFactor', drawn.gainImf);
  // The position is written, not traded: who closes it must be counted.
  for (const count of ['numberOfUsers', 'numberOfUsersWithBase']) net.accounts.write(perp, count, 10n);
  centred(net, SOL_PRICE);
  const sol = { kind: 'SpotMarket', index: SPOT.SOL } as const;
  const usdc = { kind: 'SpotMarket', index: SPOT.USDC } as const;
  net.accounts.write(usdc, 'historicalOracleData.lastOraclePriceTwap5Min', drawn.usdcMean);
  net.accounts.write(sol, 'historicalOracleData.lastOraclePriceTwap5Min', drawn.solMean);
  net.accounts.write(sol, 'imfFactor', drawn.solImf);
  net.accounts.write(sol, 'scaleInitialAssetWeightStart', drawn.scaleStart);
  // Interest and means are as of this block, so that the simulation on it adds nothing to them.
  await land(net, ann, ann.send(interestUpdate(SPOT.USDC), interestUpdate(SPOT.SOL)));
  return readingOf(net, ann.address);
}

/** Far from its mean the program liquidates nobody. */
function centred(net: DriftLocalnet, micro: bigint): void {
  for (const mean of ['lastOraclePriceTwap', 'lastOraclePriceTwap5Min'])
    net.accounts.write({ kind: 'PerpMarket', index: 0 }, `amm.historicalOracleData.${mean}`, micro);
}

/** What a withdrawal that must not borrow would move; null: it is refused. */
function moved(ann: DriftActor, asset: 'USDC' | 'SOL', amount: bigint): bigint | null {
  const { error, logs } = ann.simulate(ann.withdrawal(asset, amount));
  const record = driftEvents(logs, DRIFT_PROGRAM_ID).events.find(({ kind }) => kind === 'withdraw');
  return error === null && record?.kind === 'withdraw' ? record.amount : null;
}

function checkWithdrawals({ ann, found }: World, reading: Reading): void {
  for (const asset of ['USDC', 'SOL'] as const) {
    const market = need(reading.markets.spot.find((each) => each.asset === asset) ?? null);
    const balance = reading.account.spot.find((each) => each.marketIndex === market.marketIndex);
    if (balance === undefined || balance.kind === 'borrow') continue;
    const held = tokenAmount(balance, market);
    const passes = (amount: bigint) => freeOf(withdrawn(reading, market.marketIndex, amount), 'initial') >= 0n;
    const last = held > 1n ? lastPassing(held, passes) : null;
    if (last === null) continue;
    found.withdraw++;
    const lands = (amount: bigint) => ann.wouldLand(ann.withdrawal(asset, amount, false));
    expect({ asset, last: lands(last), more: lands(last + 1n) }).toEqual({ asset, last: true, more: false });
    // Ours are all reduce-only, and later builds cut those by a micro-USD more than this one: what we call movable moves whole.
    const most = need(withdrawable(reading.account, reading.markets, asset));
    expect({ asset, moved: moved(ann, asset, most) }).toEqual({ asset, moved: most });
  }
}

function checkOrders({ ann, found }: World, reading: Reading): void {
  const position = reading.account.perps[0];
  if (position === undefined || position.baseAmount === 0n) return;
  const side = position.baseAmount > 0n ? 1n : -1n;
  const last = lastPassing(1_000_000n, (steps) => freeOf(ordered(reading, side, steps * STEP), 'initial') >= 0n);
  if (last === null) return;
  found.order++;
  const lands = (steps: bigint) =>
    ann.wouldLand(
      ann.limitOrder(side > 0n ? 'long' : 'short', steps * STEP, SOL_PRICE + (side > 0n ? -1_000_000n : 1_000_000n)),
    );
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
  const last = lastPassing(
    rising ? now : (now * 2n) / 3n,
    (moved) => freeOf(pricedAt(reading, at(moved)), 'maintenance') >= 0n,
  );
  if (last === null) return;
  found.liquidation++;
  const size = position.baseAmount < 0n ? -position.baseAmount : position.baseAmount;
  const liquidatable = async (micro: bigint): Promise<boolean> => {
    net.oracles.sol.follow({ kind: 'fixed', price: Number(micro) / 1e6 });
    centred(net, micro);
    await net.advance(1);
    return bob.wouldLand(bob.liquidation(ann.address, size));
  };
  expect({ safe: await liquidatable(at(last)), beyond: await liquidatable(at(last + 1n)) }).toEqual({
    safe: false,
    beyond: true,
  });
  const gains = reading.markets.perps.some((each) => each.unrealizedPnlMaintenanceAssetWeight < WEIGHT_ONE);
  if (gains || position.openOrders > 0) return;
  const figure = liquidationPrice(reading.account, reading.markets, 'SOL-PERP');
  // The figure goes along a straight line from today's price, which weights that grow with size and roundings bend by little.
  expect(figure.kind === 'price' && Math.abs(Number(figure.price - at(last))) < Number(now) / 1_000).toBe(true);
}

describeOnDrift('margin on the compiled Drift program', () => {
  it('withdrawal, order and liquidation: the last unit passes, the next does not', async () => {
    const net = await stillDrift({ keeper: { fills: false, cranks: false, liquidates: false } });
    const lender = await trader(net, 'lender', { usdc: 40_000n * USDC, sol: 900n * SOL });
    const ann = await trader(net, 'ann', { usdc: 20_000n * USDC, sol: 100n * SOL });
    const bob = await trader(net, 'bob', { usdc: 1_000n * USDC });
    net.accounts.write({ kind: 'User', authority: bob.address }, 'spotPositions.0.scaledBalance', 3_000_000n * SOL);
    await land(net, lender, lender.send(interestUpdate(SPOT.USDC)));
    await land(net, ann, ann.send(...wrapSol(ann.address, 0n)));
    const world: World = { net, ann, bob, found: { withdraw: 0, order: 0, liquidation: 0 } };
    await fc.assert(
      fc.asyncProperty(drawnCase, async (drawn) => {
        const reading = await made(world, drawn);
        checkWithdrawals(world, reading);
        checkOrders(world, reading);
        await checkLiquidation(world, reading);
      }),
      // The same accounts in every `npm test`, so that each question is asked of some.
      LONG ? { numRuns: 160, endOnFailure: true } : { numRuns: 16, seed: 5, endOnFailure: true },
    );
    const { withdraw, order, liquidation } = world.found;
    expect(Math.min(withdraw, order, liquidation)).toBeGreaterThan(2);
  });
});
