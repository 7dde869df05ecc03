/**
 * A recorded operation without Temporal: what its history says happened, fed to the pure reducer as events. Workflow time
 * is that of the task in which an event was handed over; signals and updates come before results, as the SDK hands them.
 */

import type {
  MainResult,
  OperationEvent,
  OperationMain,
  OperationState,
} from '../../src/domain/operation/operation.ts';
import { operationMain } from '../../src/domain/operation/operation.ts';
import { step } from '../../src/domain/operation/operation-step.ts';
import type { CommandAnswer } from '../../src/domain/order/command.ts';
import type { ErrorReport } from '../../src/lib/errors.ts';
import type { OperationInput, ResolveVerdict } from '../../workflows/messages.ts';
import { initialState } from '../../workflows/operation/initial-state.ts';
import { notPrepared, preparedResult, unseenByWorker } from '../../workflows/operation/prepared-result.ts';
import type { CarriedOperation } from '../../workflows/operation/transaction.ts';
import type { RecordedEvent, RecordedHistory } from './history-file.ts';

export interface Fed {
  readonly state: OperationState;
  readonly steps: number;
  /** How the workflow itself ended: its answer, or the state that it passed to the next run. */
  readonly end: { readonly answer: CommandAnswer } | { readonly carried: OperationState };
}

interface Payloads {
  readonly payloads?: readonly { readonly data?: string }[];
}
interface Failure {
  readonly message?: string;
  readonly cause?: Failure;
  readonly applicationFailureInfo?: { readonly type?: string; readonly details?: Payloads };
}
type Untimed = OperationEvent extends infer Event
  ? Event extends OperationEvent
    ? Omit<Event, 'nowMs'>
    : never
  : never;

const decode = (payloads: unknown): readonly unknown[] =>
  ((payloads as Payloads | undefined)?.payloads ?? []).map(({ data }) =>
    data === undefined ? undefined : JSON.parse(Buffer.from(data, 'base64').toString('utf8')),
  );

/** Attributes of whatever kind, read as they are. */
// biome-ignore lint/suspicious/noExplicitAny: a history is Temporal's own format, which these tests read loosely
type Attributes = any;

const attributesOf = (event: RecordedEvent): Attributes =>
  event[Object.keys(event).find((key) => key.endsWith('EventAttributes')) ?? ''] ?? {};

const typeOf = ({ eventType }: RecordedEvent): string => eventType.replace('EVENT_TYPE_', '');

/** As `workflows/failure-report.ts` reads it. */
function reportOfFailure(failure: Failure | undefined): ErrorReport {
  for (let at = failure; at !== undefined; at = at.cause) {
    const info = at.applicationFailureInfo;
    if (info === undefined) continue;
    const [report] = decode(info.details);
    return (report as ErrorReport | undefined) ?? { code: info.type ?? 'UNEXPECTED', message: at.message ?? '' };
  }
  return { code: 'UNAVAILABLE', message: failure?.message ?? '' };
}

class Feeder {
  state: OperationState;
  steps = 0;
  private readonly input: OperationInput;
  private nowMs = 0;
  private main: OperationMain | null = null;
  private messages: Untimed[] = [];
  private results: Untimed[] = [];
  /** What the last submit saw of its transaction. */
  private seen: Omit<Extract<MainResult, { kind: 'sighted' }>, 'kind'> | null = null;
  /** Which main effect an activity or a timer belongs to. */
  private readonly started = new Map<string, OperationMain>();

  constructor(input: OperationInput, carried: CarriedOperation | undefined) {
    this.input = input;
    this.state = carried?.state ?? initialState(input);
    if (carried === undefined) this.messages.push({ kind: 'start' });
    else this.main = operationMain(this.state);
  }

  feed(events: readonly RecordedEvent[]): void {
    for (const [index, event] of events.entries()) this.take(event, index, events);
  }

  private take(event: RecordedEvent, index: number, events: readonly RecordedEvent[]): void {
    const attributes = attributesOf(event);
    switch (typeOf(event)) {
      case 'WORKFLOW_TASK_STARTED':
        this.beginTask(event, index, events);
        return;
      case 'MARKER_RECORDED':
        this.takeMarker(attributes, events.slice(index + 1));
        return;
      case 'ACTIVITY_TASK_SCHEDULED':
        if (this.main !== null && activityOf(this.main) === attributes.activityType.name) {
          this.started.set(event.eventId, this.main);
        }
        return;
      case 'TIMER_STARTED':
        if (this.main?.main.kind === 'wait') this.started.set(event.eventId, this.main);
        return;
      case 'ACTIVITY_TASK_COMPLETED':
        this.takeResult(attributes.scheduledEventId, decode(attributes.result)[0]);
        return;
      case 'ACTIVITY_TASK_FAILED':
      case 'ACTIVITY_TASK_TIMED_OUT':
        this.takeFailure(attributes.scheduledEventId, attributes.failure);
        return;
      case 'TIMER_FIRED':
        this.push(this.started.get(attributes.startedEventId), { kind: 'woke' });
        return;
      case 'WORKFLOW_EXECUTION_SIGNALED':
        this.takeSignal(attributes.signalName, decode(attributes.input)[0], event.eventId);
        return;
      case 'WORKFLOW_EXECUTION_CANCEL_REQUESTED':
        this.messages.push({ kind: 'stand_down', reason: 'cancelled by an operator' });
        return;
    }
  }

  /** A task that came to its end hands over everything since the last one, and the updates that it accepted. */
  private beginTask(event: RecordedEvent, index: number, events: readonly RecordedEvent[]): void {
    const completed = events[index + 1];
    if (completed === undefined || typeOf(completed) !== 'WORKFLOW_TASK_COMPLETED') return;
    this.nowMs = Math.max(this.nowMs, Math.floor(Date.parse(event.eventTime)));
    for (const later of events.slice(index + 2)) {
      if (typeOf(later) === 'WORKFLOW_TASK_STARTED') break;
      if (typeOf(later) !== 'WORKFLOW_EXECUTION_UPDATE_ACCEPTED') continue;
      const { name, args } = attributesOf(later).acceptedRequest.input;
      this.takeSignal(name, decode(args)[0], later.eventId);
    }
    const due = [...this.messages, ...this.results];
    this.messages = [];
    this.results = [];
    for (const one of due) this.apply(one);
  }

  private takeSignal(name: string, content: unknown, id: string): void {
    switch (name) {
      case 'resolveTransaction': {
        const { verdict, operator, note, mac } = content as ResolveVerdict;
        const live = this.input.policy.mode === 'live';
        const origin = mac === undefined ? ({ unsigned: true, live } as const) : {};
        this.messages.push({ kind: 'verdict', asked: { id, verdict, operator, note, atMs: Number.NaN, ...origin } });
        return;
      }
      case 'standDown':
        this.messages.push({ kind: 'stand_down', reason: (content as { readonly reason: string }).reason });
        return;
      case 'reportAgain':
        this.messages.push({ kind: 'report_again' });
        return;
      case 'slotGranted':
        this.messages.push({
          kind: 'slot_granted',
          ...(content as { confirmedPriceLimit: null; exposureConfirmed: boolean }),
        });
    }
  }

  /** A local activity: its result is in the marker and arrives within the same task. */
  private takeMarker({ markerName, details, failure }: Attributes, later: readonly RecordedEvent[]): void {
    if (markerName !== 'core_local_activity' || this.main === null) return;
    if (this.main.main.kind !== 'simulate' && this.main.main.kind !== 'sign') return;
    const [data] = decode(details.data) as readonly { complete_time: { seconds: number; nanos: number } }[];
    if (data !== undefined) {
      this.nowMs = Math.max(
        this.nowMs,
        data.complete_time.seconds * 1_000 + Math.floor(data.complete_time.nanos / 1e6),
      );
    }
    // A task that ended with nothing but the marker handed the result to the task that began in the same moment.
    const [scheduled, started] = later;
    if (started !== undefined && scheduled !== undefined && typeOf(scheduled) === 'WORKFLOW_TASK_SCHEDULED') {
      this.nowMs = Math.max(this.nowMs, Math.floor(Date.parse(started.eventTime)));
    }
    const { leg, main, ticket } = this.main;
    if (main.kind === 'sign') {
      const [signing] = decode(details.result) as readonly Attributes[];
      // One that failed for now is tried again as an ordinary activity.
      if (signing !== undefined)
        this.apply({ kind: 'result', ticket, result: { kind: 'signed', signed: signing.signed } });
      return;
    }
    const [simulated] = decode(details.result);
    const { confirmed } = this.state;
    const result =
      simulated === undefined
        ? notPrepared(reportOfFailure(failure))
        : preparedResult(this.input, leg, simulated as Parameters<typeof preparedResult>[2], confirmed, this.nowMs);
    this.apply({ kind: 'result', ticket, result });
  }

  private takeResult(scheduled: string, value: unknown): void {
    const main = this.started.get(scheduled);
    switch (main?.main.kind) {
      case 'sign':
        this.push(main, { kind: 'signed', signed: (value as Attributes).signed });
        return;
      case 'submit':
        this.push(main, { kind: 'submitted', accepted: (value as Attributes).accepted, recorded: true });
        this.seen = (value as Attributes).seen ?? null;
        return;
      case 'confirm':
      case 'follow': {
        const { sighting, order } = value as Attributes;
        this.push(main, { kind: 'sighted', sighting, order });
      }
    }
  }

  private takeFailure(scheduled: string, failure: Failure): void {
    const main = this.started.get(scheduled);
    const error = reportOfFailure(failure);
    if (main?.main.kind === 'sign') this.push(main, { kind: 'sign_failed', error });
    else if (main?.main.kind === 'submit') this.push(main, { kind: 'submitted', accepted: false, recorded: false });
    else this.push(main, unseenByWorker(error));
  }

  private push(main: OperationMain | undefined, result: MainResult): void {
    if (main !== undefined) this.results.push({ kind: 'result', ticket: main.ticket, result });
  }

  private apply(untimed: Untimed): void {
    const { nowMs } = this;
    const event = { ...untimed, nowMs } as OperationEvent;
    const timed = event.kind === 'verdict' ? { ...event, asked: { ...event.asked, atMs: nowMs } } : event;
    const { state, effects } = step(this.state, timed);
    this.state = state;
    this.steps += 1;
    for (const effect of effects) if (effect.kind === 'main') this.main = effect.main;
    const { seen, main } = this;
    if (seen === null || main?.main.kind !== 'confirm') return;
    this.seen = null;
    this.apply({ kind: 'result', ticket: main.ticket, result: { kind: 'sighted', ...seen } });
  }
}

const activityOf = ({ main }: OperationMain): string => main.kind;

export function feedHistory({ events }: RecordedHistory): Fed {
  const [first, last] = [events[0], events.at(-1)];
  if (first === undefined || last === undefined) throw new Error('an empty history');
  const [input, carried] = decode(attributesOf(first).input) as [OperationInput, CarriedOperation | undefined];
  const feeder = new Feeder(input, carried);
  feeder.feed(events);
  const { state, steps } = feeder;
  if (typeOf(last) === 'WORKFLOW_EXECUTION_COMPLETED') {
    return { state, steps, end: { answer: decode(attributesOf(last).result)[0] as CommandAnswer } };
  }
  if (typeOf(last) === 'WORKFLOW_EXECUTION_CONTINUED_AS_NEW') {
    const [, next] = decode(attributesOf(last).input) as [OperationInput, CarriedOperation];
    return { state, steps, end: { carried: next.state } };
  }
  throw new Error(`a recorded operation ends with ${typeOf(last)}`);
}

/** Which workflow it is of. */
export const workflowTypeOf = ({ events }: RecordedHistory): string =>
  events[0] === undefined ? '' : attributesOf(events[0]).workflowType.name;
