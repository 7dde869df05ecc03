/** One history of the model: the shipped reducer in memory, on a chain model, with the truth checked at every step. */

import {
  type MainResult,
  OPERATION_RULES,
  type OperationEvent,
  type OperationMain,
  type OperationState,
  operationMain,
} from '../../src/domain/operation/operation.ts';
import { newOperation, step } from '../../src/domain/operation/operation-step.ts';
import type { Verdict } from '../../src/domain/order/command.ts';
import type { Intent } from '../../src/domain/order/intent.ts';
import type { OperationRequest } from '../../src/domain/order/operation-request.ts';
import { isExit } from '../../src/domain/order/operations.ts';
import { type Attempt, DEFAULT_TIMING, resolvedByHuman } from '../../src/domain/transaction/transaction.ts';
import { CALM, ChainModel, Dice, type Weather } from './chain-model.ts';
import { type Complaint, checkEvidence, checkResolved, checkTaken, type Shown } from './model-claims.ts';

export interface ModelOptions {
  readonly seed: number;
  readonly weather: Weather;
  readonly request: OperationRequest;
  /** Chance of a verdict or a stand-down before each effect. */
  readonly meddling: number;
}

const STORM_STEPS = 40;
/** In calm weather it must end within so many more. */
const CALM_STEPS = 120;

/** Chance that an engine gives its slot to a close that asks for it. */
const GRANTS = 0.7;

/** Chance that a step is followed by a new run, from plain JSON. */
const RENEWAL = 0.04;

export class ModelError extends Error {}

export interface ModelResult {
  readonly status: string;
  readonly steps: number;
  /** What it went through: phases, stages, verdicts taken and refused, alerts. */
  readonly seen: ReadonlySet<string>;
}

export function runModel(options: ModelOptions): ModelResult {
  return new ModelRun(options).run();
}

class ModelRun {
  private readonly dice: Dice;
  private readonly chain: ChainModel;
  private readonly options: ModelOptions;
  private state: OperationState;
  private readonly alerts = new Set<string>();
  private readonly seen = new Set<string>();
  private readonly asked = new Map<string, Verdict>();
  private readonly answered = new Set<string>();
  private status = 'running';
  private asks = 0;
  private main: OperationMain | null = null;

  constructor(options: ModelOptions) {
    this.options = options;
    this.dice = new Dice(options.seed);
    this.chain = new ChainModel(this.dice, options.weather);
    this.state = newOperation(
      {
        operationId: 'o',
        engineId: 'engine:paper:model:0',
        mode: 'paper',
        commandId: 'c',
        request: options.request,
        acceptedAtMs: this.chain.nowMs,
        timing: DEFAULT_TIMING,
        freshMs: 30_000,
        hadPosition: true,
        rules: OPERATION_RULES,
      },
      { priceLimit: null, exposure: false },
    );
  }

  run(): ModelResult {
    this.apply({ kind: 'start', nowMs: this.chain.nowMs });
    let steps = 0;
    for (; !this.ended(); steps += 1) {
      if (steps === STORM_STEPS) this.chain.weather = CALM;
      this.ensure(steps < STORM_STEPS + CALM_STEPS, 'it ends in calm weather');
      if (steps < STORM_STEPS && this.dice.chance(this.options.meddling)) this.meddle();
      const main = this.main;
      if (main === null || this.ended()) {
        this.ensure(this.ended(), 'it waits for something until it ends');
        break;
      }
      // A new run starts from plain JSON and from nothing else.
      if (this.dice.chance(RENEWAL)) {
        this.state = JSON.parse(JSON.stringify(this.state));
        const resumed = operationMain(this.state);
        const same = resumed?.ticket === main.ticket && JSON.stringify(resumed.main) === JSON.stringify(main.main);
        this.ensure(same, 'a new run waits for the same');
      }
      if (this.state.slotUntilMs != null && this.dice.chance(GRANTS)) {
        this.seen.add('close goes on');
        this.apply({
          kind: 'slot_granted',
          nowMs: this.chain.nowMs,
          confirmedPriceLimit: null,
          exposureConfirmed: false,
        });
        continue;
      }
      if (this.dice.chance(this.chain.weather.death)) this.perform(main);
      const result = this.perform(main);
      // What a person says while the nodes are asked finds a result that may be an old one by now.
      if (steps < STORM_STEPS && this.dice.chance(this.options.meddling / 4)) this.meddle();
      this.apply({ kind: 'result', ticket: main.ticket, nowMs: this.chain.nowMs, result });
    }
    this.checkEnd();
    return { status: this.status, steps, seen: this.seen };
  }

  private ensure(truth: boolean, claim: string): void {
    if (!truth) throw new ModelError(`${claim} (${this.where()})`);
  }

  private agree(complaint: Complaint): void {
    if (complaint !== null) this.ensure(false, complaint);
  }

  private unknownLeg(): boolean {
    return this.state.legs.some(({ tx }) => tx.stage === 'unknown' || tx.stage === 'proving');
  }

  private ended(): boolean {
    return this.state.course === 'ended';
  }

  private where(): string {
    const leg = this.state.legs[this.state.current];
    return `seed ${this.options.seed}, ${this.state.course}, ${this.state.phase}, ${leg?.purpose} ${leg?.tx.stage}`;
  }

  private apply(event: OperationEvent): void {
    const before = this.state;
    const { state, effects } = step(before, event);
    this.state = state;
    const shown = shownBy(event, before);
    this.agree(checkEvidence(before, state, shown));
    this.agree(checkResolved(state, event.nowMs));
    for (const effect of effects) {
      switch (effect.kind) {
        case 'main':
          this.main = effect.main;
          this.checkMain(effect.main);
          break;
        case 'journal':
          for (const { draft } of effect.notes.alerts) {
            this.seen.add(`alert ${draft.code}`);
            if (draft.kind === 'alert') this.alerts.add(draft.code);
            else this.alerts.delete(draft.code);
          }
          this.status = effect.notes.update?.status ?? this.status;
          break;
        case 'verdict':
          if (effect.error === null) this.checkAccepted(effect.id, before, shown);
          this.answered.add(effect.id);
          this.seen.add(`verdict ${this.asked.get(effect.id)} ${effect.error === null ? 'taken' : 'refused'}`);
          break;
        default:
          break;
      }
    }
    this.seen.add(`phase ${this.state.phase}`);
    const stage = this.state.legs[this.state.current]?.tx.stage;
    this.seen.add(`stage ${stage}`);
    if (this.state.phase === 'unresolved' && stage !== 'awaiting_slot' && this.unknownLeg()) {
      const told = this.alerts.has('TRANSACTION_UNKNOWN') || this.alerts.has('TRANSACTION_DROPPED');
      this.ensure(told, 'what is unknown has an alert');
    }
    const leg = this.state.legs[this.state.current];
    const waits = leg !== undefined && operationMain(this.state)?.main.kind === 'wait';
    // A close pauses for seconds between two rounds: that is work that goes on.
    const forSlot = leg?.tx.stage === 'awaiting_slot' || this.state.slotUntilMs != null;
    const isAwaited = forSlot || this.state.roundAtMs != null;
    const isAnswered = leg !== undefined && resolvedByHuman(leg.tx);
    if (waits) this.ensure(this.alerts.size > 0 || isAwaited || isAnswered, 'what waits has an alert');
  }

  /** Never two live attempts of one intent. */
  private checkMain({ leg, main }: OperationMain): void {
    if (main.kind !== 'submit') return;
    for (const earlier of leg.tx.attempts) {
      if (!earlier.sent || earlier.number === main.attempt.number) continue;
      this.ensure(this.chain.isDead(earlier.signed), 'an attempt is dead before the next is sent');
    }
    this.checkOnce();
  }

  private checkOnce(): void {
    for (const leg of this.state.legs) {
      const effects = leg.tx.attempts.filter(({ signed }) => this.chain.landed(signed) === 'ok').length;
      this.ensure(effects <= 1, 'one intent takes effect once');
    }
  }

  private checkAccepted(id: string, before: OperationState, shown: Shown | null): void {
    const verdict = this.asked.get(id);
    if (verdict === undefined) return;
    this.agree(checkTaken(verdict, before.legs[before.current]?.tx, shown, this.chain));
  }

  private meddle(): void {
    const { nowMs } = this.chain;
    const events: OperationEvent[] = [
      { kind: 'stand_down', nowMs, reason: 'a way out comes first' },
      { kind: 'report_again', nowMs },
      { kind: 'prove_now', nowMs },
      { kind: 'slot_granted', nowMs, confirmedPriceLimit: null, exposureConfirmed: false },
    ];
    // Where a verdict counts it is what people send.
    const kind =
      this.unknownLeg() && this.dice.chance(0.8)
        ? events.length + this.dice.upTo(3)
        : this.dice.upTo(events.length + 3);
    const event = events[kind];
    if (event !== undefined) {
      this.apply(event);
      return;
    }
    const verdict = (['landed', 'failed', 'retry'] as const)[kind - events.length] ?? 'landed';
    this.asks += 1;
    const id = `v${this.asks}`;
    this.asked.set(id, verdict);
    this.apply({ kind: 'verdict', nowMs, asked: { id, verdict, operator: 'somebody', note: '', atMs: nowMs } });
  }

  private perform({ leg, main }: OperationMain): MainResult {
    const { chain, dice } = this;
    switch (main.kind) {
      case 'simulate': {
        chain.advance(dice.upTo(2_000));
        if (dice.chance(chain.weather.mute / 4)) {
          const error = { code: 'UNAVAILABLE', message: 'no node answers' };
          return { kind: 'prepared', prepared: { ok: false, error, passing: true }, position: null, nothing: null };
        }
        return this.prepared(leg);
      }
      case 'sign':
        chain.advance(dice.upTo(1_000));
        return { kind: 'signed', signed: chain.sign() };
      case 'submit': {
        const accepted = chain.send(main.attempt.signed);
        chain.advance(dice.upTo(2_000));
        return { kind: 'submitted', accepted, recorded: true };
      }
      case 'confirm':
        return this.watch(main.attempt, main.target, main.queryUntilMs, main.mayResend ? main.confirmUntilMs : 0);
      case 'follow':
        return this.watch(main.attempt, 'gone', main.untilMs, 0);
      case 'wait':
        chain.advance(Math.max(main.untilMs - chain.nowMs, 1));
        return { kind: 'woke' };
    }
  }

  private prepared(leg: OperationMain['leg']): MainResult {
    const intent = this.intentFor(leg);
    if (intent === null) {
      const error = { code: 'NO_POSITION', message: 'nothing to do' };
      const { kind } = leg.goal;
      const nothing = kind === 'settle' ? 'settled' : kind === 'cancel_orders' ? 'no_orders' : 'flat';
      return { kind: 'prepared', prepared: { ok: false, error }, position: '0', nothing };
    }
    return {
      kind: 'prepared',
      prepared: { ok: true, intent, reducing: leg.goal.kind === 'close' || leg.goal.kind === 'flatten' },
      position: this.position().toString(),
      nothing: null,
    };
  }

  /** In truth: what stood at first, less what landed. */
  private position(): bigint {
    let position = -POSITION;
    for (const leg of this.state.legs) {
      for (const { signed, intent } of leg.tx.attempts) {
        if (intent.kind === 'order' && this.chain.landed(signed) === 'ok') position += BigInt(intent.size);
      }
    }
    return position > 0n ? 0n : position;
  }

  private intentFor({ goal }: OperationMain['leg']): Intent | null {
    switch (goal.kind) {
      case 'deposit':
      case 'withdraw':
        return goal;
      case 'settle':
        return null;
      case 'cancel_orders':
        return this.dice.chance(0.5) ? goal : null;
      case 'close':
      case 'flatten': {
        const position = this.position();
        return position === 0n ? null : this.order(goal.market, (-position).toString(), true);
      }
      default:
        return this.order(goal.market, goal.size, false);
    }
  }

  private order(market: string, size: string, reduceOnly: boolean): Intent {
    const maxTsMs = this.chain.nowMs + DEFAULT_TIMING.orderLifeMs;
    return {
      kind: 'order',
      market,
      size,
      reduceOnly,
      priceLimit: '150000000',
      maxTsMs,
      cancelOpenOrders: reduceOnly,
    };
  }

  private watch(
    attempt: Attempt,
    target: 'confirmed' | 'finalized' | 'gone',
    untilMs: number,
    resendUntilMs: number,
  ): MainResult {
    const { chain, dice } = this;
    for (;;) {
      const sighting = chain.ask(attempt);
      if (sighting.kind === 'unseen' && sighting.orderOver !== undefined)
        this.seen.add('order over, placement unknown');
      const order =
        sighting.kind === 'landed' && sighting.error === null && sighting.commitment !== 'processed'
          ? chain.order(attempt)
          : null;
      if (order?.fillsUnknown === true) this.seen.add('order over, fill unknown');
      const result: MainResult = { kind: 'sighted', sighting, order };
      const final = sighting.kind === 'landed' && sighting.commitment === 'finalized';
      if (sighting.kind === 'absent' || (sighting.kind === 'landed' && sighting.error !== null && final)) return result;
      if (sighting.kind === 'landed' && sighting.error === null && sighting.commitment !== 'processed') {
        if (target === 'confirmed') return result;
        if (target === 'gone' && order?.gone === true) return result;
        if (
          target === 'finalized' &&
          final &&
          (attempt.intent.kind !== 'order' || (order?.gone === true && order.commitment === 'finalized'))
        )
          return result;
      }
      if (target !== 'confirmed' && sighting.kind === 'unseen' && dice.chance(0.3)) return result;
      if (chain.nowMs >= untilMs) return result;
      if (sighting.kind === 'unseen' && chain.nowMs < resendUntilMs) chain.send(attempt.signed);
      chain.advance(Math.min(2_000 + dice.upTo(4_000), Math.max(untilMs - chain.nowMs, 1)));
    }
  }

  /** What people read at the end is what the chain holds. A close counts by the position that it leaves. */
  private checkRecord(): void {
    const { kind } = this.options.request;
    if (isExit(kind) || this.status === 'resolved_by_human') return;
    const attempts = this.state.legs.filter((leg) => leg.purpose === 'main').flatMap((leg) => leg.tx.attempts);
    const landed = attempts.filter(({ signed }) => this.chain.landed(signed) === 'ok').length;
    this.ensure(landed === (this.status === 'done' ? 1 : 0), `"${this.status}" is what the chain holds`);
  }

  /** Never finished without proof, or a person's verdict that is marked as such. */
  private checkEnd(): void {
    this.checkOnce();
    const { chain, status, state } = this;
    for (const leg of state.legs) {
      const sent = leg.tx.attempts.filter((attempt) => attempt.sent);
      const last = sent.at(-1);
      switch (leg.tx.stage) {
        case 'rejected':
          this.ensure(sent.length === 0, 'rejected means never sent');
          break;
        case 'finalized':
          this.ensure(
            last !== undefined && chain.landed(last.signed) === 'ok' && chain.isFinal(last.signed),
            'finalized is true',
          );
          break;
        case 'failed':
          this.ensure(
            last !== undefined && chain.landed(last.signed) === 'failed' && chain.isFinal(last.signed),
            'failed is true',
          );
          break;
        case 'expired':
          this.ensure(
            sent.every(({ signed }) => chain.isDead(signed)),
            'expired is true',
          );
          break;
        case 'resolved':
          this.ensure(status === 'resolved_by_human' && resolvedByHuman(leg.tx), 'without proof only by a person');
          break;
        default:
          this.ensure(false, 'a leg ends');
      }
    }
    this.ensure(!this.alerts.has('TRANSACTION_UNKNOWN'), 'an end ends its alert');
    this.ensure(this.answered.size === this.asked.size, 'every verdict is answered');
    this.checkRecord();
    if (status === 'done') {
      const landed = state.legs.some((leg) => leg.tx.stage === 'finalized') || state.flat;
      this.ensure(landed, 'done means that something landed');
    }
  }
}

/** The nodes' answer that this event brings; null: none, or one that comes too late to count. */
function shownBy(event: OperationEvent, before: OperationState): Shown | null {
  if (event.kind !== 'result' || event.ticket !== before.ticket || event.result.kind !== 'sighted') return null;
  return event.result;
}

const POSITION = 5_000_000_000n;
