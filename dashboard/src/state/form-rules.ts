/** What a person may type into the forms. The engine's gates have the last word; here stands what is certain beforehand. */

import type { Asset } from '../../../src/domain/account/account.ts';
import { WITHDRAW_ROUNDING } from '../../../src/domain/gates/gate-size-checks.ts';
import { max } from '../../../src/domain/money/units.ts';
import { baseToText, floorToStep, type ParsedAmount, parseAmount } from '../format/decimal.ts';

export const DECIMALS: Readonly<Record<Asset, number>> = { SOL: 9, USDC: 6 };

const refuse = (reason: string): ParsedAmount => ({ ok: false, reason });

export interface FundsLimits {
  /** What the engine says may be asked for at most; null: unknown. Of a withdrawal, a little less where prices move it. */
  readonly mostBase: bigint | null;
  /** What there is: in the wallet (deposit) or deposited (withdraw); null: unknown, which refuses nothing. */
  readonly heldBase: bigint | null;
}

export function checkDeposit(typed: string, asset: Asset, { mostBase }: FundsLimits): ParsedAmount {
  const parsed = parseAmount(typed, DECIMALS[asset]);
  if (!parsed.ok || mostBase === null || parsed.base <= mostBase) return parsed;
  return refuse(`Available: ${baseToText(mostBase, DECIMALS[asset])} ${asset}`);
}

/** Beyond what is deposited is certain; what margin lets go moves with prices, and is the engine's to judge. */
export function checkWithdrawal(typed: string, asset: Asset, { heldBase }: FundsLimits): ParsedAmount {
  const parsed = parseAmount(typed, DECIMALS[asset]);
  if (!parsed.ok || heldBase === null || parsed.base <= max<bigint>(heldBase, 0n) + WITHDRAW_ROUNDING) return parsed;
  return refuse(`Only ${baseToText(max<bigint>(heldBase, 0n), DECIMALS[asset])} ${asset} deposited`);
}

interface SizeLimits {
  readonly stepBase: bigint | null;
  readonly minimumBase: bigint | null;
}

export function checkSize(typed: string, { stepBase, minimumBase }: SizeLimits): ParsedAmount {
  const parsed = parseAmount(typed, DECIMALS.SOL);
  if (!parsed.ok) return parsed;
  if (minimumBase !== null && parsed.base < minimumBase) return refuse(`Minimum: ${baseToText(minimumBase, 9)} SOL`);
  if (stepBase !== null && floorToStep(parsed.base, stepBase) !== parsed.base) {
    return refuse(`Must be a multiple of ${baseToText(stepBase, 9)} SOL`);
  }
  return parsed;
}

/** `percent` of `base`, down to a whole step, as a person would type it. */
export const shareOf = (base: bigint, percent: bigint, step: bigint | null): string =>
  baseToText(floorToStep((base * percent) / 100n, step), DECIMALS.SOL);
