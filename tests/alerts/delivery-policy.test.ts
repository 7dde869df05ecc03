import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type DeliveryPolicy, firstDueMs, isWanted, redeliveryMs } from '../../src/alerts/delivery-policy.ts';

const NIGHT = { fromMinute: 22 * 60, toMinute: 7 * 60 };
const policyOf = (change: Partial<DeliveryPolicy> = {}): DeliveryPolicy => ({
  minSeverity: 'warning',
  repeatMs: 1_800_000,
  quietHours: NIGHT,
  ...change,
});
const HOUR_MS = 3_600_000;
const alert = (
  severity: 'info' | 'warning' | 'critical',
  kind: 'alert' | 'recovered' = 'alert',
  code = 'HEALTH_WARNING',
) => ({
  kind,
  severity,
  code,
});

describe('what is sent', () => {
  it.each([
    ['info', 'warning', false],
    ['warning', 'warning', true],
    ['critical', 'warning', true],
    ['warning', 'critical', false],
    ['info', 'info', true],
  ] as const)('%s with ALERT_MIN_SEVERITY=%s: %s', (severity, minSeverity, wanted) => {
    expect(isWanted(alert(severity), policyOf({ minSeverity }))).toBe(wanted);
  });

  it('is the end of a condition, if its beginning was', () => {
    expect(isWanted(alert('info', 'recovered', 'LIQUIDATION_NEAR'), policyOf({ minSeverity: 'critical' }))).toBe(true);
    expect(isWanted(alert('info', 'recovered', 'COOLDOWN'), policyOf())).toBe(false);
  });
});

describe('quiet hours', () => {
  it.each([
    ['before them', 21 * 60 + 59, 0],
    ['at their start', 22 * 60, 9],
    ['after midnight', 1 * 60, 6],
    ['at their end', 7 * 60, 0],
  ] as const)('%s a warning waits for their end', (_when, minute, hours) => {
    expect(firstDueMs(alert('warning'), policyOf(), 0, minute)).toBe(hours * HOUR_MS);
  });

  it('never hold what is critical, but its end', () => {
    expect(firstDueMs(alert('critical'), policyOf(), 0, 0)).toBe(0);
    expect(firstDueMs(alert('info', 'recovered'), policyOf(), 0, 0)).toBe(7 * HOUR_MS);
  });

  it('hold nothing longer than themselves, whatever they are', () => {
    const minute = fc.integer({ min: 0, max: 1_439 });
    fc.assert(
      fc.property(minute, minute, minute, (fromMinute, toMinute, now) => {
        const due = firstDueMs(alert('warning'), policyOf({ quietHours: { fromMinute, toMinute } }), 0, now);
        expect(due).toBeLessThanOrEqual(((toMinute - fromMinute + 1_440) % 1_440) * 60_000);
        expect(due).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});

it('a failed delivery waits twice as long each time, at most 5 minutes, and never less than it was asked to', () => {
  expect([1, 2, 3].map((failed) => redeliveryMs(failed, null))).toEqual([1_000, 2_000, 4_000]);
  expect(redeliveryMs(100, null)).toBe(300_000);
  expect(redeliveryMs(1, 900_000)).toBe(900_000);
});
