/** The second COMMAND_RESULT: how a command ended that was answered before its end was known. Told to every socket, once. */

import { actionOf, type CommandAnswer, type CommandEnvelope, isFinal } from '../domain/order/command.ts';
import { BoundedMap, BoundedSet } from '../lib/bounded.ts';
import type { Clock } from '../lib/clock.ts';
import type { JournalLookup } from './journal-lookup.ts';
import {
  ASK_AGAIN_AFTER_MS,
  FOREIGN_END_AFTER_MS,
  JOURNAL_LOOKUP_MS,
  MAX_OPEN_ENDS,
  OPEN_ENDS_PER_SWEEP,
} from './limits.ts';

interface OpenEndsPorts {
  readonly engineId: string;
  readonly lookup: JournalLookup;
  readonly clock: Clock;
  /** Sends a command to the engine once more, after its time is over: the engine starts nothing of it then. */
  readonly askAgain: (envelope: CommandEnvelope) => Promise<CommandAnswer>;
  readonly tell: (action: string, commandId: string, answer: CommandAnswer) => void;
}

export class OpenEnds {
  readonly #ports: OpenEndsPorts;
  /** Being answered here: their first answer comes first. */
  readonly #running = new Map<string, number>();
  /** Answered here without their end. */
  readonly #expected = new BoundedSet<string>(MAX_OPEN_ENDS);
  /** Sent to the engine and not answered: whether it took them is not known. The oldest is forgotten first. */
  readonly #unanswered = new BoundedMap<string, CommandEnvelope>(MAX_OPEN_ENDS);
  /** Commands whose end was sent here, as the first answer or the second. */
  readonly #told = new BoundedSet<string>(MAX_OPEN_ENDS);

  #asking = false;

  constructor(ports: OpenEndsPorts) {
    this.#ports = ports;
  }

  started(commandId: string): void {
    this.#running.set(commandId, (this.#running.get(commandId) ?? 0) + 1);
  }

  /** The engine did not answer this command in time; when its time is over it is asked what became of it. */
  unanswered(envelope: CommandEnvelope): void {
    this.#unanswered.set(envelope.commandId, envelope);
  }

  /** Call it when the answer is on its way: changes that the journal has recorded by then are sent after it. */
  answered(commandId: string, answer: CommandAnswer): void {
    const left = (this.#running.get(commandId) ?? 1) - 1;
    if (left > 0) this.#running.set(commandId, left);
    else this.#running.delete(commandId);
    if (answer.data.status === 'pending' || answer.data.status === 'unknown') {
      this.#told.delete(commandId);
      this.#expected.add(commandId);
      void this.changed(commandId);
    } else if (isFinal(answer) && isOfThisCommand(answer) && !this.#expected.has(commandId)) {
      this.#told.add(commandId);
    }
  }

  /** The journal's row of this command changed, or may have. */
  async changed(commandId: string): Promise<void> {
    if (this.#running.has(commandId) || this.#told.has(commandId)) return;
    const found = await this.#ports.lookup(JOURNAL_LOOKUP_MS, (journal) => journal.command(commandId));
    const record = found.known ? found.value : null;
    if (record === null || record.engineId !== this.#ports.engineId) return;
    if (record.answer === null || !isFinal(record.answer)) return;
    if (this.#running.has(commandId) || this.#told.has(commandId)) return;
    const tookMs = (record.answeredAtMs ?? record.receivedAtMs) - record.receivedAtMs;
    if (!this.#expected.has(commandId) && tookMs < FOREIGN_END_AFTER_MS) return;
    this.#tell(record.action, commandId, record.answer);
  }

  #tell(action: string, commandId: string, answer: CommandAnswer): void {
    this.#expected.delete(commandId);
    this.#unanswered.delete(commandId);
    this.#told.add(commandId);
    this.#ports.tell(action, commandId, answer);
  }

  /** Asks for the ends that no event brought: events are lost while the journal is away. */
  async sweep(): Promise<void> {
    for (const commandId of [...this.#expected].slice(0, OPEN_ENDS_PER_SWEEP)) await this.changed(commandId);
    await this.#askForLost();
  }

  /**
   * A command that never reached the engine has no row in the journal, so only the engine can say what became of it.
   * It is asked with the same envelope once the command's time is over: it answers what it knows, or COMMAND_EXPIRED.
   */
  async #askForLost(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    try {
      const over = this.#ports.clock.nowMs() - ASK_AGAIN_AFTER_MS;
      const lost = [...this.#unanswered.values()].filter(({ notAfterMs }) => notAfterMs < over);
      for (const envelope of lost.slice(0, OPEN_ENDS_PER_SWEEP)) {
        const { commandId, request } = envelope;
        if (this.#running.has(commandId)) continue;
        const answer = await this.#ports.askAgain(envelope);
        const code = answer.error?.code ?? '';
        if (code === 'ACCEPTANCE_UNKNOWN' || NOT_ITS_END.has(code)) return;
        this.#unanswered.delete(commandId);
        // The engine took it: its end comes by the journal.
        const { status } = answer.data;
        if (status === 'pending' || status === 'unknown' || this.#told.has(commandId)) continue;
        this.#tell(actionOf(request), commandId, answer);
      }
    } finally {
      this.#asking = false;
    }
  }
}

/** Not those that leave no record, or that speak of another command under the same id: its end is still to be told. */
const NOT_ITS_END: ReadonlySet<string> = new Set([
  'UNAVAILABLE',
  'ENGINE_BUSY',
  'COMMAND_ID_CONFLICT',
  'ENGINE_RUNNING_OTHER_MODE',
]);
const isOfThisCommand = (answer: CommandAnswer): boolean => !NOT_ITS_END.has(answer.error?.code ?? '');
