/** The program's present findings about its oracles, and what each forbids here, as sentences for people. */
import type { Markets } from '../../../domain/account/account.ts';

/** @param program its name */
export function oracleWarnings({ perps, spot }: Markets, program: string): readonly string[] {
  const ofPerps = perps.flatMap(({ market, oracle: { valid, invalidReason, noFillsReason } }) => {
    if (!valid) {
      return [
        `The oracle of ${market} is ${invalidReason}. Its figures are unknown; opening, increasing and withdrawing are ` +
          `refused, and ${program} fills nothing at its AMM. A close is still placed and fills when another trader takes it.`,
      ];
    }
    if (typeof noFillsReason !== 'string') return [];
    return [
      `The oracle of ${market} is ${noFillsReason}. Until it is fresh, orders fill only against other traders, so opening ` +
        'and increasing wait. Margin is still computed; closing, deposits and withdrawals work.',
    ];
  });
  const ofSpot = spot
    .filter(({ oracle }) => !oracle.valid)
    .map(
      ({ asset, oracle }) =>
        `The oracle of ${asset} is ${oracle.invalidReason}. Figures that depend on it are unknown, and withdrawing is refused.`,
    );
  return [...ofPerps, ...ofSpot];
}
