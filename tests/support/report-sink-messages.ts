import { defineQuery, defineSignal } from '@temporalio/workflow';
import type { OperationReport } from '../../workflows/messages.ts';

export const allReports = defineQuery<readonly OperationReport[]>('allReports');
export const sinkDone = defineSignal('sinkDone');
