/** What is refused before anything is built: one sentence each, with the figure and the remedy. */
import { expect, it } from '@jest/globals';
import type { Intent } from '../../../src/domain/order/intent.ts';
import type { PerpsDeployment } from '../../../src/venues/solana-perps/deployment.ts';
import type { PerpsRead } from '../../../src/venues/solana-perps/read/perps-read.ts';
import { refusalOf } from '../../../src/venues/solana-perps/write/refusal.ts';
import { type Scenario, snapshotOf, sol, usd } from '../../support/snapshots.ts';

/** A read with what a refusal looks at. */
function readOf(scenario: Scenario, hasQuoteAccount = true): PerpsRead {
  const { account, markets, wallet, pauses } = snapshotOf(scenario);
  const [perp, base, quote] = [
    markets.perps[0],
    ...['SOL', 'USDC'].map((name) => markets.spot.find(({ asset }) => asset === name)),
  ];
  return {
    ...{ account, markets, pauses, openingCost: 0n, hedge: { perp, base, quote } },
    wallet: { ...wallet, tokens: { quote: { exists: hasQuoteAccount } } },
  } as unknown as PerpsRead;
}

const deposit = (asset: string, amount: bigint): Intent => ({ kind: 'deposit', asset, amount: amount.toString() });
const withdraw = (amount: bigint): Intent => ({ kind: 'withdraw', asset: 'SOL', amount: amount.toString() });
const debt = { usdc: -3 };

it.each<[string, Intent, PerpsRead, string, RegExp]>([
  [
    'a deposit from a wallet without an account of the quote token',
    deposit('USDC', usd(10)),
    readOf({ walletUsdc: 0 }, false),
    'INSUFFICIENT_FUNDS',
    /^The wallet has no USDC account\. The wallet holds 0 USDC; this needs 10 USDC\. Send USDC to the wallet first, or deposit less\.$/,
  ],
  [
    'a withdrawal above the guard',
    withdraw(sol(5)),
    readOf({ sol: 10, solMarket: { withdrawLimit: sol(4), withdrawGuardThreshold: sol(1) } }),
    'INSUFFICIENT_FUNDS',
    /^At most 4 SOL can be withdrawn; 5 was asked for\. The venue lets no more SOL leave .* More is free within a day\.$/,
  ],
  [
    'a withdrawal that a debt holds back',
    withdraw(sol(10)),
    readOf({ sol: 10, ...debt }),
    'INSUFFICIENT_FUNDS',
    /without borrowing\. A debt of 3 USDC blocks the rest\. Deposit a little more than that first\.$/,
  ],
  [
    'a withdrawal without a price',
    withdraw(sol(1)),
    readOf({ oracleUsd: null, ...debt }),
    'UNAVAILABLE',
    /^A price is missing \(SOL: .*\), so it is not known how much SOL .* Wait until there is one, or withdraw on the venue's own page\.$/,
  ],
])('%s', (_what, intent, read, code, message) => {
  const refusal = refusalOf(intent, read, { market: 'SOL-PERP' } as PerpsDeployment);
  expect(refusal).toMatchObject({ code, message: expect.stringMatching(message) });
});
