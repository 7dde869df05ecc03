/** What the venue refuses before anything is built: shortages that the program would report only by a number, with figures. */

import type { Asset } from '../../../domain/account/account.ts';
import { WITHDRAW_ROUNDING, withdrawRemedy } from '../../../domain/gates/gate-size-checks.ts';
import { withdrawable } from '../../../domain/margin/margin.ts';
import { formatAmount, formatSol, invalidField } from '../../../domain/money/amounts.ts';
import { abs } from '../../../domain/money/units.ts';
import { type Intent, intentAmount, type OrderIntent, orderSize } from '../../../domain/order/intent.ts';
import type { CapitalRequest } from '../../../domain/order/operation-request.ts';
import type { ErrorReport } from '../../../lib/errors.ts';
import type { PerpsDeployment } from '../deployment.ts';
import type { PerpsRead } from '../read/perps-read.ts';
import { TOKEN_ACCOUNT_RENT } from './token-accounts.ts';

const decimalsOf = (asset: Asset): number => (asset === 'SOL' ? 9 : 6);

/** Null: not refused here. The program makes the final decision. */
export function refusalOf(intent: Intent, read: PerpsRead, { market }: PerpsDeployment): ErrorReport | null {
  if ('market' in intent && intent.market !== market) {
    return {
      code: 'UNKNOWN_MARKET',
      message: `Unknown market: ${JSON.stringify(intent.market)}.`,
      details: { field: 'market', got: intent.market, expected: market },
    };
  }
  if (intent.kind !== 'deposit' && read.account === null) {
    return { code: 'ACCOUNT_MISSING', message: 'There is no account yet. Deposit first.', details: { market } };
  }
  switch (intent.kind) {
    case 'deposit':
      return noAmount(intent.amount) ?? capitalPaused(intent, read) ?? depositRefusal(intent, read);
    case 'withdraw':
      return noAmount(intent.amount) ?? capitalPaused(intent, read) ?? withdrawRefusal(intent, read);
    case 'order':
      return paused(read, intent.reduceOnly ? 'reduce' : 'increase', 'this trade') ?? orderRefusal(intent, read);
    case 'settle':
      return paused(read, 'settle', 'settling');
    case 'cancel_orders':
      return null;
  }
}

const noAmount = (amount: string): ErrorReport | null =>
  BigInt(amount) > 0n ? null : invalidField('amount', amount, 'an amount above zero');

function capitalPaused(intent: CapitalRequest, read: PerpsRead): ErrorReport | null {
  const { kind, asset } = intent;
  const words = kind === 'deposit' ? 'deposits' : 'withdrawals';
  const { pauses } = read;
  if (pauses.refusedAssets?.[kind].includes(assetName(asset, read)) !== true) return paused(read, kind, words);
  return {
    code: 'VENUE_PAUSED',
    message: `The venue has paused ${words} of ${asset}.`,
    details: { asset, detail: pauses.detail },
  };
}

const assetName = (asset: Asset, { hedge }: PerpsRead): string => (asset === 'SOL' ? hedge.base : hedge.quote).asset;

function paused(
  { pauses }: PerpsRead,
  what: 'deposit' | 'withdraw' | 'increase' | 'reduce' | 'settle',
  word: string,
): ErrorReport | null {
  if (!pauses[what]) return null;
  return { code: 'VENUE_PAUSED', message: `The venue has paused ${word}.`, details: { detail: pauses.detail } };
}

function depositRefusal(intent: CapitalRequest, read: PerpsRead): ErrorReport | null {
  const { asset } = intent;
  const amount = intentAmount(intent);
  const opening = read.openingCost;
  // Wrapping binds the rent of a token account until the end of the transaction.
  const sol = opening + (asset === 'SOL' ? amount + TOKEN_ACCOUNT_RENT : 0n);
  if (sol > read.wallet.sol) {
    return shortage('wallet', 'SOL', read.wallet.sol, sol, {
      ...(asset === 'SOL' ? { amount: amount.toString(), wrapping: TOKEN_ACCOUNT_RENT.toString() } : {}),
      opening: opening.toString(),
    });
  }
  if (asset === 'SOL' || amount <= read.wallet.quote) return null;
  const short = shortage('wallet', asset, read.wallet.quote, amount, {});
  const none = read.wallet.tokens.quote.exists ? '' : `The wallet has no ${asset} account. `;
  return { ...short, message: `${none}${short.message} Send ${asset} to the wallet first, or deposit less.` };
}

function withdrawRefusal(intent: CapitalRequest, read: PerpsRead): ErrorReport | null {
  const { asset } = intent;
  const amount = intentAmount(intent);
  const limit = read.account === null ? 0n : withdrawable(read.account, read.markets, assetName(asset, read));
  if (limit === null) {
    const message =
      `A price is missing${unpriced(read)}, so it is not known how much ${asset} can be withdrawn without borrowing. ` +
      "Wait until there is one, or withdraw on the venue's own page.";
    return { code: 'UNAVAILABLE', message, details: { part: 'price' } };
  }
  if (limit > 0n && amount <= limit + WITHDRAW_ROUNDING) return null;
  return {
    code: 'INSUFFICIENT_FUNDS',
    message:
      `At most ${formatAmount(limit, decimalsOf(asset))} ${asset} can be withdrawn; ` +
      `${formatAmount(amount, decimalsOf(asset))} was asked for. ${withdrawRemedy(read, asset, limit)}`,
    details: { asset, where: 'sub-account', have: limit.toString(), need: amount.toString() },
  };
}

/** Which prices, and why: ` (SOL: of a kind that is not supported)`. */
function unpriced({ markets }: PerpsRead): string {
  const named = [
    ...markets.spot.map(({ asset, oracle }) => ({ name: asset, oracle })),
    ...markets.perps.map(({ market, oracle }) => ({ name: market, oracle })),
  ];
  const words = named.flatMap(({ name, oracle }) => (oracle.valid ? [] : [`${name}: ${oracle.invalidReason}`]));
  return words.length === 0 ? '' : ` (${words.join('; ')})`;
}

function orderRefusal(intent: OrderIntent, { hedge }: PerpsRead): ErrorReport | null {
  const size = abs(orderSize(intent));
  const { stepSize: step, minimumSize: minimum } = hedge.perp;
  if (size <= 0n || (step > 0n && size % step !== 0n)) {
    return invalidField('size', formatSol(size), `a multiple of the market's step, ${formatSol(step)} SOL`);
  }
  // The program silently rounds an odd size down, and accepts a reduction as small as one step.
  if (intent.reduceOnly || size >= minimum) return null;
  return {
    code: 'BELOW_MINIMUM',
    message: `The smallest order is ${formatSol(minimum)} SOL; ${formatSol(size)} SOL was asked for.`,
    details: { size: size.toString(), minimum: minimum.toString() },
  };
}

function shortage(where: string, asset: Asset, have: bigint, need: bigint, parts: ErrorReport['details']): ErrorReport {
  const amountText = (amount: bigint) => `${formatAmount(amount, decimalsOf(asset))} ${asset}`;
  return {
    code: 'INSUFFICIENT_FUNDS',
    message: `The ${where} holds ${amountText(have)}; this needs ${amountText(need)}.`,
    details: { asset, where, have: have.toString(), need: need.toString(), ...parts },
  };
}
