/** Each refusal that we explain, called forth on the compiled program: its number, and the name that the program logs for it. */
import driftIdl from '@drift-labs/sdk/lib/node/idl/drift.json' with { type: 'json' };
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { describeOnVelocity } from '../../../localnet/tests/support/velocity-files.ts';
import { land, SOL, startStillVelocity, USDT, velocityTrader } from '../../../localnet/tests/support/velocity-still.ts';
import type { VelocityActor } from '../../../localnet/velocity/actor.ts';
import type { VelocityLocalnet } from '../../../localnet/velocity/index.ts';
import { everyMarket } from '../../../localnet/velocity/markets.ts';
import type { AccountLayout } from '../../../src/venues/solana-perps/account-layout.ts';
import type { AnyScalar } from '../../../src/venues/solana-perps/wire-types.ts';
import { PERP_MARKET, SPOT_MARKET, STATE, USER_STATS } from '../../../src/venues/velocity/program/accounts.ts';
import {
  perpMarketAddress,
  spotMarketAddress,
  stateAddress,
  userAddress,
  userStatsAddress,
  vaultAddress,
} from '../../../src/venues/velocity/program/addresses.ts';
import { plainOrder, velocityInstruction } from '../../../src/venues/velocity/program/instructions.ts';
import { USER } from '../../../src/venues/velocity/program/user.ts';
import { velocityError } from '../../../src/venues/velocity/program-errors.ts';

type Fields = Readonly<Record<string, AnyScalar>>;
interface World {
  readonly net: VelocityLocalnet;
  /** Holds USDT and SOL, and is short. */
  readonly ann: VelocityActor;
}
interface Refusal {
  readonly what: string;
  /** What is changed on the chain first, and put back afterwards. */
  readonly with?: (world: World) => readonly (readonly [AccountLayout, string, Fields])[];
  readonly before?: (world: World) => Promise<void>;
  readonly attempt: (world: World) => string;
  readonly number: number;
}

const market = perpMarketAddress(0);
const usdt = spotMarketAddress(0);
const sol = spotMarketAddress(1);
const exchange = (exchangeStatus: number) => () => [[STATE, stateAddress(), { exchangeStatus }]] as const;
const perp = (fields: Fields) => () => [[PERP_MARKET, market, fields]] as const;
const spot = (address: string, fields: Fields) => () => [[SPOT_MARKET, address, fields]] as const;
const user = (fields: Fields) => (world: World) => [[USER, userAddress(world.ann.address), fields]] as const;

const PENNILESS = { 'spotPositions.0.scaledBalance': 1_000_000n, 'spotPositions.1.scaledBalance': 1_000_000n };
const breaker = ({ ann }: World) => [[USER_STATS, userStatsAddress(ann.address), { equityBreaker: 1 }]] as const;

const short = { direction: 'short', base: SOL / 10n, price: 75_000_000n } as const;
const long = { direction: 'long', base: SOL / 10n, price: 77_500_000n, reduceOnly: true } as const;
const enlarge = ({ ann }: World) => ann.placeAndTake(short);
const reduce = ({ ann }: World) => ann.placeAndTake(long);
const deposit = ({ ann }: World) => ann.deposit('USDT', USDT);
const withdraw = ({ ann }: World) => ann.withdraw('USDT', USDT);

const REFUSALS: readonly Refusal[] = [
  { what: 'nothing to deposit', attempt: ({ ann }) => ann.deposit('USDT', 0n), number: 6002 },
  {
    what: 'more than the margin allows',
    attempt: ({ ann }) => ann.placeAndTake({ ...short, base: 300n * SOL }),
    number: 6003,
  },
  { what: 'deposits are paused for everybody', with: exchange(1), attempt: deposit, number: 6024 },
  { what: 'withdrawals are paused for everybody', with: exchange(2), attempt: withdraw, number: 6024 },
  { what: 'fills are paused for everybody', with: exchange(8), attempt: reduce, number: 6024 },
  { what: 'everything is paused', with: exchange(255), attempt: ({ ann }) => ann.cancelOrders(), number: 6024 },
  { what: 'the cap of deposits', with: spot(usdt, { maxDeposits: 1n }), attempt: deposit, number: 6038 },
  { what: 'the market is reduce-only', with: perp({ status: 'reduceOnly' }), attempt: enlarge, number: 6046 },
  { what: 'below the smallest order', with: perp({ minOrderSize: SOL }), attempt: enlarge, number: 6056 },
  { what: 'below one step', attempt: ({ ann }) => ann.placeAndTake({ ...short, base: 1n }), number: 6059 },
  {
    what: 'an order after its time',
    attempt: ({ ann, net }) => ann.placeAndTake({ ...short, maxTs: BigInt(net.chain.head.time - 5) }),
    number: 6061,
  },
  { what: 'the account is being liquidated', with: user({ status: 1, ...PENNILESS }), attempt: enlarge, number: 6117 },
  { what: 'the account is bankrupt', with: user({ status: 2 }), attempt: withdraw, number: 6125 },
  {
    what: 'the guard of withdrawals',
    with: spot(sol, { withdrawGuard: 0n, depositTwap: 1_000_000n * SOL }),
    attempt: ({ ann }) => ann.withdraw('SOL', SOL),
    number: 6128,
  },
  { what: 'the asset takes no deposits', with: spot(usdt, { pausedOperations: 4 }), attempt: deposit, number: 6146 },
  { what: 'the asset pays nothing out', with: spot(usdt, { pausedOperations: 8 }), attempt: withdraw, number: 6149 },
  { what: 'the market is settled', with: perp({ status: 'settlement' }), attempt: reduce, number: 6147 },
  { what: 'the market is delisted', with: perp({ status: 'delisted' }), attempt: reduce, number: 6147 },
  { what: 'the market fills nothing', with: perp({ pausedOperations: 4 }), attempt: reduce, number: 6148 },
  { what: 'open interest above its cap, closing', with: perp({ maxOpenInterest: 1n }), attempt: reduce, number: 6154 },
  {
    what: 'a reduce-only market settles nothing',
    with: perp({ status: 'reduceOnly' }),
    attempt: ({ ann }) => ann.settlePnl(),
    number: 6158,
  },
  { what: 'the market is not open yet', with: perp({ status: 'initialized' }), attempt: enlarge, number: 6213 },
  { what: 'the account is reduce-only', with: user({ status: 4 }), attempt: enlarge, number: 6254 },
  {
    what: 'a condition of success where the AMM is paused',
    with: exchange(4),
    attempt: ({ ann }) =>
      ann.send(
        velocityInstruction(
          'placeAndTakePerpOrder',
          { user: ann.user, userStats: userStatsAddress(ann.address), authority: ann.address },
          { ...plainOrder(long), successCondition: 2 },
          everyMarket('perp'),
        ),
      ),
    number: 6289,
  },
  { what: 'equity below the floor', with: user({ equityFloor: 1_000_000n * USDT }), attempt: withdraw, number: 6358 },
  {
    what: 'equity below the floor, enlarging',
    with: user({ equityFloor: 1_000_000n * USDT }),
    attempt: enlarge,
    number: 6358,
  },
  {
    what: 'the breaker of the equity floor',
    with: breaker,
    attempt: withdraw,
    number: 6358,
  },
  { what: 'the breaker of the equity floor, enlarging', with: breaker, attempt: enlarge, number: 6358 },
  {
    what: 'a loss that leaves less than maintenance',
    with: user(PENNILESS),
    attempt: ({ ann }) => ann.settlePnl(),
    number: 6095,
  },
  {
    what: 'settling away from the average without the AMM',
    before: async ({ net }) => {
      net.oracles.SOL.follow({ kind: 'fixed', price: net.oracles.SOL.price * 1.01 });
      await net.advance(1);
    },
    attempt: ({ ann }) =>
      ann.send(
        velocityInstruction(
          'settlePnl',
          { user: ann.user, authority: ann.address, vault: vaultAddress(0) },
          { marketIndex: 0 },
          everyMarket('both'),
        ),
      ),
    number: 6096,
  },
];

/** The number that the chain says, and the name that the program logs beside it. */
async function refusalOf(
  { net, ann }: World,
  signature: string,
): Promise<{ number: number; name: string | undefined }> {
  await net.advance(1);
  await ann.done(signature).catch(() => {});
  const landed = net.chain.ledger.landingOn(signature, net.chain.head)?.landed;
  const custom = /"Custom":(\d+)/.exec(JSON.stringify(landed?.error ?? null));
  const names = (landed?.logs ?? []).flatMap((line) => /Error Code: (\w+)\. Error Number/.exec(line)?.[1] ?? []);
  return { number: Number(custom?.[1]), name: names.at(-1) };
}

describeOnVelocity('the refusals of the compiled program', (files) => {
  let world: World;
  beforeAll(async () => {
    const net = await startStillVelocity({ files, keeper: { fills: false, cranks: false, liquidates: false } });
    const ann = await velocityTrader(net, 'ann', { usdt: 500n * USDT, sol: 5n * SOL });
    await land(net, ann, ann.placeAndTake({ direction: 'short', base: 5n * SOL, price: 75_000_000n }));
    world = { net, ann };
  });
  afterAll(() => world?.net.stop());

  it.each(REFUSALS)('$what: $number', async ({ with: changes, before, attempt, number }) => {
    const { net } = world;
    const restored = (changes?.(world) ?? []).map(([layout, address, fields]) => {
      const was = Object.keys(fields).map((path) => [path, net.field(layout, address, path)] as const);
      net.write(layout, address, fields);
      return () => net.write(layout, address, Object.fromEntries(was) as Fields);
    });
    await net.advance(1);
    await before?.(world);
    const refused = await refusalOf(world, attempt(world));
    for (const restore of restored) restore();
    await net.advance(1);
    expect(refused).toEqual({ number, name: velocityError(number)?.name });
  });

  it.each([
    ['below the equity floor', user({ equityFloor: 1_000_000n * USDT })],
    ['under its breaker', breaker],
  ])('%s a position can still be reduced', async (_what, changes) => {
    const { net, ann } = world;
    for (const [layout, address, fields] of changes(world)) net.write(layout, address, fields);
    await net.advance(1);
    const events = await land(net, ann, reduce(world));
    expect(events.some((event) => event.name === 'OrderActionRecord' && event.action === 'fill')).toBe(true);
  });
});

describe('the names of the errors', () => {
  it('are those of Drift below 6350', () => {
    const drift = new Map(driftIdl.errors.map(({ code, name }) => [code, name]));
    for (let number = 6_000; number < 6_350; number++) {
      const known = velocityError(number);
      if (known !== null) expect([number, known.name]).toEqual([number, drift.get(number)]);
    }
  });

  it('of a number that we do not know there is none', () => {
    expect(velocityError(6_999)).toBeNull();
  });
});
