import { describe, expect, it } from '@jest/globals';
import { autoCarryWords, consentRows } from '../../dashboard/src/state/auto-carry.ts';
import { blockedBy } from '../../dashboard/src/state/availability.ts';

const AUTO = {
  policy: 'auto' as const,
  enabled: false as boolean | null,
  policy_hash: '9f2c1d7e',
  enabled_at: null as number | null,
  entries_today: null as number | null,
  ended: null as string | null,
};

describe('automatic hedging in words', () => {
  it('says nothing where a person hedges', () => expect(autoCarryWords({ ...AUTO, policy: 'manual' })).toBeNull());

  it.each([
    [{}, /once you agree/],
    [{ enabled: null }, /Not known/],
    [{ ended: 'the position was closed by a command.' }, /no longer hedges by itself: the position was closed/],
    [
      { enabled: true, enabled_at: Date.UTC(2026, 0, 15), entries_today: 1 },
      /Entries today: 1\. Close, Flatten and Stop end it/,
    ],
  ])('%j', (change, words) => expect(autoCarryWords({ ...AUTO, ...change })).toMatch(words));
});

describe('what is agreed to', () => {
  const limits = {
    mode: 'paper' as const,
    ...{
      max_hedge_sol: 4,
      max_auto_trade_usd: 1_000,
      max_trades_per_day: 2,
      auto_exit: false,
      window_hours: 336,
      z: 1,
    },
    ...{ hedge_fraction: 0.5, alternative_yield_apr: 6, horizon_hours: 720, cooldown_seconds: 1_800 },
  };
  const consent = { market: 'SOL-PERP', policy_hash: '9f2c1d7e', limits, verdict: null };
  const known = {
    known: true,
    ...{ from: Date.UTC(2026, 0, 1), to: Date.UTC(2026, 1, 1), hours: 744, net_apr_pct: 8.2, trades: 2 },
    ...{ interval_90_apr_pct: [1.5, 12], time_in_market_pct: 80, own_size_apr_pct: 0.4 },
  };
  const told = (backtest: object) => new Map(consentRows({ ...consent, backtest } as never));

  it('are the limits in units and the backtest with its uncertainty', () => {
    const rows = told(known);
    expect(rows.get('Largest hedge')).toBe('4.0000 SOL');
    expect(rows.get('Part of the SOL that it hedges')).toBe('50 %');
    expect(rows.get('Leaves by itself when it no longer pays')).toMatch(/^no/);
    expect(rows.get('It would have earned, beyond doing nothing')).toBe('+8.20 % a year');
    expect(rows.get('In 9 of 10 resamples')).toBe('+1.50 % to +12.00 % a year');
    expect(rows.get('What this size costs of the rate')).toBe('0.40 % a year');
  });

  it('say why there is no backtest', () => {
    const rows = told({ known: false, why: 'There are 8 days of data, and 28 are needed.' });
    expect(rows.get('Backtest')).toBe('There are 8 days of data, and 28 are needed.');
    expect([...rows.values()].join()).not.toMatch(/NaN|undefined/);
  });
});

it('the consent needs the permission to trade', () => {
  const view = { connected: true, drift: null, engine: { mode: 'live' } as never };
  expect(blockedBy('consent', { ...view, permissions: 'trading' })).toBeNull();
  expect(blockedBy('consent', { ...view, permissions: 'capital' })).toMatch(/Trading is disabled/);
  expect(blockedBy('consent', { ...view, access: 'read' })).toMatch(/read-only token/);
});
