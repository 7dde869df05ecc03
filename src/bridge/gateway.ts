/** The port to the engine: the calls that the bridge makes to Temporal. */

import type { ResolveVerdict } from '../../workflows/messages.ts';
import type { CommandAnswer, CommandEnvelope } from '../domain/order/command.ts';
import type { EngineRecord } from '../journal/records.ts';

/**
 * Every method ends by its deadline (wall milliseconds) and `command` and `resolve` never reject: what went wrong is in
 * the answer. UNAVAILABLE and ENGINE_BUSY: nothing was sent. ACCEPTANCE_UNKNOWN: it may have been.
 */
export interface EngineGateway {
  command(engineId: string, envelope: CommandEnvelope, deadlineMs: number): Promise<CommandAnswer>;
  /** `updateId` makes it idempotent: the same verdict of the same command is given once. */
  resolve(operationId: string, verdict: ResolveVerdict, updateId: string, deadlineMs: number): Promise<CommandAnswer>;
  /** The engine's own word, for when the journal is mute. @throws TransientError when it gives none */
  state(engineId: string, deadlineMs: number): Promise<EngineRecord>;
  /** @throws TransientError when Temporal does not answer */
  ping(deadlineMs: number): Promise<void>;
}

/** Within a run an update id gets one answer, so a confirmation needs another id than the command that it confirms. */
export const updateIdOf = (envelope: Pick<CommandEnvelope, 'commandId'>, hash: string): string =>
  `${envelope.commandId}:${hash}`;
