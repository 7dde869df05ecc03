/** Drives the operation reducer by hand: what it asks for, and what comes of it. */
import {
  type MainResult,
  OPERATION_RULES,
  type OperationEffect,
  type OperationEvent,
  type OperationMain,
  type OperationState,
  type OperationStatus,
} from '../../src/domain/operation/operation.ts';
import type { OperationReport } from '../../src/domain/operation/operation-report.ts';
import { newOperation, step } from '../../src/domain/operation/operation-step.ts';
import type { OrderIntent } from '../../src/domain/order/intent.ts';
import type { OperationRequest } from '../../src/domain/order/operation-request.ts';
import type { OrderReport, Sighting, SignedAttempt } from '../../src/domain/transaction/attempt.ts';
import { DEFAULT_TIMING } from '../../src/domain/transaction/transaction.ts';

const START_MS = 1_000_000;
const PRICE = '150000000';

type Timeless<Event> = Event extends OperationEvent ? Omit<Event, 'nowMs'> : never;

export class OperationDriver {
  nowMs = START_MS;
  state: OperationState;
  main: OperationMain | null = null;
  status: OperationStatus | null = null;
  readonly reports: OperationReport[] = [];
  readonly alerts: { readonly code: string; readonly kind: string; readonly details: unknown }[] = [];
  #signed = 0;

  constructor(request: OperationRequest, rules = OPERATION_RULES) {
    this.state = newOperation(
      {
        operationId: 'o',
        engineId: 'engine:drift:key:0',
        mode: 'live',
        commandId: 'c',
        request,
        acceptedAtMs: START_MS,
        timing: DEFAULT_TIMING,
        freshMs: 30_000,
        hadPosition: true,
        rules,
      },
      { priceLimit: null, exposure: true },
    );
    this.push({ kind: 'start' });
  }

  get waitsFor(): string | null {
    return this.main === null ? null : this.main.main.kind;
  }

  get report(): OperationReport | undefined {
    return this.reports.at(-1);
  }

  /** Alerts of a code that were raised. */
  raised(code: string): readonly unknown[] {
    return this.alerts.filter((alert) => alert.code === code && alert.kind === 'alert').map(({ details }) => details);
  }

  push(event: Timeless<OperationEvent>): void {
    const { state, effects } = step(this.state, { ...event, nowMs: this.nowMs } as OperationEvent);
    // A run begins from plain JSON and from nothing else.
    this.state = JSON.parse(JSON.stringify(state));
    if (state.course === 'ended') this.main = null;
    for (const effect of effects) this.#take(effect);
  }

  #take(effect: OperationEffect): void {
    if (effect.kind === 'main') this.main = effect.main;
    if (effect.kind === 'report') this.reports.push(effect.report);
    if (effect.kind !== 'journal') return;
    this.status = effect.notes.update?.status ?? this.status;
    for (const { draft } of effect.notes.alerts) this.alerts.push(draft);
  }

  /** What is waited for comes to this, so much later. */
  result(result: MainResult, afterMs = 100): this {
    this.nowMs += afterMs;
    this.push({ kind: 'result', ticket: this.main?.ticket ?? -1, result });
    return this;
  }

  unread(code: string): this {
    const error = { code, message: 'it cannot be read' };
    return this.result({
      kind: 'prepared',
      prepared: { ok: false, error, passing: true },
      position: null,
      nothing: null,
    });
  }

  refused(code: string, position: string | null = null): this {
    const error = { code, message: 'the venue refuses' };
    return this.result({ kind: 'prepared', prepared: { ok: false, error }, position, nothing: null });
  }

  flat(): this {
    const error = { code: 'NO_POSITION', message: 'nothing to do' };
    return this.result({ kind: 'prepared', prepared: { ok: false, error }, position: '0', nothing: 'flat' });
  }

  settled(): this {
    const error = { code: 'NO_POSITION', message: 'nothing to settle' };
    return this.result({ kind: 'prepared', prepared: { ok: false, error }, position: '0', nothing: 'settled' });
  }

  /** Waits until its timer fires. */
  wake(): this {
    const untilMs = this.main?.main.kind === 'wait' ? this.main.main.untilMs : this.nowMs;
    return this.result({ kind: 'woke' }, Math.max(1, untilMs - this.nowMs));
  }

  /** Prepared, signed and sent: an order of this signed size. */
  place(size: string, position: string): this {
    const intent: OrderIntent = {
      kind: 'order',
      market: 'SOL-PERP',
      size,
      reduceOnly: true,
      priceLimit: PRICE,
      maxTsMs: this.nowMs + DEFAULT_TIMING.orderLifeMs,
      cancelOpenOrders: true,
    };
    this.result({ kind: 'prepared', prepared: { ok: true, intent, reducing: true }, position, nothing: null });
    return this.send();
  }

  /** What was prepared is signed and sent. */
  send(): this {
    this.result({ kind: 'signed', signed: this.#sign() });
    return this.result({ kind: 'submitted', accepted: true, recorded: true });
  }

  sighted(sighting: Sighting, order: OrderReport | null = null, afterMs = 100): this {
    return this.result({ kind: 'sighted', sighting, order }, afterMs);
  }

  #sign(): SignedAttempt {
    this.#signed += 1;
    return {
      signature: `s${this.#signed}`,
      wire: '',
      lastValidBlockHeight: 1_150,
      slot: 1_000,
      signedAtMs: this.nowMs,
    };
  }
}

export const landed = (commitment: 'confirmed' | 'finalized' = 'confirmed'): Sighting => ({
  kind: 'landed',
  commitment,
  slot: 1_010,
  error: null,
  effect: null,
  nodes: [],
});

export const absent: Sighting = { kind: 'absent', nodes: [{ node: 'n', says: 'never_seen' }] };

export const unseen = (change: Partial<Extract<Sighting, { kind: 'unseen' }>> = {}): Sighting => ({
  kind: 'unseen',
  windowClosed: false,
  nodes: [{ node: 'n', says: 'no_answer' }],
  ...change,
});

/** An order that is gone, with what it filled of a buy. */
export const gone = (size: string, commitment: 'confirmed' | 'finalized' = 'finalized'): OrderReport => ({
  gone: true,
  commitment,
  slot: 1_050,
  fills:
    size === '0'
      ? []
      : [{ market: 'SOL-PERP', side: 'buy', size, price: PRICE, fee: '0', signature: 's', tsMs: START_MS }],
});
