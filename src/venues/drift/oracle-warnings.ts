/** What Drift judges of its oracles now, and what each judgement forbids here, as sentences for people. */
import type { Markets } from '../../domain/account/account.ts';

export function oracleWarnings({ perps, spot }: Markets): readonly string[] {
  const ofPerps = perps.flatMap(({ market, oracle: { valid, invalidReason, noFillsReason } }) => {
    if (!valid) {
      return [
        `The oracle of ${market} is ${invalidReason}: its figures are unknown, opening, enlarging and withdrawing are ` +
          'refused, and Drift fills nothing at its AMM. Closing is still placed, and fills when another trader takes it.',
      ];
    }
    if (typeof noFillsReason !== 'string') return [];
    return [
      `The oracle of ${market} is ${noFillsReason}: orders find only other traders until it is fresh, so opening and ` +
        'enlarging wait. Margin is still computed; closing, deposits and withdrawals go on.',
    ];
  });
  const ofSpot = spot
    .filter(({ oracle }) => !oracle.valid)
    .map(
      ({ asset, oracle }) =>
        `The oracle of ${asset} is ${oracle.invalidReason}: figures that rest on it are unknown, and withdrawing is refused.`,
    );
  return [...ofPerps, ...ofSpot];
}
