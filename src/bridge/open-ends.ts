/** The second COMMAND_RESULT: how a command ended that was answered before its end was known. Told to every socket, once. */
import { type CommandAnswer, isFinal } from '../domain/order/command.ts';
import type { JournalLookup } from './journal-lookup.ts';
import { FOREIGN_END_AFTER_MS, JOURNAL_LOOKUP_MS, MAX_OPEN_ENDS, OPEN_ENDS_PER_SWEEP } from './limits.ts';
import { RecentSet } from './recent-set.ts';

export interface OpenEndsPorts {
  readonly engineId: string;
  readonly lookup: JournalLookup;
  readonly tell: (action: string, commandId: string, answer: CommandAnswer) => void;
}

export class OpenEnds {
  readonly #ports: OpenEndsPorts;
  /** Being answered here: their first answer comes first. */
  readonly #running = new Map<string, number>();
  /** Answered here without their end. */
  readonly #expected = new RecentSet(MAX_OPEN_ENDS);
  /** Their end was told here, as the first answer or the second. */
  readonly #told = new RecentSet(MAX_OPEN_ENDS);

  constructor(ports: OpenEndsPorts) {
    this.#ports = ports;
  }

  started(commandId: string): void {
    this.#running.set(commandId, (this.#running.get(commandId) ?? 0) + 1);
  }

  /** Call it when the answer is on its way: what the journal learned meanwhile is told after it. */
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
    if (!this.#expected.delete(commandId) && tookMs < FOREIGN_END_AFTER_MS) return;
    this.#told.add(commandId);
    this.#ports.tell(record.action, commandId, record.answer);
  }

  /** Asks for the ends that no event told: events are lost while the journal is away. */
  async sweep(): Promise<void> {
    for (const commandId of this.#expected.values().slice(0, OPEN_ENDS_PER_SWEEP)) await this.changed(commandId);
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
