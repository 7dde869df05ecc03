import { expect, it } from '@jest/globals';
import type { DriftLocalnetOptions } from '../../../localnet/drift/index.ts';
import { describeOnDrift } from '../../../localnet/tests/support/drift-program.ts';
import { SOL, stillDrift } from '../../../localnet/tests/support/drift-still.ts';
import { judgeProfitability } from '../../../src/domain/hedge/carry.ts';
import { DEFAULT_POLICY, decodePolicy } from '../../../src/domain/hedge/policy.ts';
import { lamports } from '../../../src/domain/money/units.ts';
import { readOnlyVenue } from '../../support/drift-reading.ts';

describeOnDrift('funding of a chain that has just begun', () => {
  const outlookOf = async (options: DriftLocalnetOptions) => {
    const net = await stillDrift(options);
    const venue = readOnlyVenue(net, { permissions: 'capital' });
    const snapshot = await venue.read('confirmed');
    await venue.close();
    const judged = judgeProfitability(snapshot, lamports(100n * SOL), 'short', decodePolicy(DEFAULT_POLICY));
    if (judged.kind !== 'known') throw new Error(judged.missing.join());
    return { ...snapshot.funding, pass: judged.profitability.pass };
  };

  it('is as steered on the day before too, so that opening with the whole wallet pays at once', async () => {
    const { lastRate, trailingMeanRate, pass } = await outlookOf({ fundingHourly: 0.0001 });
    expect([Number(lastRate) / 1e9, Number(trailingMeanRate) / 1e9].map((rate) => rate.toFixed(6))).toEqual([
      '0.000100',
      '0.000100',
    ]);
    expect(pass).toBe(true);
  });

  it('is what the market makes of itself when it is not steered, which just pays', async () => {
    const { lastRate, trailingMeanRate, pass } = await outlookOf({});
    expect([lastRate, trailingMeanRate].map((rate) => Number(rate) / 1e9)).toEqual([8.333e-6, 8.333e-6]);
    expect(pass).toBe(true);
  });

  it('that longs receive does not pay, and says so from the first moment', async () => {
    const { trailingMeanRate, pass } = await outlookOf({ fundingHourly: -0.0001 });
    expect(Number(trailingMeanRate) / 1e9).toBeCloseTo(-0.0001, 6);
    expect(pass).toBe(false);
  });
});
