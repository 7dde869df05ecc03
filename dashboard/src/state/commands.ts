/** Sends commands. Each has its own id and the mode that the person saw when they pressed the button. */

import { signal } from '@preact/signals';
import type { Action, Mode } from '../../../src/domain/order/command.ts';
import type { CommandMessage } from '../../../src/protocol/command.ts';
import { PROTOCOL } from '../../../src/protocol/version.ts';
import { type CommandData, withSent } from './activity.ts';
import { commandWords } from './command-words.ts';
import { activities, announcement, sendText, setActivities, stats } from './store.ts';

type DataOf<Of extends Action> = CommandMessage<Of>['data'];

/** A question that the page itself asks before it trades at one press, ends a position or starts real trading. */
export interface LocalQuestion {
  readonly title: string;
  readonly lines: readonly string[];
  readonly confirmLabel: string;
  readonly danger: boolean;
  readonly action: Action;
  readonly data: DataOf<Action>;
  /** Shows what the command would come to. */
  readonly previewed?: boolean;
}

export const question = signal<LocalQuestion | null>(null);
/** Confirmations that the person closed; they stay in the list of commands and can be opened again there. */
export const dismissedConfirmations = signal<ReadonlySet<string>>(new Set());

/** The id of the command, or null when nothing could be sent. */
export function sendCommand<Of extends Action>(action: Of, data: DataOf<Of>): string | null {
  const mode: Mode | null = stats.value?.engine.mode ?? null;
  // Amounts are text from the field to the socket, and so is all that the page sends.
  const text = data as CommandData;
  const commandId = crypto.randomUUID();
  return deliver(commandId, action, text.mode !== undefined || mode === null ? text : { ...text, mode }, null)
    ? commandId
    : null;
}

/** The same command again with the token: the same id and data, so it is exactly the one that was shown. */
export function sendConfirmed(commandId: string): boolean {
  const activity = activities.value.find((other) => other.commandId === commandId);
  const token = activity?.confirmation?.token;
  if (activity === undefined || token === undefined) return false;
  return deliver(commandId, activity.action, activity.data, token);
}

export function dismissConfirmation(commandId: string, dismissed: boolean): void {
  const next = new Set(dismissedConfirmations.value);
  if (dismissed) next.add(commandId);
  else next.delete(commandId);
  dismissedConfirmations.value = next;
}

function deliver(commandId: string, action: string, data: CommandData, token: string | null): boolean {
  const sentData = token === null ? data : { ...data, confirmation_token: token };
  const sent = sendText(
    JSON.stringify({ type: 'COMMAND', protocol: PROTOCOL, action, command_id: commandId, data: sentData }),
  );
  if (!sent) {
    announcement.value = `${commandWords(action, data)} was not sent: there is no connection to the engine.`;
    return false;
  }
  setActivities(withSent(activities.value, { commandId, action, data }, Date.now()));
  return true;
}
