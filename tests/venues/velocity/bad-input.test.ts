/** What the venue refuses on Velocity: each in one sentence that says what to do, with nothing sent and nothing lost. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { onTestFinished } from '../../../localnet/tests/support/on-test-finished.ts';
import { describeOnVelocity } from '../../../localnet/tests/support/velocity-files.ts';
import { SOL, startStillVelocity, USDT } from '../../../localnet/tests/support/velocity-still.ts';
import type { VelocityLocalnet } from '../../../localnet/velocity/index.ts';
import type { Intent } from '../../../src/domain/order/intent.ts';
import type { ErrorReport } from '../../../src/lib/errors.ts';
import type { AccountLayout } from '../../../src/venues/solana-perps/account-layout.ts';
import { PerpsReader } from '../../../src/venues/solana-perps/read/perps-reader.ts';
import type { AnyScalar } from '../../../src/venues/solana-perps/wire-types.ts';
import { SolanaPerpsWriting } from '../../../src/venues/solana-perps/write/perps-writing.ts';
import { PERP_MARKET, SPOT_MARKET, STATE } from '../../../src/venues/velocity/program/accounts.ts';
import {
  perpMarketAddress,
  spotMarketAddress,
  stateAddress,
  userAddress,
} from '../../../src/venues/velocity/program/addresses.ts';
import { USER } from '../../../src/venues/velocity/program/user.ts';
import { walletOnVelocity } from '../../support/drift-wallet.ts';

const FINAL_SLOTS = 40;
const CONFIRMED_SLOTS = 4;
const HOUR_MS = 3_600_000;
type Fields = Readonly<Record<string, AnyScalar>>;
type Change = readonly [AccountLayout, string, Fields];

interface BadInput {
  readonly what: string;
  readonly with?: (net: VelocityLocalnet) => readonly Change[];
  readonly intent: Intent | ((net: VelocityLocalnet) => Intent);
  readonly code: string;
  readonly says: RegExp;
}

const market = perpMarketAddress(0);
const perp = (fields: Fields) => (): readonly Change[] => [[PERP_MARKET, market, fields]];
const spot = (index: number, fields: Fields) => (): readonly Change[] => [
  [SPOT_MARKET, spotMarketAddress(index), fields],
];
const user =
  (fields: Fields) =>
  (net: VelocityLocalnet): readonly Change[] => [[USER, userAddress(net.wallet.address), fields]];
const withdraw = (asset: string, amount: bigint): Intent => ({ kind: 'withdraw', asset, amount: amount.toString() });
const deposit = (asset: string, amount: bigint): Intent => ({ kind: 'deposit', asset, amount: amount.toString() });
const trade =
  (sol: bigint, reduceOnly: boolean) =>
  (net: VelocityLocalnet): Intent => ({
    kind: 'order',
    market: 'SOL-PERP',
    size: (sol / 10n).toString(),
    reduceOnly,
    priceLimit: sol < 0n ? '70000000' : '80000000',
    maxTsMs: net.chain.head.time * 1_000 + HOUR_MS,
    cancelOpenOrders: reduceOnly,
  });
const enlarge = trade(-SOL, false);
const reduce = trade(SOL, true);

const BAD_INPUT: readonly BadInput[] = [
  {
    what: 'more than the wallet holds',
    intent: deposit('USDT', 1n << 50n),
    code: 'INSUFFICIENT_FUNDS',
    says: /wallet holds .* USDT; this needs .* Send USDT to the wallet first/,
  },
  {
    what: 'an odd size',
    intent: (net) => ({ ...(enlarge(net) as Extract<Intent, { kind: 'order' }>), size: '-100000001' }),
    code: 'INVALID_FIELD',
    says: /step/,
  },
  {
    what: 'a market delisted while a position is open',
    with: perp({ status: 'delisted' }),
    intent: reduce,
    code: 'VENUE_PAUSED',
    says: /it is delisted\. A position that still stands in it .* only Velocity's administrators can end that\./,
  },
  {
    what: 'a market in settlement',
    with: perp({ status: 'settlement' }),
    intent: reduce,
    code: 'VENUE_PAUSED',
    says: /being settled at its expiry price\. Settle PnL: that closes what stands in it .*Then withdraw\./,
  },
  {
    what: 'a reduce-only market: settling',
    with: perp({ status: 'reduceOnly' }),
    intent: { kind: 'settle', market: 'SOL-PERP' },
    code: 'VENUE_PAUSED',
    says: /reduce-only/,
  },
  {
    what: 'a reduce-only market: enlarging',
    with: perp({ status: 'reduceOnly' }),
    intent: enlarge,
    code: 'VENUE_PAUSED',
    says: /reduce-only/,
  },
  {
    what: 'open interest above its cap: closing',
    with: perp({ maxOpenInterest: 1n }),
    intent: reduce,
    code: 'VENUE_PAUSED',
    says: /open interest/i,
  },
  {
    what: 'a withdrawal above the guard',
    with: spot(1, { withdrawGuard: 0n, depositTwap: 1_000_000n * SOL }),
    intent: withdraw('SOL', SOL),
    code: 'INSUFFICIENT_FUNDS',
    says: /At most .* SOL can be withdrawn; 1 was asked for\. The venue lets no more SOL leave .*within a day\./,
  },
  {
    what: 'a withdrawal below the equity floor',
    with: user({ equityFloor: 1_000_000n * USDT }),
    intent: withdraw('USDT', USDT),
    code: 'VENUE_PAUSED',
    says: /floor/,
  },
  {
    what: 'enlarging below the equity floor',
    with: user({ equityFloor: 1_000_000n * USDT }),
    intent: enlarge,
    code: 'VENUE_PAUSED',
    says: /floor/,
  },
  {
    what: 'everything paused',
    with: () => [[STATE, stateAddress(), { exchangeStatus: 255 }]],
    intent: reduce,
    code: 'VENUE_PAUSED',
    says: /paused/,
  },
  {
    what: 'a deposit above the cap',
    with: spot(0, { maxDeposits: 1n }),
    intent: deposit('USDT', USDT),
    code: 'VENUE_PAUSED',
    says: /no more deposits/,
  },
  {
    what: 'an oracle of an unknown kind',
    with: spot(1, { oracleSource: 99 }),
    intent: withdraw('SOL', SOL),
    code: 'UNAVAILABLE',
    says: /price is missing \(SOL: of a kind that is not supported \(.*99.*\)\), .* withdraw on the venue's own page/,
  },
];

describeOnVelocity('bad input on Velocity', (files) => {
  let net: VelocityLocalnet;
  const writer = () => {
    const { chain, clock, deployment } = walletOnVelocity(net, { newsWaitMs: 0 });
    onTestFinished(() => chain.close());
    const reader = new PerpsReader({ pool: chain.pool, deployment, clock });
    return new SolanaPerpsWriting({ chain, reader, clock });
  };
  const bytes = () =>
    Buffer.from(net.chain.bank.accountAt(net.chain.head, userAddress(net.wallet.address))?.data ?? []);

  beforeAll(async () => {
    net = await startStillVelocity({
      files,
      clock: 'slots',
      keeper: { fills: false, cranks: false, liquidates: false },
    });
    const actor = net.actor(net.wallet.secretKey);
    for (const act of [
      () => actor.initialize('bad input'),
      () => actor.deposit('USDT', 500n * USDT),
      () => actor.deposit('SOL', 5n * SOL),
      () => actor.placeAndTake({ direction: 'short', base: 5n * SOL, price: 70_000_000n }),
    ]) {
      const signature = act();
      await net.advance(1);
      await actor.done(signature);
    }
    await net.advance(FINAL_SLOTS);
  });
  afterAll(() => net?.stop());

  it.each(BAD_INPUT)('$what: $code', async ({ with: changes, intent, code, says }) => {
    const restored = (changes?.(net) ?? []).map(([layout, address, fields]) => {
      const was = Object.keys(fields).map((path) => [path, net.field(layout, address, path)] as const);
      net.write(layout, address, fields);
      return () => net.write(layout, address, Object.fromEntries(was) as Fields);
    });
    await net.advance(CONFIRMED_SLOTS);
    const before = bytes();
    const simulation = await writer().simulate(typeof intent === 'function' ? intent(net) : intent);
    const error: ErrorReport = simulation.ok ? { code: 'OK', message: 'it would go through' } : simulation.error;
    expect({ code: error.code, told: `${error.message} ${String(error.details?.detail ?? '')}` }).toEqual({
      code,
      told: expect.stringMatching(says),
    });
    expect(bytes().equals(before)).toBe(true);
    for (const restore of restored) restore();
    await net.advance(1);
  });

  it('a market in settlement takes a settle, whose simulation closes the position and nothing else', async () => {
    const fields = ['status', 'expiryTs', 'expiryPrice'];
    const was = fields.map((path) => [path, net.field(PERP_MARKET, market, path)] as const);
    const expiryTs = BigInt(net.chain.head.time - 1_000_000);
    net.write(PERP_MARKET, market, { status: 'settlement', expiryTs, expiryPrice: 76_000_000n });
    await net.advance(CONFIRMED_SLOTS);
    expect(await writer().simulate({ kind: 'settle', market: 'SOL-PERP' })).toMatchObject({ ok: true });
    net.write(PERP_MARKET, market, Object.fromEntries(was) as Fields);
    await net.advance(1);
  });

  it('a loss that a stranger settles becomes a debt: it is read as one, and a withdrawal says how to repay it', async () => {
    const account = userAddress(net.wallet.address);
    const slots = ['spotPositions.0', 'spotPositions.1'];
    const usdt = slots.find((slot) => net.field(USER, account, `${slot}.marketIndex`) === 0) ?? 'spotPositions.0';
    const { price } = net.oracles.SOL;
    const bob = net.actor('bob');
    await net.advance(1);
    net.write(USER, account, { [`${usdt}.scaledBalance`]: 1_000_000_000n });
    net.oracles.SOL.follow({ kind: 'fixed', price: price * 1.01 });
    await net.advance(1);
    const signature = bob.settlePnl(net.wallet.address);
    await net.advance(1);
    await bob.done(signature);
    expect(net.field(USER, account, `${usdt}.balanceType`)).toBe('borrow');
    await net.advance(CONFIRMED_SLOTS);
    const simulation = await writer().simulate(withdraw('SOL', 5n * SOL));
    expect(simulation).toMatchObject({
      ok: false,
      error: {
        code: 'INSUFFICIENT_FUNDS',
        message: expect.stringMatching(/A debt of \S+ USDT blocks the rest\. Deposit a little more than that first\./),
      },
    });
    net.oracles.SOL.follow({ kind: 'fixed', price });
  });
});
