/** A command's records, here and in the journal: its admission, once, and its final answer. */
import { condition, isCancellation, patched } from '@temporalio/workflow';
import type { CommandCheck } from '../../activities/contract.ts';
import { type RememberedCommand, rememberCommand, unansweredCommands } from '../../src/domain/engine/engine-state.ts';
import { addPendingAnswer } from '../../src/domain/engine/transitions.ts';
import {
  actionOf,
  type CommandAnswer,
  type CommandEnvelope,
  type CommandRequest,
  isOperation,
  refused,
} from '../../src/domain/order/command.ts';
import { isExit } from '../../src/domain/order/operations.ts';
import { repeatedAnswer } from '../../src/domain/order/repeated-command.ts';
import { operationIdOf } from '../../src/lib/ids.ts';
import type { admission } from './activities.ts';
import type { CommandActivities } from './command-activities.ts';
import type { EngineCore } from './core.ts';

export type AdmittedCommand = Awaited<ReturnType<typeof admission.admitCommand>>;

/** From here on commands are signed, and late by the clock that bridges and workers share. */
export const SIGNED_COMMANDS = 'signed-commands';

/** A report that is on its way comes sooner by far; the answer must be in time without it too. */
const REPORTS_WITHIN_MS = 1_500;

export class CommandRecords {
  readonly #core: EngineCore;
  readonly #activities: CommandActivities;

  constructor(core: EngineCore, activities: CommandActivities) {
    this.#core = core;
    this.#activities = activities;
  }

  remembered(commandId: string): RememberedCommand | null {
    return this.#core.state.current.commands.find((command) => command.commandId === commandId) ?? null;
  }

  /** Every answer names the engine that it is about. */
  addressed(answer: CommandAnswer): CommandAnswer {
    const { engineId, settings } = this.#core;
    return { ...answer, data: { engine_id: engineId, mode: settings.policy.mode, ...answer.data } };
  }

  /** Null if the journal cannot be reached: the engine then relies on its own memory. */
  async admit(envelope: CommandEnvelope, withSnapshot: boolean): Promise<AdmittedCommand | null> {
    const { engineId, state } = this.#core;
    const record = {
      commandId: envelope.commandId,
      engineId,
      action: actionOf(envelope.request),
      requestHash: envelope.requestHash,
      request: envelope.request as never,
      receivedAtMs: envelope.receivedAtMs,
      operationId: operationIdOf(engineId, envelope.commandId),
    };
    const unanswered = unansweredCommands(state.current).filter((other) => other !== envelope.commandId);
    const input = { engineId, record, envelope, withSnapshot, unanswered };
    try {
      return await this.#activities.admit(({ admitCommand }) => admitCommand(input), goesFirst(envelope.request));
    } catch (error) {
      if (isCancellation(error)) throw error;
      return null;
    }
  }

  /** Whether it came through a bridge, and in time. The journal need not be there for that. */
  async check(envelope: CommandEnvelope, admitted: AdmittedCommand | null): Promise<CommandCheck> {
    const past = Date.now() > envelope.notAfterMs;
    if (admitted !== null) return { unauthorized: admitted.unauthorized ?? null, late: admitted.late ?? past };
    if (!patched(SIGNED_COMMANDS)) return { unauthorized: null, late: past };
    const input = { engineId: this.#core.engineId, envelope };
    return await this.#activities.admit(({ checkCommand }) => checkCommand(input), true);
  }

  /**
   * What the journal tells as ended, anybody may act on: it counts here before the next command is looked at. The report
   * that it waits for was sent before the journal was written, and is at most on its way.
   */
  async takeReported(admitted: AdmittedCommand | null): Promise<void> {
    const reported = admitted?.answered ?? [];
    const taken = () => {
      const open = unansweredCommands(this.#core.state.current);
      return reported.every((commandId) => !open.includes(commandId));
    };
    if (!taken()) await condition(taken, REPORTS_WITHIN_MS);
  }

  /** Records a final answer here and in the journal. `admitted`: the journal has the command's row already. */
  async conclude(envelope: CommandEnvelope, answer: CommandAnswer, admitted: boolean): Promise<CommandAnswer> {
    if (!admitted) {
      // The journal remembers longer than the engine does: the first answer stands.
      const stored = await this.admit(envelope, false);
      if (stored?.unauthorized != null) return refused(stored.unauthorized);
      const past = journalAnswer(envelope, stored);
      if (past !== null) return past;
    }
    const { state } = this.#core;
    const { commandId, requestHash } = envelope;
    const full = this.addressed(answer);
    state.apply(rememberCommand, { commandId, requestHash, operationId: null, answer: full });
    const record = { commandId, answer: full, atMs: Date.now() };
    await this.#activities
      .run(({ recordAnswer }) => recordAnswer(record), { urgent: goesFirst(envelope.request) })
      .catch((error: unknown) => {
        if (isCancellation(error)) throw error;
        // The journal gets it later; the engine remembers the answer until then.
        state.apply(addPendingAnswer, record);
      });
    return full;
  }
}

const goesFirst = (request: CommandRequest): boolean => !isOperation(request) || isExit(request.kind);

/** The journal's answer for this command id; null: the command may continue. */
export function journalAnswer({ commandId }: CommandEnvelope, admitted: AdmittedCommand | null): CommandAnswer | null {
  if (admitted === null) return null;
  const { admission, operation } = admitted;
  const first = admission.kind === 'new' ? null : admission.record;
  return repeatedAnswer(commandId, {
    isSame: admission.kind !== 'conflict',
    answer: first?.answer ?? null,
    first,
    operation,
  });
}
