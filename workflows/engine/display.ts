/** What the engine shows: its journal row, and the Temporal UI's details for an operator without our code. */

import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import {
  decisionContext,
  type EngineCarried,
  trackedOperation,
  unresolvedOperations,
} from '../../src/domain/engine/engine-state.ts';
import { tradingStateOf } from '../../src/domain/engine/hold.ts';
import type { PolicyJson } from '../../src/domain/hedge/policy.ts';
import type { Mode } from '../../src/domain/order/command.ts';
import { OPERATIONS } from '../../src/domain/order/operations.ts';
import type { EngineRecord } from '../../src/journal/records.ts';
import { parseEngineId } from '../../src/lib/ids.ts';
import type { EngineCore } from './core.ts';

const STAGE = defineSearchAttributeKey('DriftlessStage', SearchAttributeType.KEYWORD);
const NEEDS_PERSON = defineSearchAttributeKey('DriftlessNeedsPerson', SearchAttributeType.BOOL);
const ENGINE_ID = defineSearchAttributeKey('DriftlessEngineId', SearchAttributeType.KEYWORD);

/** The row, but for its time. */
export function engineRow(
  engineId: string,
  policy: PolicyJson,
  engine: EngineCarried,
): Omit<EngineRecord, 'updatedAtMs'> {
  const running = engine.slot === null ? null : trackedOperation(engine, engine.slot);
  return {
    engineId,
    mode: policy.mode,
    feed: engine.seen?.feed ?? parseEngineId(engineId)?.authority ?? '',
    state: engine.state,
    tradingState: tradingStateOf(engine.holds),
    reason: engine.holds.map((hold) => hold.reason).join(' · '),
    hedgeTarget: engine.hedgeTargetPpm / 1e6,
    decisionContext: decisionContext(engine),
    policy,
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
  };
}

export const engineRecord = ({ engineId, state, settings }: EngineCore): EngineRecord => ({
  ...engineRow(engineId, settings.policyJson, state.current),
  updatedAtMs: Date.now(),
});

/** The details page of the Temporal UI: restrictions, what the engine waits for and until when, what a person must do. */
export class EngineDisplay {
  readonly #core: EngineCore;
  #details = '';
  #attributes = '';

  constructor(core: EngineCore) {
    this.#core = core;
  }

  show(): void {
    const { engineId, state, settings } = this.#core;
    const engine = state.current;
    const needsPerson = engine.holds.some((hold) => hold.clearedBy === 'person' || hold.code === 'unresolved');
    const details = detailsOf(engineId, settings.policy.mode, engine, needsPerson);
    if (this.#details === details) return;
    this.#details = details;
    setCurrentDetails(details);
    const attributes = `${engine.state} ${needsPerson}`;
    if (!settings.tuning.searchAttributes || this.#attributes === attributes) return;
    this.#attributes = attributes;
    upsertSearchAttributes([
      { key: ENGINE_ID, value: engineId },
      { key: STAGE, value: engine.state },
      { key: NEEDS_PERSON, value: needsPerson },
    ]);
  }
}

function detailsOf(engineId: string, mode: Mode, engine: EngineCarried, needsPerson: boolean): string {
  const running = engine.slot === null ? null : trackedOperation(engine, engine.slot);
  const position = engine.expectedPerp === null ? 'being read' : `${Number(engine.expectedPerp) / 1e9} SOL`;
  const operation =
    running === null
      ? 'none'
      : `${OPERATIONS[running.kind].label} \`operation:${running.operationId}\` (${running.stage})`;
  const cooldown =
    engine.cooldownEndsAtMs === null ? 'none' : `until ${new Date(engine.cooldownEndsAtMs).toISOString()}`;
  const waitsFor = engine.slot === null ? 'a command, or a change of the account' : 'the running operation';
  return [
    `**${engine.state}**, trading ${tradingStateOf(engine.holds)}, ${mode} · \`${engineId}\``,
    `- position: ${position}, hedge target ${engine.hedgeTargetPpm / 10_000} %`,
    `- operation: ${operation}`,
    `- cooldown: ${cooldown}`,
    `- waiting for: ${waitsFor}`,
    ...engine.holds.map(
      (hold) =>
        `- restriction **${hold.code}** since ${new Date(hold.sinceMs).toISOString()}, cleared by ${hold.clearedBy}: ${hold.reason}`,
    ),
    needsPerson ? '\n**Action needed:** see the restrictions above.' : '\nNo action needed.',
  ].join('\n');
}
