import { describe, expect, it } from '@jest/globals';
import { balancesOf } from '../../../src/domain/figures/balances.ts';
import { accountPageOf } from '../../../src/domain/figures/explorer.ts';
import { snapshotOf } from '../../support/snapshots.ts';

describe('balances', () => {
  it('name what is owed beside what is deposited, with the weight and rate of a debt', () => {
    const [sol, quote] = balancesOf(snapshotOf({ sol: '-2.5', usdc: 500, walletSol: 1 }));
    expect(sol).toMatchObject({ deposited: 0n, borrowed: 2_500_000_000n, wallet: 1_000_000_000n, usd: -225_000_000n });
    expect(sol).toMatchObject({ weight: 1.1, apr: -0.1 });
    expect(quote).toMatchObject({ deposited: 500_000_000n, borrowed: 0n, weight: 1, apr: 0.05 });
  });

  it('hold nothing where there is no account, and what the wallet has', () => {
    const [sol, quote] = balancesOf(snapshotOf({ account: null }));
    expect(sol).toMatchObject({ deposited: 0n, borrowed: 0n, wallet: 5_000_000_000n, usd: 750_000_000n });
    expect(quote).toMatchObject({ deposited: 0n, wallet: 100_000_000n });
  });

  it('are unknown where the price, the rate or the market is', () => {
    const [sol] = balancesOf(snapshotOf({ oracleUsd: null, solMarket: { depositRate: null } }));
    expect(sol).toMatchObject({ deposited: 10_000_000_000n, usd: null, apr: null, weight: 0.9 });
    const unknown = snapshotOf();
    expect(balancesOf({ ...unknown, markets: { spot: [], perps: [] } })).toEqual([
      {
        asset: 'SOL',
        decimals: 9,
        wallet: 5_000_000_000n,
        deposited: null,
        borrowed: null,
        usd: null,
        weight: null,
        apr: null,
      },
    ]);
  });

  it('include what else the account holds, whose wallet is not read', () => {
    const snapshot = snapshotOf();
    const [usdc] = snapshot.markets.spot;
    const [balance] = snapshot.account?.spot ?? [];
    if (usdc === undefined || balance === undefined || snapshot.account === null) throw new Error('no market');
    const markets = {
      ...snapshot.markets,
      spot: [...snapshot.markets.spot, { ...usdc, marketIndex: 7, asset: 'mSOL' }],
    };
    const account = { ...snapshot.account, spot: [...snapshot.account.spot, { ...balance, marketIndex: 7 }] };
    expect(balancesOf({ ...snapshot, markets, account })[2]).toMatchObject({
      asset: 'mSOL',
      wallet: null,
      usd: 500_000_000n,
    });
    expect(balancesOf({ ...snapshot, markets }).map(({ asset }) => asset)).toEqual(['SOL', 'USDC']);
  });
});

describe("an account's page on the explorer", () => {
  it.each([
    ['https://solscan.io/tx/{signature}', 'https://solscan.io/account/A'],
    [
      'https://explorer.solana.com/tx/{signature}?cluster=devnet',
      'https://explorer.solana.com/address/A?cluster=devnet',
    ],
    ['https://explorer.solana.com/tx', 'https://explorer.solana.com/address/A'],
    ['https://example.org/chain/tx/', 'https://example.org/chain/address/A'],
    ['https://example.org/?hash={signature}', null],
    [null, null],
  ])('of %s is %s', (template, page) => {
    expect(accountPageOf(template, 'A')).toBe(page);
  });
});
