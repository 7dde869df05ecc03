/** Each flag and status of the table in docs/architecture/velocity-venue.md, and what it forbids here. */
import { expect, it } from '@jest/globals';
import { describeOnVelocity } from '../../../../localnet/tests/support/velocity-files.ts';
import type { AnyScalar } from '../../../../src/venues/solana-perps/wire-types.ts';
import { velocityPauses } from '../../../../src/venues/velocity/read/pauses.ts';
import { perpWith, quoteWith, solWith, stateWith, statsWith, userWith } from './support.ts';

type Fields = Readonly<Record<string, AnyScalar>>;
interface Changes {
  readonly state?: Fields;
  readonly market?: Fields;
  readonly base?: Fields;
  readonly quote?: Fields;
  readonly user?: Fields;
  readonly stats?: Fields;
  readonly collateral?: bigint;
}

const NOW_MS = 1_786_205_423_000;

describeOnVelocity('pauses', (files) => {
  function pausesWith(changes: Changes) {
    return velocityPauses({
      state: stateWith(files, changes.state),
      market: perpWith(files, changes.market),
      base: solWith(files, changes.base),
      quote: quoteWith(files, changes.quote),
      user: userWith(changes.user),
      userStats: statsWith(changes.stats),
      collateral: changes.collateral ?? 1_000_000_000n,
      nowMs: NOW_MS,
    });
  }
  /** D deposit, W withdraw, I increase, R reduce, S settle; then refused assets. */
  function forbids(changes: Changes): string {
    const { deposit, withdraw, increase, reduce, settle, refusedAssets } = pausesWith(changes);
    const letters = [deposit && 'D', withdraw && 'W', increase && 'I', reduce && 'R', settle && 'S'];
    const assets = [
      ...(refusedAssets?.deposit ?? []).map((asset) => `D${asset}`),
      ...(refusedAssets?.withdraw ?? []).map((asset) => `W${asset}`),
    ];
    return [letters.filter((letter) => letter !== false).join(''), ...assets].join(' ');
  }

  it('mainnet as dumped forbids nothing, and says nothing', () => {
    expect(forbids({})).toBe('');
    expect(pausesWith({}).detail).toBeNull();
  });

  it.each<[string, Changes, string]>([
    ['D', { state: { exchangeStatus: 1 } }, 'Velocity has paused deposits.'],
    ['W', { state: { exchangeStatus: 2 } }, 'Velocity has paused withdrawals.'],
    ['', { state: { exchangeStatus: 4 } }, 'Velocity has paused its AMM (orders fill only against other traders).'],
    ['IR', { state: { exchangeStatus: 8 } }, 'Velocity has paused order fills.'],
    ['', { state: { exchangeStatus: 16 } }, 'Velocity has paused liquidations.'],
    ['S', { state: { exchangeStatus: 32 } }, 'Velocity has paused funding (nothing is paid for this time).'],
    ['S', { state: { exchangeStatus: 64 } }, 'Velocity has paused settling PnL.'],
    ['DWIRS', { state: { exchangeStatus: 127 } }, 'Velocity has paused deposits, withdrawals, order fills'],
    ['DWIRS', { state: { exchangeStatus: 255 } }, 'Velocity is frozen'],
    ['', { market: { pausedOperations: 1 } }, 'In SOL-PERP Velocity has paused funding.'],
    ['', { market: { pausedOperations: 2 } }, 'In SOL-PERP Velocity has paused its AMM'],
    ['IR', { market: { pausedOperations: 4 } }, 'In SOL-PERP Velocity has paused order fills.'],
    ['S', { market: { pausedOperations: 8 } }, 'In SOL-PERP Velocity has paused settling PnL.'],
    ['S', { market: { pausedOperations: 16 } }, 'In SOL-PERP Velocity has paused settling PnL.'],
    ['', { market: { pausedOperations: 32 } }, 'In SOL-PERP Velocity has paused liquidations.'],
    ['IRS', { market: { status: 'initialized' } }, 'SOL-PERP accepts no orders: it is not open yet.'],
    ['IS', { market: { status: 'reduceOnly' } }, 'PnL cannot be settled until it opens again.'],
    ['IR', { market: { status: 'settlement' } }, 'it is being settled at its expiry price.'],
    ['IRS', { market: { status: 'delisted' } }, 'it is delisted.'],
    ['IR', { market: { expiryTs: 1_786_205_423n } }, 'it is expired.'],
    ['', { market: { expiryTs: 1_786_205_424n } }, ''],
    [' DSOL', { base: { pausedOperations: 4 } }, 'Velocity accepts no deposits of SOL.'],
    [' WUSDT', { quote: { pausedOperations: 8 } }, 'Velocity accepts no withdrawals of USDT.'],
    [' DSOL WSOL', { base: { status: 'initialized' } }, 'Velocity accepts no deposits and no withdrawals of SOL.'],
    [' DSOL', { base: { status: 'reduceOnly' } }, 'Velocity accepts no deposits of SOL.'],
    [' DSOL', { base: { status: 'settlement' } }, 'Velocity accepts no deposits of SOL.'],
    [' DSOL WSOL', { base: { status: 'delisted' } }, 'Velocity accepts no deposits and no withdrawals of SOL.'],
    ['DWIR', { user: { status: 2 } }, 'declared this account bankrupt'],
    ['I', { user: { status: 4 } }, 'marked this account as reduce-only'],
    ['WI', { user: { equityFloor: 1_000_000_001n } }, 'equity floor of 1000.00 USD for this account'],
    ['', { user: { equityFloor: 1_000_000_000n } }, ''],
    ['WI', { stats: { equityBreaker: 1 } }, 'equity-floor breaker of this wallet has tripped'],
    ['', { stats: { pausedOperations: 2 } }, 'orders wait for a keeper'],
    ['', { stats: { pausedOperations: 4 } }, 'orders wait for a keeper'],
    ['', { stats: { pausedOperations: 1 } }, ''],
  ])('%s: %j', (expected, changes, sentence) => {
    expect(forbids(changes)).toBe(expected);
    expect(pausesWith(changes).detail ?? '').toContain(sentence);
  });

  it('open interest at its cap: nothing can be added, and a close passes only if it brings it below', () => {
    const short = { 'perpPositions.0.base': -40_000_000_000n, 'perpPositions.0.marketIndex': 0 };
    const at = (maxOpenInterest: bigint) => forbids({ market: { maxOpenInterest }, user: short });
    // 236.17 SOL of shorts, 202.04 of longs.
    expect(at(236_180_000_000n)).toBe('');
    expect(at(236_170_000_000n)).toBe('I');
    expect(at(202_040_000_000n)).toBe('I');
    expect(at(202_030_000_000n)).toBe('IR');
    expect(pausesWith({ market: { maxOpenInterest: 236_170_000_000n } }).detail).toContain(
      'The open interest of SOL-PERP (236.17) has reached its cap (236.17).',
    );
  });
});
