import { describe, expect, it } from '@jest/globals';
import type { Asset, Markets } from '../../../src/domain/account/account.ts';
import { decodeSnapshot, encodeSnapshot, type Snapshot } from '../../../src/domain/account/snapshot.ts';
import { baseMarket, marketOfAsset, quoteMarket } from '../../../src/domain/account/spot-markets.ts';
import { accountFigures } from '../../../src/domain/figures/account-figures.ts';
import { evaluateGates } from '../../../src/domain/gates/gates.ts';
import { accountAfter } from '../../../src/domain/hedge/account-after.ts';
import { judgeProfitability } from '../../../src/domain/hedge/carry.ts';
import { assessMargin } from '../../../src/domain/margin/margin.ts';
import { lamports } from '../../../src/domain/money/units.ts';
import type { SizedOperation } from '../../../src/domain/order/operation-request.ts';
import { planCommand } from '../../../src/domain/planning/plan-command.ts';
import { COMMANDED, NOW_MS, paperPolicy, type Scenario, snapshotOf, sol } from '../../support/snapshots.ts';

/** The same venue as a successor might number and name it: quote 5 `USDX`, SOL 9, the perp 3. */
const SPOT: Readonly<Record<number, number>> = { 0: 5, 1: 9 };
function renumbered(snapshot: Snapshot): Snapshot {
  const { account, markets } = snapshot;
  const spot = markets.spot.map((market) => ({
    ...market,
    marketIndex: SPOT[market.marketIndex] ?? -1,
    asset: market.asset === 'USDC' ? 'USDX' : market.asset,
  }));
  const perps = markets.perps.map((market) => ({ ...market, marketIndex: 3, quoteSpotMarketIndex: 5 }));
  const moved = account && {
    ...account,
    spot: account.spot.map((balance) => ({ ...balance, marketIndex: SPOT[balance.marketIndex] ?? -1 })),
    perps: account.perps.map((position) => ({ ...position, marketIndex: 3 })),
  };
  return { ...snapshot, account: moved, markets: { spot, perps } satisfies Markets };
}

const SCENARIOS: readonly (readonly [string, Scenario])[] = [
  ['a hedged account', { perp: '-9.7' }],
  ['an account that owes the quote', { perp: '-5', usdc: -300 }],
  ['an account with its own margin ratio', { usdc: 800, account: { maxMarginRatio: 3_000 } }],
];
/** Its quote asset by the other name, wherever it stands: in an operation, in units, in sentences. */
const renamed = <T>(value: T): T =>
  JSON.parse(
    JSON.stringify(value, (_, one: unknown) => (typeof one === 'bigint' ? `${one}n` : one)).replaceAll('USDC', 'USDX'),
  );
const capital = (kind: 'deposit' | 'withdraw', asset: Asset, amount: bigint): SizedOperation => ({
  kind,
  asset,
  amount: amount.toString(),
});
const OPERATIONS: readonly SizedOperation[] = [
  capital('deposit', 'USDC', 50_000_000n),
  capital('withdraw', 'USDC', 50_000_000n),
  capital('deposit', 'SOL', sol('1')),
  capital('withdraw', 'SOL', sol('1')),
  { kind: 'settle', market: 'SOL-PERP' },
];

describe.each(SCENARIOS)('%s where markets have other numbers and the quote another name', (_, scenario) => {
  const snapshot = snapshotOf(scenario);
  const elsewhere = renumbered(snapshot);

  it('has the same figures', () => {
    const policy = paperPolicy();
    expect(accountFigures(elsewhere, policy, null)).toEqual(renamed(accountFigures(snapshot, policy, null)));
    const margin = ({ account, markets }: Snapshot) => account && assessMargin(account, markets);
    expect(margin(elsewhere)).toEqual(margin(snapshot));
    const judged = (of: Snapshot) => judgeProfitability(of, lamports(5_000_000_000n), 'short', policy);
    expect(judged(elsewhere)).toEqual(judged(snapshot));
  });

  it('has the same gates', () => {
    for (const operation of OPERATIONS) {
      const report = (of: Snapshot, asked: SizedOperation) =>
        evaluateGates({ ...COMMANDED, snapshot: of, operation: asked, policy: paperPolicy(), nowMs: NOW_MS });
      expect(report(elsewhere, renamed(operation))).toEqual(renamed(report(snapshot, operation)));
    }
  });

  it('moves the same money', () => {
    for (const asset of ['SOL', 'USDC'] as const) {
      const change = { kind: 'deposit', asset, amount: 7_000_000n } as const;
      const after = accountAfter(snapshot, change);
      const moved = after && renumbered({ ...snapshot, account: after.account });
      expect(accountAfter(elsewhere, { ...change, asset: renamed(asset) })).toEqual(
        moved && { account: moved.account, wallet: after.wallet },
      );
    }
  });
});

describe('a market set without the perp', () => {
  it('goes by names, and knows no market that is not there', () => {
    const { markets } = snapshotOf();
    const spotOnly = { ...markets, perps: [] };
    expect([quoteMarket(spotOnly)?.asset, baseMarket(spotOnly)?.asset]).toEqual(['USDC', 'SOL']);
    const another = { ...markets.spot[0], marketIndex: 7, asset: 'mSOL' } as never;
    expect(quoteMarket({ spot: [...markets.spot, another], perps: [] })).toBeNull();
    expect([quoteMarket({ spot: [], perps: [] }), baseMarket({ ...markets, spot: [] })]).toEqual([null, null]);
  });
});

describe('an asset that the account does not have', () => {
  const elsewhere = renumbered(snapshotOf());

  it('has no market, and no gate lets it pass', () => {
    expect([marketOfAsset(elsewhere.markets, 'USDC'), marketOfAsset(elsewhere.markets, 'BTC')]).toEqual([null, null]);
    expect(marketOfAsset(elsewhere.markets, 'USDX')?.marketIndex).toBe(5);
    for (const kind of ['deposit', 'withdraw'] as const) {
      const operation = capital(kind, 'USDC', 1_000_000n);
      const report = evaluateGates({
        ...COMMANDED,
        snapshot: elsewhere,
        operation,
        policy: paperPolicy(),
        nowMs: NOW_MS,
      });
      expect(report.gates.find(({ code }) => code === 'INSUFFICIENT_FUNDS')).toMatchObject({
        blocks: true,
        have: null,
      });
    }
  });

  it('is refused by the name of the right one', () => {
    const state = { hedgeTargetPpm: 1_000_000, cooldownUntilMs: null, shown: null, nowMs: NOW_MS };
    const plan = planCommand(
      { kind: 'deposit', asset: 'USDC', amount: '1000000' },
      { ...state, snapshot: elsewhere, policy: paperPolicy() },
    );
    expect(plan).toMatchObject({
      kind: 'refuse',
      error: { code: 'INVALID_FIELD', details: { field: 'asset', got: 'USDC', expected: '"SOL" or "USDX"' } },
    });
  });
});

it('a snapshot from when every quote asset was USDC is still read', () => {
  const { wallet, ...rest } = encodeSnapshot(snapshotOf({ walletUsdc: 12 }));
  const { quote, ...others } = wallet;
  const old = { ...rest, wallet: { ...others, usdc: quote } } as never;
  expect(decodeSnapshot(old).wallet).toEqual(snapshotOf({ walletUsdc: 12 }).wallet);
});
