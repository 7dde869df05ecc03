import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { VenuePauses } from '../../../src/domain/account/snapshot.ts';
import { type AlertContext, alertsOf } from '../../../src/domain/alerts/account-conditions.ts';
import { alertText } from '../../../src/domain/alerts/alert.ts';
import type { AlertCode, PlainCode } from '../../../src/domain/alerts/alert-table.ts';
import { NO_SOURCES } from '../../../src/domain/figures/equity-sources.ts';
import { HOUR_MS, NOW_MS, paperPolicy, type Scenario, snapshotOf } from '../../support/snapshots.ts';

const changes = (scenario: Scenario, context: Partial<AlertContext> = {}) =>
  alertsOf(snapshotOf(scenario), paperPolicy(), { standing: [], carryWarnedAtMs: null, ...context });
const raised = (...given: Parameters<typeof changes>) => changes(...given).raise.map((alert) => alert.code);
const recovered = (...given: Parameters<typeof changes>) => changes(...given).recover;
const alert = (code: AlertCode, scenario: Scenario) => {
  const draft = changes(scenario).raise.find((each) => each.code === code);
  return draft === undefined ? null : { ...alertText(draft), details: draft.details };
};

/** All that the account's condition can raise. */
const CONDITIONS: readonly PlainCode[] = [
  'HEALTH_WARNING',
  'HEALTH_CRITICAL',
  'LIQUIDATION_NEAR',
  'NAKED_SHORT',
  'LONG_POSITION',
  'ACCOUNT_FIGURES_UNKNOWN',
  'CARRY_NEGATIVE',
  'CARRY_EXIT_DUE',
  'FEED_ENDED',
  'VENUE_PAUSED',
  'CLOCK_DIFFERS',
  'NODES_DISAGREE',
  'QUOTE_DEPEGGED',
  'SETTLED_INTO_DEBT',
];

/** USDC collateral only, so that health moves by it: 75 USD of margin for 10 SOL short at 150. */
const health = (percent: number): Scenario => ({ sol: 0, usdc: 75 / (1 - percent / 100), perp: -10 });

describe('alerts', () => {
  it('tells nothing of a healthy hedge', () => {
    expect(changes({ perp: -10 })).toEqual({ raise: [], recover: [] });
    expect(changes({ account: null })).toEqual({ raise: [], recover: [] });
  });

  it('warns of health below 50 and is critical below 20, with the liquidation price', () => {
    expect(raised(health(49))).toContain('HEALTH_WARNING');
    expect(raised(health(49))).not.toContain('HEALTH_CRITICAL');
    expect(raised(health(51))).not.toContain('HEALTH_WARNING');
    const critical = alert('HEALTH_CRITICAL', health(19));
    expect(critical?.severity).toBe('critical');
    expect(critical?.message).toMatch(/The liquidation price is \$1\d\d\.\d\d\./);
    expect(critical?.details).toMatchObject({ liquidation_price: expect.stringMatching(/^1\d\d/) });
  });

  it('says what a settle that left a debt means, until it is repaid, and nothing of what roundings leave', () => {
    expect(alert('SETTLED_INTO_DEBT', { usdc: -12.5 })).toMatchObject({
      severity: 'warning',
      message: expect.stringMatching(/^The account owes 12\.50? USDC\. .*which anybody may do/),
      action: expect.stringMatching(/^Deposit a little more than 12\.50? USDC\.$/),
    });
    const standing = ['SETTLED_INTO_DEBT'];
    for (const usdc of [0, 3]) {
      expect(raised({ usdc })).not.toContain('SETTLED_INTO_DEBT');
      expect(recovered({ usdc }, { standing })).toContain('SETTLED_INTO_DEBT');
    }
    expect(raised({ usdc: -0.009 })).not.toContain('SETTLED_INTO_DEBT');
    expect(recovered({ usdc: -0.009 }, { standing })).not.toContain('SETTLED_INTO_DEBT');
    const { equityIn: _, ...replayed } = snapshotOf({ usdc: -12.5 });
    expect(alertsOf(replayed, paperPolicy(), { standing: [], carryWarnedAtMs: null }).raise).not.toContainEqual(
      expect.objectContaining({ code: 'SETTLED_INTO_DEBT' }),
    );
  });

  it('is critical about a quote asset off its peg, above or below, and over only well within the limit', () => {
    for (const quoteUsd of [0.985, 1.015]) {
      const found = alert('QUOTE_DEPEGGED', { quoteUsd });
      expect(found).toMatchObject({ severity: 'critical', message: expect.stringContaining('USDC is at $') });
      expect(found?.message).toContain('1.50 % away from 1 USD; the limit is 1.00 %');
    }
    const standing = ['QUOTE_DEPEGGED'];
    expect(raised({ quoteUsd: 0.985 }, { standing })).not.toContain('QUOTE_DEPEGGED');
    expect(recovered({ quoteUsd: 0.991 }, { standing })).not.toContain('QUOTE_DEPEGGED');
    expect(recovered({ quoteUsd: 0.993 }, { standing })).toContain('QUOTE_DEPEGGED');
    expect(raised({ quoteUsd: 0.99 })).not.toContain('QUOTE_DEPEGGED');
  });

  it('neither raises nor ends a lost peg while the price is unknown', () => {
    expect(raised({ quoteUsd: null })).not.toContain('QUOTE_DEPEGGED');
    expect(recovered({ quoteUsd: null }, { standing: ['QUOTE_DEPEGGED'] })).not.toContain('QUOTE_DEPEGGED');
  });

  it('recovers only beyond the line, so that a figure that hovers tells of itself once', () => {
    const standing = ['HEALTH_WARNING'];
    expect(recovered(health(52), { standing })).not.toContain('HEALTH_WARNING');
    expect(raised(health(49), { standing })).not.toContain('HEALTH_WARNING');
    expect(recovered(health(56), { standing })).toContain('HEALTH_WARNING');
    expect(recovered(health(26), { standing: ['HEALTH_CRITICAL'] })).toContain('HEALTH_CRITICAL');
    expect(recovered(health(24), { standing: ['HEALTH_CRITICAL'] })).not.toContain('HEALTH_CRITICAL');
  });

  it('tells of near liquidation, and that it is over once nothing is left to liquidate', () => {
    expect(alert('LIQUIDATION_NEAR', health(60))?.message).toContain('% away');
    expect(recovered({ sol: 10 }, { standing: ['LIQUIDATION_NEAR'] })).toEqual(['LIQUIDATION_NEAR']);
    // (USDC - 75) / 10.5 per dollar: 11 % away at 248, 13 % at 280.
    const standing = ['LIQUIDATION_NEAR'];
    expect(recovered({ sol: 0, usdc: 248, perp: -10 }, { standing })).not.toContain('LIQUIDATION_NEAR');
    expect(recovered({ sol: 0, usdc: 280, perp: -10 }, { standing })).toContain('LIQUIDATION_NEAR');
  });

  it('tells of a naked short, spot unknown included', () => {
    expect(alert('NAKED_SHORT', { perp: '-10.2' })?.severity).toBe('critical');
    expect(raised({ perp: '-10.05' })).not.toContain('NAKED_SHORT');
    expect(recovered({ perp: '-10' }, { standing: ['NAKED_SHORT'] })).toEqual(['NAKED_SHORT']);
    const snapshot = snapshotOf({ perp: -1 });
    const blind = { ...snapshot, markets: { ...snapshot.markets, spot: [] } };
    const told = alertsOf(blind, paperPolicy(), { standing: [], carryWarnedAtMs: null }).raise;
    expect(told.find((each) => each.code === 'NAKED_SHORT')?.details).toMatchObject({ spot: null });
  });

  it('tells of a long', () => {
    expect(alert('LONG_POSITION', { perp: 5 })?.action).toContain('Close');
    const snapshot = snapshotOf({ perp: 1 });
    const blind = { ...snapshot, markets: { ...snapshot.markets, spot: [] } };
    expect(
      alertsOf(blind, paperPolicy(), { standing: [], carryWarnedAtMs: null }).raise.map((each) => each.code),
    ).toContain('LONG_POSITION');
  });

  it('neither raises nor recovers a figure that is unknown, and says that it is', () => {
    const unknown = { ...health(10), oracleUsd: null };
    expect(raised(unknown)).toEqual(expect.arrayContaining(['ACCOUNT_FIGURES_UNKNOWN']));
    expect(raised(unknown)).not.toContain('HEALTH_CRITICAL');
    expect(recovered(unknown, { standing: ['HEALTH_CRITICAL', 'LIQUIDATION_NEAR', 'CARRY_NEGATIVE'] })).toEqual([]);
    expect(recovered({ perp: -10 }, { standing: ['ACCOUNT_FIGURES_UNKNOWN'] })).toEqual(['ACCOUNT_FIGURES_UNKNOWN']);
  });

  it('tells when the data is over', () => {
    const ended = { ...snapshotOf().feed, ended: true };
    expect(alert('FEED_ENDED', { snapshot: { feed: ended } })?.severity).toBe('info');
    expect(recovered({}, { standing: ['FEED_ENDED'] })).toEqual(['FEED_ENDED']);
  });

  it('leaves codes alone that are not its own', () => {
    expect(recovered({ perp: -10 }, { standing: ['FOREIGN_TRADE', 'RPC_DOWN'] })).toEqual([]);
  });
});

describe('VENUE_PAUSED', () => {
  const refusing = (pauses: Partial<VenuePauses>) => ({ snapshot: { pauses: { ...snapshotOf().pauses, ...pauses } } });
  const standing = ['VENUE_PAUSED'];

  it('is told once, again when more is refused, and not when less is', () => {
    expect(raised(refusing({ deposit: true }))).toEqual(standing);
    const pausesTold = ['deposits'];
    expect(raised(refusing({ deposit: true }), { standing, pausesTold })).toEqual([]);
    expect(raised(refusing({ deposit: true, reduce: true }), { standing, pausesTold })).toEqual(standing);
    const both = { standing, pausesTold: ['deposits', 'closing and reducing'] };
    expect(raised(refusing({ reduce: true }), both)).toEqual([]);
    expect(recovered({}, both)).toEqual(standing);
  });

  it('counts an asset that is refused as more', () => {
    const refusedAssets = { deposit: ['SOL'], withdraw: [] };
    const pausesTold = ['withdrawals'];
    expect(raised(refusing({ withdraw: true, refusedAssets }), { standing, pausesTold })).toEqual(standing);
  });
});

describe('CARRY_NEGATIVE', () => {
  const paying: Scenario = { perp: -10, lastRate: -1_000n };

  it('is a warning with its figures and CLOSE at hand, and says that the engine leaves it', () => {
    const sources = { ...NO_SOURCES, funding: -2_000_000_000_000_000n };
    const told = alert('CARRY_NEGATIVE', { ...paying, snapshot: { sources } });
    expect(told?.severity).toBe('warning');
    expect(told?.message).toContain('costs $0.04 a day');
    expect(told?.message).toContain('paid so far: $2.00');
    expect(told?.message).toContain('breaks even');
    expect(told?.action).toContain('does not close the position by itself');
    expect(told?.details).toMatchObject({ command: 'DRIFT_CLOSE_POSITION' });
  });

  it('says what was received so far where that is so', () => {
    const sources = {
      price: 0n,
      basis: 0n,
      slippage: 0n,
      funding: 2_000_000_000_000_000n,
      interest: 0n,
      fees: 0n,
      gas: 0n,
      transfers: 0n,
      external: 0n,
      unexplained: 0n,
    };
    expect(alert('CARRY_NEGATIVE', { ...paying, snapshot: { sources } })?.message).toContain('received so far: $2.00');
  });

  it('is critical above 1 % of the notional in 30 days', () => {
    expect(alert('CARRY_NEGATIVE', { perp: -10, lastRate: -20_000n })?.severity).toBe('critical');
  });

  it('is told again daily while it lasts, in market time', () => {
    const standing = ['CARRY_NEGATIVE'];
    expect(raised(paying, { standing, carryWarnedAtMs: NOW_MS - 23 * HOUR_MS })).toEqual([]);
    expect(raised(paying, { standing, carryWarnedAtMs: NOW_MS - 24 * HOUR_MS })).toEqual(['CARRY_NEGATIVE']);
  });

  it('is over when it is not negative, or there is no short', () => {
    const standing = ['CARRY_NEGATIVE'];
    expect(recovered({ perp: -10 }, { standing })).toEqual(standing);
    expect(recovered({}, { standing })).toEqual(standing);
    expect(recovered({ account: null }, { standing })).toEqual(standing);
    expect(recovered({ perp: -10, lastRate: null }, { standing })).toEqual([]);
  });
});

describe('properties of alerts', () => {
  it('a code is never raised and recovered at once, and never raised while it stands (the daily one apart)', () => {
    const scenario = fc.record({
      sol: fc.integer({ min: -2, max: 12 }),
      usdc: fc.integer({ min: -1_500, max: 1_500 }),
      perp: fc.integer({ min: -15, max: 5 }),
      oracleUsd: fc.option(fc.integer({ min: 1, max: 1_000 }), { nil: null }),
      lastRate: fc.option(fc.bigInt({ min: -50_000n, max: 50_000n }), { nil: null }),
    });
    fc.assert(
      fc.property(scenario, fc.subarray([...CONDITIONS]), (given, standing) => {
        const { raise, recover } = changes(given, { standing, carryWarnedAtMs: NOW_MS });
        for (const draft of raise) {
          expect(standing).not.toContain(draft.code);
          expect(recover).not.toContain(draft.code);
          expect(CONDITIONS).toContain(draft.code);
          expect(alertText(draft).message).not.toMatch(/NaN|undefined|null/);
        }
        for (const code of recover) expect(standing).toContain(code);
        // Raised once: the same read with the standing alerts changes nothing.
        const stands = [...standing.filter((code) => !recover.includes(code)), ...raise.map(({ code }) => code)];
        expect(changes(given, { standing: stands, carryWarnedAtMs: NOW_MS })).toEqual({ raise: [], recover: [] });
      }),
      { numRuns: 300 },
    );
  });
});
