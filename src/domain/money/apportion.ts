/** Rounds parts so that they still add up. */
import { divFloor, FEMTO_PER_MICRO_USD } from './units.ts';

interface ApportionedPart<K> {
  readonly key: K;
  readonly floor: bigint;
  readonly remainder: bigint;
}

/**
 * Rounds each exact part (1e-15 USD) to micro-USD so that the parts add up to `totalMicro`: they are rounded down, and the
 * missing units go, one each, to the parts that lost most (if equal, in the given order). An exact part never changes, so
 * an `unexplained` of 0 stays 0. `totalMicro` is the exact sum rounded either way, or a difference of
 * two amounts rounded the same way.
 * @throws RangeError when no rounding of the parts gives `totalMicro`
 */
export function apportion<K extends string>(exact: Readonly<Record<K, bigint>>, totalMicro: bigint): Record<K, bigint> {
  const parts = Object.keys(exact).map((name): ApportionedPart<K> => {
    const key = name as K;
    const floor = divFloor(exact[key], FEMTO_PER_MICRO_USD);
    return { key, floor, remainder: exact[key] - floor * FEMTO_PER_MICRO_USD };
  });
  const inexact = parts.filter((part) => part.remainder > 0n);
  const lacking = totalMicro - parts.reduce((sum, part) => sum + part.floor, 0n);
  if (lacking < 0n || lacking > BigInt(inexact.length)) {
    throw new RangeError(`no rounding of the parts adds up to ${totalMicro} micro-USD`);
  }
  // Sorting is stable: equal remainders keep the order given.
  const raised = new Set(
    inexact
      .sort((a, b) => (a.remainder === b.remainder ? 0 : a.remainder > b.remainder ? -1 : 1))
      .slice(0, Number(lacking))
      .map((part) => part.key),
  );
  return Object.fromEntries(parts.map(({ key, floor }) => [key, raised.has(key) ? floor + 1n : floor])) as Record<
    K,
    bigint
  >;
}
