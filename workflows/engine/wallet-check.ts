/**
 * A live start looks at the wallet first: what can never work as configured is refused with its remedy. A venue that only
 * does not answer now holds the engine by itself, until it is read.
 */
import { isCancellation } from '@temporalio/workflow';
import type { Snapshot } from '../../src/domain/account/snapshot.ts';
import type { Policy } from '../../src/domain/hedge/policy.ts';
import { ASSET_DECIMALS, formatAmount } from '../../src/domain/money/amounts.ts';
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
    const { wallet, account, transactionCostLamports } = await read();
    const sol = formatAmount(wallet.sol, ASSET_DECIMALS.SOL);
    const usdc = formatAmount(wallet.usdc, ASSET_DECIMALS.USDC);
    const opens = account === null ? ' There is no account yet. The first deposit opens one.' : '';
    const poor =
      wallet.sol < transactionCostLamports && permissions !== 'read-only'
        ? ' It cannot pay for a transaction. Send SOL to it.'
        : '';
    return {
      message: `The wallet holds ${sol} SOL and ${usdc} USDC.${poor}${opens}`,
      data: { sol, usdc, account: account !== null },
    };
  } catch (error) {
    if (isCancellation(error)) throw error;
    const report = failureReport(error);
    if (isForGood(error)) return { refusal: report, message: report.message, data: null };
    return { message: `The wallet could not be read yet: ${report.message}`, data: null };
  }
}
