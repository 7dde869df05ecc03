/** What a person may type into the forms. The engine's gates have the last word; here stands what is certain beforehand. */
import type { Asset } from '../../../src/domain/intent.ts';
import { baseToText, floorToStep, type ParsedAmount, parseAmount } from '../format/decimal.ts';

export const DECIMALS: Readonly<Record<Asset, number>> = { SOL: 9, USDC: 6 };

const refuse = (reason: string): ParsedAmount => ({ ok: false, reason });

export interface FundsLimits {
  /** In the wallet (deposit) or deposited (withdraw); null: unknown, which refuses nothing. */
  readonly availableBase: bigint | null;
  /** SOL that a deposit leaves in the wallet for transactions. */
  readonly reservedBase: bigint | null;
}

/** What can be moved at most; null when unknown, never negative. */
export function availableToMove({ availableBase, reservedBase }: FundsLimits): bigint | null {
  if (availableBase === null) return null;
  const left = availableBase - (reservedBase ?? 0n);
  return left > 0n ? left : 0n;
}

export function checkDeposit(typed: string, asset: Asset, limits: FundsLimits): ParsedAmount {
  const parsed = parseAmount(typed, DECIMALS[asset]);
  const most = availableToMove(limits);
  if (!parsed.ok || most === null || parsed.base <= most) return parsed;
  return refuse(`The wallet can spare ${baseToText(most, DECIMALS[asset])} ${asset}.`);
}

export function checkWithdrawal(typed: string, asset: Asset, limits: FundsLimits): ParsedAmount {
  const parsed = parseAmount(typed, DECIMALS[asset]);
  const most = availableToMove(limits);
  if (!parsed.ok || most === null || parsed.base <= most) return parsed;
  return refuse(`At most ${baseToText(most, DECIMALS[asset])} ${asset} can be withdrawn.`);
}

export interface SizeLimits {
  readonly stepBase: bigint | null;
  readonly minimumBase: bigint | null;
}

export function checkSize(typed: string, { stepBase, minimumBase }: SizeLimits): ParsedAmount {
  const parsed = parseAmount(typed, DECIMALS.SOL);
  if (!parsed.ok) return parsed;
  if (minimumBase !== null && parsed.base < minimumBase) return refuse(`At least ${baseToText(minimumBase, 9)} SOL.`);
  if (stepBase !== null && floorToStep(parsed.base, stepBase) !== parsed.base) {
    return refuse(`In steps of ${baseToText(stepBase, 9)} SOL.`);
  }
  return parsed;
}

/** `percent` of `base`, down to a whole step, as a person would type it. */
export const shareOf = (base: bigint, percent: bigint, step: bigint | null): string =>
  baseToText(floorToStep((base * percent) / 100n, step), DECIMALS.SOL);
