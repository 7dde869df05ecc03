/** A command from its message to its answer: the lasting record first, then the engine, always within its time. */
import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { ResolveVerdict } from '../../workflows/messages.ts';
import {
  actionOf,
  type CommandAnswer,
  type CommandEnvelope,
  type ControlRequest,
  isFinal,
  isOperation,
  type Mode,
  refused,
} from '../domain/order/command.ts';
import { idConflict, repeatedAnswer } from '../domain/order/repeated-command.ts';
import { signCommand, signVerdict } from '../domain/order/signed-command.ts';
import type { CommandRecord, OperationRecord } from '../journal/records.ts';
import type { RightOfWay } from '../journal/right-of-way.ts';
import { BoundedSet } from '../lib/bounded.ts';
import type { Clock } from '../lib/clock.ts';
import type { ErrorDetails, Json } from '../lib/errors.ts';
import { hashJson } from '../lib/ids.ts';
import { within } from '../lib/within.ts';
import { acceptanceUnknown, busy, unavailable } from './answers.ts';
import { CommandShare } from './command-share.ts';
import { type EngineGateway, updateIdOf } from './gateway.ts';
import type { JournalLookup } from './journal-lookup.ts';
import {
  ANSWER_WITHIN_MS,
  COMMAND_LIFE_MS,
  COMMANDS_PER_SECOND_OF_ENGINE,
  GATEWAY_WITHIN_MS,
  JOURNAL_LOOKUP_MS,
  MAX_COUNTED_COMMANDS,
} from './limits.ts';
import type { OpenEnds } from './open-ends.ts';
import { hasPriority } from './places.ts';
import type { IncomingCommand } from './protocol.ts';

/** Does the work under a span of its own, which begins the trace of this command. */
export type TraceCommand = (
  command: { readonly action: string; readonly engineId: string; readonly commandId: string },
  work: () => Promise<CommandAnswer>,
) => Promise<CommandAnswer>;

export interface CommandPorts {
  readonly engineId: string;
  readonly mode: Mode;
  /** Signs what goes to the engine. */
  readonly commandKey: () => string;
  readonly gateway: EngineGateway;
  /** Finds a command's record; skipped under high load. */
  readonly find: JournalLookup;
  /** Records a verdict's command and answer. */
  readonly record: JournalLookup;
  readonly clock: Clock;
  /** By which the worker judges whether a command is late. */
  readonly sharedClock: Clock;
  readonly logger: Logger;
  readonly ends: OpenEnds;
  /** Absent: commands are not traced. */
  readonly traceCommand?: TraceCommand | undefined;
  /** Exits have it, from here to their answer. */
  readonly rightOfWay: RightOfWay;
  /** GET_STATE's data; null when nothing is known at all. */
  readonly state: () => Promise<Readonly<Record<string, Json | undefined>> | null>;
}

interface CommandOnItsWay {
  readonly envelope: CommandEnvelope;
  /** Its id was made here, so nothing is recorded of it. */
  readonly made: boolean;
  /** By our own clock. */
  readonly deadlineMs: number;
}

export interface AnsweredCommand {
  readonly commandId: string;
  readonly answer: CommandAnswer;
}

export interface Commands {
  /** Never rejects, and ends within `ANSWER_WITHIN_MS`. Call `ends.answered` once the answer is on its way. */
  run(command: IncomingCommand, operator: string): Promise<AnsweredCommand>;
}

export function commandRunner(ports: CommandPorts): Commands {
  const { engineId, mode, commandKey, gateway, find, clock, sharedClock, logger, ends } = ports;
  const traced: TraceCommand = ports.traceCommand ?? ((_command, work) => work());
  /** The same command sent again while it runs shares the answer, and costs no place in the engine. */
  const running = new Map<string, Promise<CommandAnswer>>();
  const share = new CommandShare(clock.nowMs());
  /** Commands that had their part of it: sent again, each still gets its recorded answer. */
  const counted = new BoundedSet<string>(MAX_COUNTED_COMMANDS);

  const answer = async ({ envelope, made, deadlineMs }: CommandOnItsWay): Promise<CommandAnswer> => {
    const record = made ? null : await recordOf(envelope.commandId);
    if (record !== null) {
      const past = await pastAnswer(envelope, record);
      if (past !== null) return past;
    }
    const { request } = envelope;
    if (!isOperation(request) && request.action === 'GET_STATE') return stateAnswer();
    if (!isOperation(request) && request.action === 'RESOLVE_TRANSACTION')
      return resolve(envelope, request, deadlineMs);
    return gateway.command(engineId, envelope, deadlineMs);
  };

  const recordOf = async (commandId: string): Promise<CommandRecord | null> => {
    const found = await find(JOURNAL_LOOKUP_MS, (journal) => journal.command(commandId));
    return found.known ? found.value : null;
  };

  /** Null: a record alone may wait for a confirmation, and one with a token goes on: the engine knows. */
  const pastAnswer = async (envelope: CommandEnvelope, record: CommandRecord): Promise<CommandAnswer | null> => {
    const isSame = record.requestHash === envelope.requestHash && record.engineId === engineId;
    const mayRun = isSame && !hasEnd(record) && envelope.confirmationToken === undefined;
    const operation = mayRun ? await operationOf(record) : null;
    return repeatedAnswer(envelope.commandId, { isSame, answer: record.answer, first: record, operation });
  };

  const operationOf = async ({ operationId }: Pick<CommandRecord, 'operationId'>): Promise<OperationRecord | null> => {
    if (operationId === null) return null;
    const found = await find(JOURNAL_LOOKUP_MS, (journal) => journal.operation(operationId));
    return found.known ? found.value : null;
  };

  const stateAnswer = async (): Promise<CommandAnswer> => {
    const state = await ports.state();
    if (state === null) return unavailable('journal', 'Neither the journal nor the engine answers.');
    return { success: true, message: 'The state as last known.', data: { ...state, status: 'done' } };
  };

  const resolve = async (
    envelope: CommandEnvelope,
    request: Extract<ControlRequest, { action: 'RESOLVE_TRANSACTION' }>,
    deadlineMs: number,
  ): Promise<CommandAnswer> => {
    const { commandId, requestHash, operator, receivedAtMs } = envelope;
    const operation = await operationOf(request);
    if (operation !== null && operation.engineId !== engineId) return ofAnotherEngine(operation);
    const admitted = await ports.record(JOURNAL_LOOKUP_MS, (journal) =>
      journal.admitCommand({
        commandId,
        engineId,
        action: request.action,
        requestHash,
        request: { ...request },
        receivedAtMs,
        operationId: request.operationId,
      }),
    );
    if (admitted.known && admitted.value.kind === 'conflict') return idConflict(commandId, admitted.value.record);
    if (admitted.known && admitted.value.kind === 'known' && admitted.value.record.answer !== null) {
      return admitted.value.record.answer;
    }
    const record = (given: CommandAnswer) =>
      ports.record(JOURNAL_LOOKUP_MS, (journal) => journal.recordAnswer(commandId, given, clock.nowMs()));
    if (request.verdict === 'retry') {
      // What had to be confirmed is confirmed again, and the engine holds the retry to it.
      const consent = await gateway.command(engineId, envelope, deadlineMs);
      if (consent.data.status === 'unknown') return verdictUnanswered();
      if (!consent.success) return consent;
      if (consent.data.changed === true) {
        await record(consent);
        return consent;
      }
    }
    const words: ResolveVerdict = { verdict: request.verdict, operator, note: request.note };
    const verdict = signVerdict(commandKey(), request.operationId, words);
    const given = await gateway.resolve(request.operationId, verdict, updateIdOf(envelope, requestHash), deadlineMs);
    if (given.data.status === 'unknown') return verdictUnanswered();
    if (isFinal(given) && given.error?.code !== 'UNAVAILABLE' && given.error?.code !== 'ENGINE_BUSY') {
      await record(given);
    }
    return given;
  };

  const bounded = async (inHand: CommandOnItsWay): Promise<CommandAnswer> => {
    const { envelope } = inHand;
    const waited = await within(ANSWER_WITHIN_MS, () => answer(inHand));
    const answered = waited.kind === 'value' ? waited.value : null;
    // A verdict does not expire: its answer says to send it again.
    const followed = actionOf(envelope.request) !== 'RESOLVE_TRANSACTION';
    const lost = answered === null || answered.error?.code === 'ACCEPTANCE_UNKNOWN';
    if (followed && lost) ends.unanswered(envelope);
    if (answered !== null) return answered;
    if (waited.kind === 'failed') {
      logger.error(
        { err: waited.error, action: actionOf(envelope.request), engineId, commandId: envelope.commandId },
        'A command failed in the bridge',
      );
    }
    return followed ? acceptanceUnknown() : verdictUnanswered();
  };

  return {
    run: async (command, operator) => {
      const startedAtMs = clock.nowMs();
      const receivedAtMs = sharedClock.nowMs();
      const commandId = command.commandId ?? randomUUID();
      ends.started(commandId);
      const { request, confirmationToken } = command;
      const asked = command.mode ?? ('mode' in request ? request.mode : null);
      if (asked !== null && asked !== mode) return { commandId, answer: inOurName(otherMode(mode, asked)) };
      const requestHash = hashJson({ ...request });
      const key = `${commandId}\n${requestHash}\n${confirmationToken ?? ''}`;
      const shared = running.get(key);
      if (shared !== undefined) return { commandId, answer: await shared };
      const isFirst = hasPriority(request);
      const isCounted = !isFirst && actionOf(request) !== 'GET_STATE' && !counted.has(commandId);
      if (isCounted && !share.take(startedAtMs)) return { commandId, answer: inOurName(BEYOND_SHARE) };
      if (isCounted) counted.add(commandId);
      const envelope = signCommand(commandKey(), engineId, {
        commandId,
        request,
        requestHash,
        ...(confirmationToken === null ? {} : { confirmationToken }),
        operator,
        receivedAtMs,
        notAfterMs: receivedAtMs + COMMAND_LIFE_MS,
      });
      const deadlineMs = startedAtMs + GATEWAY_WITHIN_MS;
      const work = () =>
        traced({ action: actionOf(request), engineId, commandId }, () =>
          bounded({ envelope, made: command.commandId === null, deadlineMs }).then(inOurName),
        );
      const started = isFirst ? ports.rightOfWay.held(work) : work();
      running.set(key, started);
      const given = await started;
      running.delete(key);
      logger.info(
        {
          action: actionOf(request),
          engineId,
          commandId,
          ...(given.data.operation_id === undefined ? {} : { operationId: given.data.operation_id }),
          status: given.data.status,
          code: given.error?.code,
          took_ms: clock.nowMs() - startedAtMs,
        },
        'Command answered',
      );
      return { commandId, answer: given };
    },
  };

  function inOurName(given: CommandAnswer): CommandAnswer {
    return withEngine(given, engineId, mode);
  }
}

/** Every answer names the engine that it is about. */
export const withEngine = (answer: CommandAnswer, engineId: string, mode: Mode): CommandAnswer => ({
  ...answer,
  data: { ...answer.data, engine_id: engineId, mode },
});

const ofAnotherEngine = ({ operationId, engineId }: OperationRecord): CommandAnswer =>
  refused({
    code: 'VERDICT_REFUSED',
    message: `Operation ${operationId} is of another engine, ${engineId}. Nothing was done.`,
    details: { engine_id: engineId, remedy: 'Name that engine, or use its page.' },
  });

const BEYOND_SHARE = busy(
  `This engine is sent more than ${COMMANDS_PER_SECOND_OF_ENGINE} commands a second. Nothing was sent. Try again in a second.`,
);

const verdictUnanswered = (): CommandAnswer =>
  refused(
    {
      code: 'ACCEPTANCE_UNKNOWN',
      message: 'The operation did not answer in time. Send the same command_id again to get the result.',
      details: { part: 'engine' },
    },
    'unknown',
  );

const hasEnd = ({ answer }: CommandRecord): boolean => answer !== null && isFinal(answer);

export function otherMode(runs: Mode, asked: Mode): CommandAnswer {
  const details: ErrorDetails = { field: 'mode', got: asked, expected: runs };
  return refused({
    code: 'ENGINE_RUNNING_OTHER_MODE',
    message: `This engine runs in ${runs} mode; the command is for ${asked} mode. Stop it and start with ENGINE_MODE=${asked}.`,
    details,
  });
}
