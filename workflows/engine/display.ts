/** What the engine shows: its journal row, its alerts, and the Temporal UI's details for an operator without our code. */

import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import { decisionContext, trackedOperation, unresolvedOperations } from '../../src/domain/engine/engine-state.ts';
import { tradingStateOf } from '../../src/domain/engine/hold.ts';
import { OPERATIONS } from '../../src/domain/order/operations.ts';
import type { EngineRecord } from '../../src/journal/records.ts';
import { parseEngineId } from '../../src/lib/ids.ts';
import type { EngineRun } from './engine.ts';

const STAGE = defineSearchAttributeKey('DriftlessStage', SearchAttributeType.KEYWORD);
const NEEDS_PERSON = defineSearchAttributeKey('DriftlessNeedsPerson', SearchAttributeType.BOOL);
const ENGINE_ID = defineSearchAttributeKey('DriftlessEngineId', SearchAttributeType.KEYWORD);

export function engineRecord(run: EngineRun): EngineRecord {
  const { engine } = run;
  const running = engine.slot === null ? null : trackedOperation(engine, engine.slot);
  return {
    engineId: run.engineId,
    mode: run.policy.mode,
    feed: engine.seen?.feed ?? parseEngineId(run.engineId)?.authority ?? '',
    state: engine.state,
    tradingState: tradingStateOf(engine.holds),
    reason: engine.holds.map((hold) => hold.reason).join(' · '),
    hedgeTarget: engine.hedgeTargetPpm / 1e6,
    decisionContext: decisionContext(engine),
    cooldownUntilMs: engine.cooldownUntilMs,
    cooldownEndsAtMs: engine.cooldownEndsAtMs,
    operation:
      running === null
        ? null
        : {
            operationId: running.operationId,
            kind: OPERATIONS[running.kind].recordedAs,
            stage: running.stage,
          },
    unresolved: unresolvedOperations(engine).map((operation) => operation.operationId),
    holds: engine.holds,
    epoch: engine.epoch,
    sequence: engine.sequence,
    updatedAtMs: Date.now(),
  };
}

/** The details page of the Temporal UI: what is held, what is waited for and until when, what a person must do. */
export function showEngine(run: EngineRun): void {
  const { engine } = run;
  const needsPerson = engine.holds.some((hold) => hold.clearedBy === 'person' || hold.code === 'unresolved');
  const running = engine.slot === null ? null : trackedOperation(engine, engine.slot);
  const lines = [
    `**${engine.state}**, trading ${tradingStateOf(engine.holds)}, ${run.policy.mode} · \`${run.engineId}\``,
    `- position: ${engine.vaultPerp === null ? 'being read' : `${Number(engine.vaultPerp) / 1e9} SOL`}, hedge target ${engine.hedgeTargetPpm / 10_000} %`,
    `- operation: ${running === null ? 'none' : `${OPERATIONS[running.kind].label} \`operation:${running.operationId}\` (${running.stage})`}`,
    `- cooldown: ${engine.cooldownEndsAtMs === null ? 'none' : `until ${new Date(engine.cooldownEndsAtMs).toISOString()}`}`,
    `- waits for: ${waitsFor(run)}`,
    ...engine.holds.map(
      (hold) =>
        `- hold **${hold.code}** since ${new Date(hold.sinceMs).toISOString()}, cleared by ${hold.clearedBy}: ${hold.reason}`,
    ),
    needsPerson ? '\n**A person is needed:** see the holds above; each says what to do.' : '\nNobody is needed.',
  ];
  const text = lines.join('\n');
  if (run.shown === text) return;
  run.shown = text;
  setCurrentDetails(text);
  const attributes = `${engine.state} ${needsPerson}`;
  if (run.tuning.searchAttributes && run.shownAttributes !== attributes) {
    run.shownAttributes = attributes;
    upsertSearchAttributes([
      { key: ENGINE_ID, value: run.engineId },
      { key: STAGE, value: engine.state },
      { key: NEEDS_PERSON, value: needsPerson },
    ]);
  }
}

function waitsFor(run: EngineRun): string {
  if (run.engine.slot !== null) return 'its operation to report';
  return 'the watch to see something to decide, or a command';
}
