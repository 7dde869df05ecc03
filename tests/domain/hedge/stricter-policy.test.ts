import { describe, expect, it } from '@jest/globals';
import { DEFAULT_POLICY, type PolicyJson } from '../../../src/domain/hedge/policy.ts';
import { stricterPolicy } from '../../../src/domain/hedge/stricter-policy.ts';

const CARRIED: PolicyJson = { ...DEFAULT_POLICY, mode: 'live', permissions: 'trading' };

describe('settings that cannot be read as a whole', () => {
  it('lower every limit that can be read, and raise none', () => {
    const broken = { ...CARRIED, driftTolerancePct: 'much', permissions: 'capital', guard: false };
    const limits = { maxLeverage: 3, maxSlippageBps: 200, maxAutoTradeUsd: '5', cooldownMs: 1, reservedSol: '1' };
    expect(stricterPolicy(CARRIED, { ...broken, ...limits })).toEqual({
      ...CARRIED,
      ...{ permissions: 'capital', guard: false, maxLeverage: 3, maxAutoTradeUsd: '5' },
    });
  });

  it('leave what is unreadable or absent as it is', () => {
    expect(stricterPolicy(CARRIED, { ...CARRIED, maxLeverage: null, maxAutoTradeUsd: 'x', guard: 'no' })).toEqual(
      CARRIED,
    );
    for (const nothing of [null, undefined, 'off', {}, 3]) expect(stricterPolicy(CARRIED, nothing)).toBe(CARRIED);
  });

  it('never turn on what is off', () => {
    const careful: PolicyJson = { ...CARRIED, guard: false, permissions: 'capital' };
    expect(stricterPolicy(careful, { ...CARRIED, pollIntervalMs: 'x' })).toEqual(careful);
  });
});
