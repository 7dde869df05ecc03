/**
 * A live start looks at the wallet first: what can never work as configured is refused with its remedy. A venue that only
 * does not answer now holds the engine by itself, until it is read.
 */
import { isCancellation } from '@temporalio/workflow';
import type { Snapshot } from '../../src/domain/account/snapshot.ts';
import { quoteAsset } from '../../src/domain/account/spot-markets.ts';
import type { Policy } from '../../src/domain/hedge/policy.ts';
import { formatSol, formatUsd } from '../../src/domain/money/amounts.ts';
import type { ErrorReport, Json } from '../../src/lib/errors.ts';
import { failureReport, isForGood } from '../failure-report.ts';

export interface WalletCheck {
  /** Absent: the engine may start. */
  readonly refusal?: ErrorReport;
  readonly message: string;
  readonly data: Json;
}

export async function checkWallet(
  read: () => Promise<Snapshot>,
  permissions: Policy['permissions'],
): Promise<WalletCheck> {
  try {
    const { wallet, account, markets, transactionCostLamports } = await read();
    const sol = formatSol(wallet.sol);
    const quote = formatUsd(wallet.quote);
    const symbol = quoteAsset(markets);
    const opens = account === null ? ' There is no account yet. The first deposit opens one.' : '';
    const poor =
      wallet.sol < transactionCostLamports && permissions !== 'read-only'
        ? ' It cannot pay for a transaction. Send SOL to it.'
        : '';
    return {
      message: `The wallet holds ${sol} SOL and ${quote} ${symbol ?? 'of the quote asset'}.${poor}${opens}`,
      data: { sol, quote, quote_asset: symbol, account: account !== null },
    };
  } catch (error) {
    if (isCancellation(error)) throw error;
    const report = failureReport(error);
    if (isForGood(error)) return { refusal: report, message: report.message, data: null };
    return { message: `The wallet could not be read yet: ${report.message}`, data: null };
  }
}
