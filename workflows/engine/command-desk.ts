/** Where commands come in: each is taken once, one at a time under its id, and answered in time whatever it waits for. */
import { ApplicationFailure, condition, isCancellation, patched } from '@temporalio/workflow';
import {
  type Action,
  actionOf,
  type CommandAnswer,
  type CommandEnvelope,
  type CommandRequest,
  isOperation,
  refused,
} from '../../src/domain/order/command.ts';
import { isExit } from '../../src/domain/order/operations.ts';
import { accepted, idConflict } from '../../src/domain/order/repeated-command.ts';
import { operationIdOf } from '../../src/lib/ids.ts';
import { type CommandRecords, SIGNED_COMMANDS } from './command-records.ts';
import { confirmationMissed, engineBusy, expiry, failedInside, NOT_READY } from './command-refusals.ts';
import type { ControlCommands } from './control-commands.ts';
import type { EngineCore } from './core.ts';
import type { SlotLine } from './slot-line.ts';
import type { TradeCommands } from './trade-commands.ts';

/** With the exits: they end trading, or restore it. */
const NEVER_BUSY: ReadonlySet<Action> = new Set(['STOP_ENGINE', 'RESUME']);

/**
 * Temporal takes ten updates of a workflow at once, however many bridges send them. The rest is kept for exits: an ordinary
 * command beyond these is refused at once, which frees its place.
 */
const ORDINARY_IN_FLIGHT = 6;

export interface CommandDeskPorts {
  readonly records: CommandRecords;
  readonly line: SlotLine;
  readonly trades: Pick<TradeCommands, 'run' | 'expecting' | 'admitting' | 'waitOf'>;
  readonly controls: Pick<ControlCommands, 'run'>;
  /** The history is so long that renewal goes before ordinary commands. */
  readonly mustRenew: () => boolean;
}

export class CommandDesk {
  readonly #core: EngineCore;
  readonly #ports: CommandDeskPorts;
  #handling = 0;
  /** Updates of ordinary commands that are not answered yet. */
  #ordinary = 0;
  /** Command ids being admitted: a second update of the same id waits for the first. */
  readonly #inHand = new Set<string>();

  constructor(core: EngineCore, ports: CommandDeskPorts) {
    this.#core = core;
    this.#ports = ports;
  }

  /** How many commands wait for the slot or their admission: while any does, the engine starts nothing by itself. */
  get waiting(): number {
    const { line, trades } = this.#ports;
    return line.length + trades.expecting + trades.admitting;
  }

  /** How many of those are exits: the guard goes ahead of all others. */
  get waitingExits(): number {
    return this.#ports.line.exits + this.#ports.trades.expecting;
  }

  /** Nothing that continue-as-new would lose. */
  idle(): boolean {
    return this.#handling === 0 && this.#ports.line.length === 0;
  }

  /** Synchronous, changes nothing. A refusal here leaves no record, so that the same command may come again. */
  validate({ request, commandId }: CommandEnvelope): void {
    if (!isOrdinary(request)) return;
    const { maxWaiting } = this.#core.settings.tuning;
    const waiting = this.#ports.line.length;
    if (this.#ordinary < ORDINARY_IN_FLIGHT) {
      if (this.#ports.records.remembered(commandId) !== null) return;
      const mayWait = !isOperation(request) || waiting < maxWaiting;
      if (mayWait && !this.#ports.mustRenew()) return;
    }
    const { message, code, details } = engineBusy(waiting, maxWaiting);
    throw ApplicationFailure.nonRetryable(message, code, details);
  }

  /** `ready`: the two stores were compared. Before that, only exits and commands that need no snapshot continue. */
  async handle(envelope: CommandEnvelope, ready: boolean, withinMs: number): Promise<CommandAnswer> {
    if (!isOrdinary(envelope.request)) return await this.#answered(envelope, ready, withinMs);
    this.#ordinary += 1;
    try {
      return await this.#answered(envelope, ready, withinMs);
    } finally {
      this.#ordinary -= 1;
    }
  }

  async #answered(envelope: CommandEnvelope, ready: boolean, withinMs: number): Promise<CommandAnswer> {
    const { records } = this.#ports;
    if (!ready && needsStores(envelope)) return records.addressed(refused(NOT_READY));
    const answer: { value?: CommandAnswer; closed?: true } = {};
    // A question is for who still waits: after `pending` only an end may follow.
    const ask = (question: CommandAnswer): boolean => {
      if (answer.closed) return false;
      answer.value = question;
      return true;
    };
    this.#handling += 1;
    void this.#answer(envelope, ask)
      .catch((error: unknown): CommandAnswer => {
        if (isCancellation(error)) throw error;
        return refused(failedInside(error));
      })
      .then((value) => {
        answer.value = value;
      });
    await condition(() => answer.value !== undefined, withinMs);
    answer.closed = true;
    return records.addressed(answer.value ?? this.#pending(envelope));
  }

  #pending({ commandId }: CommandEnvelope): CommandAnswer {
    return accepted(operationIdOf(this.#core.engineId, commandId), this.#ports.trades.waitOf(commandId));
  }

  /** The final answer, however long it takes. */
  async #answer(envelope: CommandEnvelope, ask: (question: CommandAnswer) => boolean): Promise<CommandAnswer> {
    const { records } = this.#ports;
    const { commandId, requestHash } = envelope;
    // Of several that wait, one goes on at a time.
    while (this.#inHand.has(commandId)) await condition(() => !this.#inHand.has(commandId));
    const release = this.#take(commandId);
    try {
      const known = records.remembered(commandId);
      if (known !== null) {
        release();
        if (known.requestHash !== requestHash) return idConflict(commandId);
        await condition(() => records.remembered(commandId)?.answer != null);
        return records.remembered(commandId)?.answer ?? this.#pending(envelope);
      }
      const { request } = envelope;
      if (Date.now() > envelope.notAfterMs && !patched(SIGNED_COMMANDS)) {
        return await records.conclude(envelope, expiry(), false);
      }
      const unstarted = await this.#run(envelope, request);
      if (unstarted !== null) {
        const missed = unstarted.data.status === 'confirmation_required' && !ask(unstarted);
        return missed ? await records.conclude(envelope, refused(confirmationMissed), true) : unstarted;
      }
      release();
      await condition(() => records.remembered(commandId)?.answer != null);
      return records.remembered(commandId)?.answer ?? this.#pending(envelope);
    } finally {
      release();
    }
  }

  /** Null: an operation was started, and its report brings the answer. */
  async #run(envelope: CommandEnvelope, request: CommandRequest): Promise<CommandAnswer | null> {
    const { trades, controls } = this.#ports;
    return isOperation(request) ? await trades.run(envelope, request) : await controls.run(envelope, request);
  }

  /** The command is in hand until the returned function is called; calling it again does nothing. */
  #take(commandId: string): () => void {
    this.#inHand.add(commandId);
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#handling -= 1;
      this.#inHand.delete(commandId);
    };
  }
}

const isOrdinary = (request: CommandRequest): boolean =>
  isOperation(request) ? !isExit(request.kind) : !NEVER_BUSY.has(actionOf(request));

function needsStores({ request }: CommandEnvelope): boolean {
  if (isOperation(request)) return !isExit(request.kind);
  return ['RESUME', 'ADOPT_POSITION', 'ENABLE_AUTO_CARRY'].includes(request.action);
}
