/** The Temporal UI's view of an operation, for somebody without our code. */
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import { currentLeg, type OperationState } from '../../src/domain/operation/operation.ts';
import { stageText } from '../../src/domain/operation/operation-step.ts';
import { operationTitle } from '../../src/domain/order/operation-request.ts';
import {
  lastAttempt,
  mainEffect,
  resolvedByHuman,
  type TransactionState,
} from '../../src/domain/transaction/transaction.ts';
import type { ExplorerUrls } from './journal.ts';

const STAGE = defineSearchAttributeKey('DriftlessStage', SearchAttributeType.KEYWORD);
const NEEDS_PERSON = defineSearchAttributeKey('DriftlessNeedsPerson', SearchAttributeType.BOOL);
const ENGINE_ID = defineSearchAttributeKey('DriftlessEngineId', SearchAttributeType.KEYWORD);

export const needsPerson = (state: OperationState): boolean => state.phase === 'unresolved';

const time = (ms: number): string => new Date(ms).toISOString();

export function showDetails(state: OperationState, urls: ExplorerUrls, refusals: readonly string[]): void {
  const leg = currentLeg(state);
  const attempt = leg === null ? null : lastAttempt(leg.tx);
  const url = attempt === null ? null : (urls[attempt.signed.signature] ?? null);
  const lines = [
    `**${operationTitle(state.task.request)}** for \`${state.task.engineId}\``,
    '',
    `- stage: **${stageText(state)}** (${state.phase})`,
    leg === null ? null : `- waiting for: ${waitsFor(leg.tx)}`,
    attempt === null
      ? null
      : `- attempt ${attempt.number}: \`${attempt.signed.signature}\`${url === null ? '' : ` ([explorer](${url}))`}`,
    state.answer === null ? null : `- answered: ${state.answer.message}`,
    leg?.tx.verdict == null
      ? null
      : `- outcome submitted by ${leg.tx.verdict.operator}: ${leg.tx.verdict.verdict}, ${leg.tx.verdict.note}`,
    ...refusals.map((refusal) => `- refused: ${refusal}`),
    ...(needsPerson(state) ? unresolvedHelp(leg?.tx ?? null) : []),
  ];
  setCurrentDetails(lines.filter((line) => line !== null).join('\n'));
}

function waitsFor(tx: TransactionState): string {
  const main = mainEffect(tx);
  switch (main?.kind) {
    case undefined:
      return 'nothing';
    case 'confirm':
      return `${main.target}, until ${time(main.queryUntilMs)}`;
    case 'wait':
      return `its next look at ${time(main.untilMs)}`;
    default:
      return main?.kind ?? 'nothing';
  }
}

const unresolvedHelp = (tx: TransactionState | null): readonly string[] => [
  '',
  'The outcome is **unknown**. Driftless keeps checking; until it knows, only exits can start.',
  'If you know what happened, send this workflow the signal `resolveTransaction` with:',
  '',
  '```json',
  '{"verdict":"landed","operator":"your name","note":"what you saw"}',
  '```',
  '',
  '`landed`: you saw it on chain · `failed`: it can no longer land · `retry`: try again once expiry is proven. Evidence beats what you submit.',
  ...(tx === null
    ? []
    : tx.nodes.map((node) => `- ${node.node}: ${node.says}${node.reason === undefined ? '' : ` (${node.reason})`}`)),
];

export function showSearchAttributes(state: OperationState): void {
  const leg = currentLeg(state);
  const resolved = leg !== null && resolvedByHuman(leg.tx);
  upsertSearchAttributes([
    { key: ENGINE_ID, value: state.task.engineId },
    { key: STAGE, value: state.phase },
    { key: NEEDS_PERSON, value: needsPerson(state) && !resolved },
  ]);
}
