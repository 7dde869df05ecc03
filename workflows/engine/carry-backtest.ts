/** The backtest of the policy in force. One that cannot be run proves nothing. */
import { isCancellation } from '@temporalio/workflow';
import type { EngineActivities } from '../../activities/contract.ts';
import type { CarryBacktest } from '../../src/domain/carry/carry-backtest.ts';
import { failureReport } from '../failure-report.ts';
import type { EngineCore } from './core.ts';

export async function carryBacktest(
  { engineId, settings }: Pick<EngineCore, 'engineId' | 'settings'>,
  run: EngineActivities['carryBacktest'],
): Promise<CarryBacktest> {
  try {
    return await run({ engineId, policy: settings.policyJson });
  } catch (error) {
    if (isCancellation(error)) throw error;
    return { kind: 'unknown', why: failureReport(error).message };
  }
}
