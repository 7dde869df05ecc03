/** Which input the forms accept. The engine's gates decide; this only knows what is certain beforehand. */

import type { Asset } from '../../../src/domain/account/account.ts';
import { assetDecimals } from '../../../src/domain/account/spot-markets.ts';
import { WITHDRAW_ROUNDING } from '../../../src/domain/gates/gate-size-checks.ts';
import { SOL_DECIMALS } from '../../../src/domain/money/amounts.ts';
import { max } from '../../../src/domain/money/units.ts';
import { baseToText, floorToStep, type ParsedAmount, parseAmount } from '../format/decimal.ts';

const refuse = (reason: string): ParsedAmount => ({ ok: false, reason });

export interface FundsLimits {
  /** The largest amount by the engine's figures; null: unknown. For a withdrawal a little less if prices affect it. */
  readonly mostBase: bigint | null;
  /** The balance: in the wallet (deposit) or deposited (withdraw); null: unknown, which refuses nothing. */
  readonly heldBase: bigint | null;
}

export function checkDeposit(typed: string, asset: Asset, { mostBase }: FundsLimits): ParsedAmount {
  const parsed = parseAmount(typed, assetDecimals(asset));
  if (!parsed.ok || mostBase === null || parsed.base <= mostBase) return parsed;
  return refuse(`Available: ${baseToText(mostBase, assetDecimals(asset))} ${asset}`);
}

/** More than the deposit is certainly too much. The limit by margin depends on prices, and the engine decides it. */
export function checkWithdrawal(typed: string, asset: Asset, { heldBase }: FundsLimits): ParsedAmount {
  const parsed = parseAmount(typed, assetDecimals(asset));
  if (!parsed.ok || heldBase === null || parsed.base <= max<bigint>(heldBase, 0n) + WITHDRAW_ROUNDING) return parsed;
  return refuse(`Only ${baseToText(max<bigint>(heldBase, 0n), assetDecimals(asset))} ${asset} deposited`);
}

interface SizeLimits {
  readonly stepBase: bigint | null;
  readonly minimumBase: bigint | null;
}

export function checkSize(typed: string, { stepBase, minimumBase }: SizeLimits): ParsedAmount {
  const parsed = parseAmount(typed, SOL_DECIMALS);
  if (!parsed.ok) return parsed;
  if (minimumBase !== null && parsed.base < minimumBase) return refuse(`Minimum: ${baseToText(minimumBase, 9)} SOL`);
  if (stepBase !== null && floorToStep(parsed.base, stepBase) !== parsed.base) {
    return refuse(`Must be a multiple of ${baseToText(stepBase, 9)} SOL`);
  }
  return parsed;
}
