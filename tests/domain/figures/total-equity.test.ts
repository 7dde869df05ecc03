import { expect, it } from '@jest/globals';
import { totalEquity, walletWorth } from '../../../src/domain/figures/total-equity.ts';
import { snapshotOf } from '../../support/snapshots.ts';

it.each([
  ['nothing', [], { sum: null, unknown: 0 }],
  [
    'paper accounts, each with a wallet of its own',
    [
      [150n, 100n, null],
      [130n, 100n, null],
    ],
    { sum: 280n, unknown: 0 },
  ],
  [
    'sub-accounts of one wallet',
    [
      [150n, 100n, 'A'],
      [130n, 100n, 'A'],
      [100n, 100n, 'A'],
    ],
    { sum: 180n, unknown: 0 },
  ],
  [
    'two wallets',
    [
      [150n, 100n, 'A'],
      [130n, 100n, 'A'],
      [70n, 20n, 'B'],
    ],
    { sum: 250n, unknown: 0 },
  ],
  [
    'one that is unknown',
    [
      [150n, 100n, 'A'],
      [null, null, 'A'],
    ],
    { sum: 150n, unknown: 1 },
  ],
  ['only unknown ones', [[null, null, 'A']], { sum: null, unknown: 1 }],
] as const)('%s', (_, engines, expected) => {
  expect(totalEquity(engines.map(([equity, wallet, authority]) => ({ equity, wallet, authority })))).toEqual(expected);
});

it('a wallet is worth its SOL and its quote asset at their prices, and unknown without one that it needs', () => {
  const snapshot = snapshotOf({ oracleUsd: 150, walletUsdc: 20 });
  const wallet = { ...snapshot.wallet, sol: 2_000_000_000n as typeof snapshot.wallet.sol };
  expect(walletWorth({ ...snapshot, wallet })).toBe(320_000_000n);
  expect(walletWorth({ ...snapshotOf({ oracleUsd: null }), wallet })).toBeNull();
});
