/** The world of the liveness model: a chain, one position on it, and operations whose effects take time. */
import { decided } from '../../activities/watch-transaction.ts';
import type { Snapshot } from '../../src/domain/account/snapshot.ts';
import {
  type MainResult,
  OPERATION_RULES,
  type OperationEffect,
  type OperationEvent,
  type OperationMain,
  type OperationState,
  operationMain,
} from '../../src/domain/operation/operation.ts';
import type { OperationReport } from '../../src/domain/operation/operation-report.ts';
import { newOperation, type Recovered, step } from '../../src/domain/operation/operation-step.ts';
import { planIntent } from '../../src/domain/order/intent-plan.ts';
import type { OperationRequest } from '../../src/domain/order/operation-request.ts';
import type { OrderReport, SignedAttempt } from '../../src/domain/transaction/attempt.ts';
import { type Attempt, DEFAULT_TIMING } from '../../src/domain/transaction/transaction.ts';
import { CALM, ChainModel, Dice, FINALITY, ORDER_SLOTS, type Weather } from './chain-model.ts';
import { snapshotOf } from './snapshots.ts';

const POLL_MS = 2_000;
const READ_MS = 500;
/** Retries of a read that fails, as an activity makes them. */
const READ_FAILS_AFTER_MS = 7_000;
export const START_PERP = -5_000_000_000n;

/** What is wrong with a node. */
export const NODE_FAULTS: Readonly<Record<string, Weather>> = {
  none: CALM,
  mute: { ...CALM, mute: 1 },
  pruned: { ...CALM, pruned: 1 },
  behind: { ...CALM, lagging: 1 },
};
/** What is wrong with all of them, until they are healed. */
export const FAULTS: Readonly<Record<string, Weather>> = {
  ...NODE_FAULTS,
  lost: { ...CALM, sendLost: 1 },
  /** Nothing gets through in either direction: what was signed never lands, and nobody can say so. */
  outage: { ...CALM, sendLost: 1, mute: 1 },
  late: { ...CALM, late: 1 },
  failing: { ...CALM, fails: 1 },
  slow: { ...CALM, slow: 0.3 },
  forking: { ...CALM, fork: 0.2 },
};

interface Placed {
  readonly attempt: Attempt;
  readonly size: bigint;
}

export class LivenessWorld {
  readonly chain: ChainModel;
  journalUp = true;
  /** Orders that were signed; whether they landed is the chain's. */
  readonly #placed: Placed[] = [];

  readonly startPerp: bigint;

  constructor(seed: number, startPerp = START_PERP) {
    this.chain = new ChainModel(new Dice(seed), CALM);
    this.startPerp = startPerp;
  }

  get nowMs(): number {
    return this.chain.nowMs;
  }

  /** Nothing can be read while every node is mute. */
  get readable(): boolean {
    return this.chain.weather.mute < 1;
  }

  trouble(fault: string): void {
    this.chain.weather = FAULTS[fault] ?? CALM;
    this.chain.nodeWeather = {};
  }

  /** From here on one node is honest and has its history; the other does what it likes. */
  heal(other: string): void {
    this.chain.weather = CALM;
    this.chain.nodeWeather = { node1: NODE_FAULTS[other] ?? CALM };
  }

  /** Fills in the order of their slots; a reduce-only order never crosses. */
  #fills(uptoSlot: number): ReadonlyMap<string, bigint> {
    const landed = this.#placed.flatMap(({ attempt, size }) => {
      const sent = this.chain.sent.get(attempt.signed.signature);
      const slot = sent?.slot == null || sent.fails ? null : sent.slot + ORDER_SLOTS;
      return slot === null || slot > uptoSlot ? [] : [{ attempt, size, slot }];
    });
    const fills = new Map<string, bigint>();
    let position = this.startPerp;
    for (const { attempt, size } of landed.toSorted((a, b) => a.slot - b.slot)) {
      const reduceOnly = attempt.intent.kind === 'order' && attempt.intent.reduceOnly;
      const most = position < 0n ? -position : 0n;
      const filled = reduceOnly ? (size > most ? most : size < 0n ? 0n : size) : size;
      fills.set(attempt.signed.signature, filled);
      position += filled;
    }
    return fills;
  }

  /** Signed lamports, in truth. */
  position(slot = this.chain.slot): bigint {
    let position = this.startPerp;
    for (const filled of this.#fills(slot).values()) position += filled;
    return position;
  }

  /** Null: it cannot be read. `slot`: the newest that the commitment allows. */
  read(commitment: 'confirmed' | 'finalized'): { readonly snapshot: Snapshot; readonly slot: number } | null {
    if (!this.readable) return null;
    const slot = commitment === 'finalized' ? this.chain.slot - FINALITY : this.chain.slot;
    return { snapshot: snapshotAt(this.position(slot), slot, this.nowMs), slot };
  }

  place(attempt: Attempt): void {
    const { intent, signed } = attempt;
    if (intent.kind !== 'order' || this.#placed.some((other) => other.attempt.signed.signature === signed.signature))
      return;
    this.#placed.push({ attempt, size: BigInt(intent.size) });
  }

  order({ signed, intent }: Attempt): OrderReport | null {
    const sent = this.chain.sent.get(signed.signature);
    if (intent.kind !== 'order' || sent?.slot == null || sent.fails || sent.slot > this.chain.slot) return null;
    const goneSlot = sent.slot + ORDER_SLOTS;
    const gone = goneSlot <= this.chain.slot;
    const isFinal = goneSlot + FINALITY <= this.chain.slot;
    if (this.chain.weather.pruned >= 1) {
      // No history anywhere: only the finalized account shows that it is gone.
      const slot = this.chain.slot - FINALITY;
      return isFinal ? { gone: true, commitment: 'finalized', fills: [], fillsUnknown: true, slot } : null;
    }
    const size = this.#fills(this.chain.slot).get(signed.signature) ?? 0n;
    const side = size < 0n ? ('sell' as const) : ('buy' as const);
    const fill = { market: intent.market, side, size: (size < 0n ? -size : size).toString(), price: intent.priceLimit };
    const fills = gone && size !== 0n ? [{ ...fill, fee: '0', signature: signed.signature, tsMs: this.nowMs }] : [];
    return { gone, commitment: isFinal ? 'finalized' : 'confirmed', fills, slot: this.chain.slot };
  }
}

/** A snapshot costs more than what is asked of it: one per position is kept. */
const SNAPSHOTS = new Map<bigint, Snapshot>();

export function snapshotAt(perp: bigint, slot: number, nowMs: number): Snapshot {
  let snapshot = SNAPSHOTS.get(perp);
  if (snapshot === undefined) {
    const whole = `${perp < 0n ? '-' : ''}${(perp < 0n ? -perp : perp) / 1_000_000_000n}`;
    const rest = ((perp < 0n ? -perp : perp) % 1_000_000_000n).toString().padStart(9, '0');
    // Close to liquidation while the whole short stands, and no longer once a part of it is bought back.
    snapshot = snapshotOf({ sol: 0, usdc: 44, perp: `${whole}.${rest}` });
    SNAPSHOTS.set(perp, snapshot);
  }
  return { ...snapshot, slot, takenAtMs: nowMs, marketTimeMs: nowMs, blockTimeMs: nowMs } as Snapshot;
}

export interface Task {
  readonly operationId: string;
  readonly request: OperationRequest;
  readonly commandId: string | null;
  readonly fromFinalized: boolean;
  readonly sizedAfterSlot: number | null;
  readonly recovered?: readonly Recovered[];
}

/** One operation's workflow: the shipped reducer, and its effects in time. */
export class ModelOperation {
  readonly task: Task;
  state: OperationState;
  readonly #world: LivenessWorld;
  readonly #report: (report: OperationReport) => void;
  #main: OperationMain | null = null;
  #startedAtMs = 0;
  /** Main effects that came to their end: what "stage" counts. */
  performed = 0;
  nextAtMs: number;
  readonly alerts = new Set<string>();

  constructor(world: LivenessWorld, task: Task, report: (report: OperationReport) => void) {
    this.#world = world;
    this.task = task;
    this.#report = report;
    this.nextAtMs = world.nowMs;
    this.state = newOperation(
      {
        ...{ operationId: task.operationId, engineId: 'engine:drift:model:0', mode: 'live', commandId: task.commandId },
        ...{ request: task.request, acceptedAtMs: world.nowMs, timing: DEFAULT_TIMING, freshMs: 30_000 },
        ...{ hadPosition: true, rules: OPERATION_RULES },
      },
      { priceLimit: null, exposure: true },
      task.recovered ?? [],
    );
    this.push({ kind: 'start' });
  }

  get ended(): boolean {
    return this.state.course === 'ended';
  }

  push(event: OperationEvent extends infer E ? (E extends OperationEvent ? Omit<E, 'nowMs'> : never) : never): void {
    const { state, effects } = step(this.state, { ...event, nowMs: this.#world.nowMs } as OperationEvent);
    this.state = state;
    for (const effect of effects) this.#take(effect);
    if (this.ended) this.#main = null;
    if (this.ended) this.nextAtMs = Number.POSITIVE_INFINITY;
  }

  /** A new run: from plain JSON, and what was waited for begins anew. */
  renew(): void {
    this.state = JSON.parse(JSON.stringify(this.state));
    if (!this.ended) this.#begin(operationMain(this.state));
  }

  #take(effect: OperationEffect): void {
    if (effect.kind === 'main') this.#begin(effect.main);
    if (effect.kind === 'report') this.#report(effect.report);
    if (effect.kind !== 'journal') return;
    for (const { draft } of effect.notes.alerts) {
      if (draft.kind === 'alert') this.alerts.add(draft.code);
      else this.alerts.delete(draft.code);
    }
  }

  #begin(main: OperationMain | null): void {
    this.#main = main;
    this.#startedAtMs = this.#world.nowMs;
    this.nextAtMs = main === null ? Number.POSITIVE_INFINITY : this.#world.nowMs + firstLookMs(main);
    if (main?.main.kind === 'wait') this.nextAtMs = Math.max(main.main.untilMs, this.#world.nowMs + 1);
  }

  /** Goes as far as it can now; the next time is `nextAtMs`. */
  poll(): void {
    const main = this.#main;
    if (main === null || this.#world.nowMs < this.nextAtMs) return;
    const result = this.#perform(main);
    if (result === null) {
      this.nextAtMs = this.#world.nowMs + POLL_MS;
      return;
    }
    this.performed += 1;
    this.push({ kind: 'result', ticket: main.ticket, result });
  }

  #perform({ leg, main }: OperationMain): MainResult | null {
    const world = this.#world;
    const lateMs = world.nowMs - this.#startedAtMs;
    switch (main.kind) {
      case 'simulate':
        return this.#prepare(leg) ?? (lateMs >= READ_FAILS_AFTER_MS ? UNREAD : null);
      case 'sign':
        return { kind: 'signed', signed: world.chain.sign() };
      case 'submit': {
        // What enlarges, and all that is no reduction, waits for its journal write: nothing is sent without it.
        if (!world.journalUp && !leg.tx.reducing) {
          return lateMs >= READ_FAILS_AFTER_MS ? { kind: 'submitted', accepted: false, recorded: false } : null;
        }
        world.place(main.attempt);
        return { kind: 'submitted', accepted: world.chain.send(main.attempt.signed), recorded: true };
      }
      case 'confirm': {
        const resendUntilMs = main.mayResend ? main.confirmUntilMs : 0;
        return this.#watch(main.attempt, main.target, main.queryUntilMs, resendUntilMs);
      }
      case 'follow':
        return this.#watch(main.attempt, 'gone', main.untilMs, 0);
      case 'wait':
        return { kind: 'woke' };
    }
  }

  #prepare(leg: OperationMain['leg']): MainResult | null {
    const world = this.#world;
    const { fromFinalized, sizedAfterSlot } = this.task;
    const read = world.read(fromFinalized ? 'finalized' : 'confirmed');
    if (read === null || (sizedAfterSlot !== null && read.slot < sizedAfterSlot)) return null;
    const limits = { maxSlippageBps: 50, orderLifeMs: DEFAULT_TIMING.orderLifeMs, nowMs: world.nowMs };
    const planned = planIntent(leg.goal, leg.terms, read.snapshot, limits);
    const { position } = planned;
    if (planned.kind === 'refused') {
      return { kind: 'prepared', prepared: { ok: false, error: planned.error }, position, nothing: null };
    }
    if (planned.kind === 'nothing') {
      const final = world.read('finalized');
      // Flat is done only where no fork can bring it back.
      if (planned.why === 'flat' && (final === null || world.position(final.slot) !== 0n)) return null;
      const error = { code: 'NO_POSITION', message: 'nothing to do' };
      return { kind: 'prepared', prepared: { ok: false, error }, position, nothing: planned.why };
    }
    const { intent, reducing } = planned;
    return { kind: 'prepared', prepared: { ok: true, intent, reducing }, position, nothing: null };
  }

  #watch(
    attempt: Attempt,
    target: 'confirmed' | 'finalized' | 'gone',
    untilMs: number,
    resendUntilMs: number,
  ): MainResult | null {
    const { chain, nowMs } = this.#world;
    const sighting = chain.ask(attempt);
    const landed = sighting.kind === 'landed' && sighting.error === null && sighting.commitment !== 'processed';
    const order = landed ? this.#world.order(attempt) : null;
    if (decided({ target, intent: attempt.intent }, { sighting, order }) || nowMs >= untilMs) {
      return { kind: 'sighted', sighting, order };
    }
    if (sighting.kind === 'unseen' && nowMs < resendUntilMs) chain.send(attempt.signed);
    return null;
  }

  /** What a journal has of it: its signed attempts. */
  recovered(): readonly Recovered[] {
    return this.state.legs.flatMap(({ tx }) =>
      tx.attempts
        .filter(({ sent, outcome }) => sent && outcome !== 'expired' && outcome !== 'failed')
        .map(({ signed, intent }): SignedAttempt & { intent: Attempt['intent'] } => ({ ...signed, intent })),
    );
  }
}

const UNREAD: MainResult = {
  kind: 'prepared',
  prepared: { ok: false, error: { code: 'UNAVAILABLE', message: 'no node answers' }, passing: true },
  position: null,
  nothing: null,
};

const firstLookMs = ({ main }: OperationMain): number =>
  main.kind === 'confirm' || main.kind === 'follow' ? POLL_MS / 4 : READ_MS;
