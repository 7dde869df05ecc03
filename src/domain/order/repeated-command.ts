/** The answer to a command that is sent again under the same id. Engine and bridge both use it. */
import { type Action, type CommandAnswer, isFinal, refused } from './command.ts';

/** The command that first used the id. */
export interface UsedCommand {
  /** Same engine, same action, same data. */
  readonly isSame: boolean;
  readonly answer: CommandAnswer | null;
  /** When it arrived, if known; it helps to find out what used the id. */
  readonly first: { readonly action: Action; readonly receivedAtMs: number } | null;
  readonly operation: {
    readonly operationId: string;
    readonly answer: CommandAnswer | null;
    readonly endedAtMs: number | null;
  } | null;
}

/** Null: it has no result yet and may continue, for instance with its confirmation. */
export function repeatedAnswer(
  commandId: string,
  { isSame, answer, first, operation }: UsedCommand,
): CommandAnswer | null {
  if (!isSame) return idConflict(commandId, first);
  if (answer !== null && isFinal(answer)) return answer;
  if (operation === null) return null;
  // The operation was rebuilt without its command; its result is the answer.
  if (operation.answer !== null && operation.endedAtMs !== null) return operation.answer;
  return accepted(operation.operationId);
}

/** What an accepted exit waits for before it may start. */
export interface ExitWait {
  /** Unresolved operations that may still land or fill. */
  readonly operations: readonly string[];
  /** By when that should be over, where a node answers; null: not known. */
  readonly latestEndMs: number | null;
}

export function accepted(operationId: string, wait: ExitWait | null = null): CommandAnswer {
  const data = { status: 'pending', operation_id: operationId } as const;
  if (wait === null) return { success: true, message: 'Accepted. The result follows.', data };
  const latestEnd = wait.latestEndMs === null ? null : new Date(wait.latestEndMs).toISOString();
  const until = latestEnd === null ? '' : ` This is expected by ${latestEnd} at the latest, if an RPC node answers.`;
  return {
    success: true,
    message: `Accepted. It starts when an unresolved transaction can no longer have an effect.${until} The result follows.`,
    data: { ...data, waits_for: wait.operations, latest_end: latestEnd },
  };
}

export const idConflict = (commandId: string, first: UsedCommand['first'] = null): CommandAnswer =>
  refused({
    code: 'COMMAND_ID_CONFLICT',
    message: 'This command_id was used for another command. Use a new command_id.',
    details: {
      command_id: commandId,
      ...(first === null ? {} : { action: first.action, received_at: new Date(first.receivedAtMs).toISOString() }),
    },
  });
