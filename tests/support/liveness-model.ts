/**
 * One history of the liveness model: the shipped reducers of engine and operations in a world that does its worst, until
 * one honest node answers. What must hold is checked at every moment: docs/architecture/liveness.md.
 */

import { refusalOf } from '../../src/domain/engine/admission.ts';
import { awaitExit, exitInVain, forgetExit, lookAtClosing } from '../../src/domain/engine/closing.ts';
import { type Decision, decide } from '../../src/domain/engine/decide.ts';
import {
  admissionView,
  decisionContext,
  type EngineCarried,
  initialEngine,
  isQuiet,
  leaveSlot,
  mayStillOpen,
  slotWantedBy,
  startOperation,
  stopEngine,
  type TrackedOperation,
  takePosition,
  takeReport,
  trackedOperation,
  unresolvedOperations,
  unresolvedSlot,
} from '../../src/domain/engine/engine-state.ts';
import { type Hold, type HoldCode, withHold } from '../../src/domain/engine/hold.ts';
import { alertsOfHolds } from '../../src/domain/engine/hold-alerts.ts';
import { carryOperation, grantSlot, passSnapshot, proveOperation } from '../../src/domain/engine/transitions.ts';
import { MAX_MISSES, MAX_REPLACEMENTS, type OperationState } from '../../src/domain/operation/operation.ts';
import type { OperationReport } from '../../src/domain/operation/operation-report.ts';
import type { OperationRequest } from '../../src/domain/order/operation-request.ts';
import { admissionRow, isExit, OPERATIONS } from '../../src/domain/order/operations.ts';
import { canonicalJson } from '../../src/lib/ids.ts';
import { LivenessWorld, ModelOperation, START_PERP, snapshotAt, type Task } from './liveness-world.ts';
import { paperPolicy } from './snapshots.ts';

export const ASKS = ['close', 'flatten', 'guard'] as const;
export const FIRSTS = [
  ...(['none', 'open', 'deposit', 'settle', 'close', 'flatten', 'guard', 'correct', 'enter', 'leave'] as const),
];
export const RESTARTS = ['none', 'renewed', 'died', 'lost'] as const;

export interface LivenessCase {
  readonly seed: number;
  /** Who wants the position smaller: a person, or only the danger that it is in. */
  readonly ask: (typeof ASKS)[number];
  /** What runs when the trouble begins, */
  readonly first: (typeof FIRSTS)[number];
  /** and after how many of its effects it begins. */
  readonly stage: number;
  readonly fault: string;
  readonly lastsMs: number;
  /** What the other node does once one is honest. */
  readonly other: string;
  readonly hold: HoldCode | null;
  readonly journalUp: boolean;
  readonly restart: (typeof RESTARTS)[number];
  /** Nothing is open yet: what runs may open it. */
  readonly fromFlat?: boolean;
}

export const FLAT_WITHIN_MS = 300_000;
const AFTERWARDS_MS = 60_000;
const WATCH_MS = 10_000;
const LOOK_MS = 500;
const EXIT_WAITS_MS = 600_000;
const STAGE_MS = 180_000;
const POLICY = paperPolicy({ mode: 'live', permissions: 'trading' });
const REQUESTS: Readonly<Record<Exclude<LivenessCase['first'], 'none'>, OperationRequest>> = {
  open: { kind: 'open', market: 'SOL-PERP', size: '-1000000000' },
  deposit: { kind: 'deposit', asset: 'USDC', amount: '1000000' },
  settle: { kind: 'settle', market: 'SOL-PERP' },
  close: { kind: 'close', market: 'SOL-PERP' },
  flatten: { kind: 'flatten', market: 'SOL-PERP' },
  guard: { kind: 'guard', market: 'SOL-PERP', size: '1000000000' },
  correct: { kind: 'correct', market: 'SOL-PERP', size: '-1000000000' },
  enter: { kind: 'enter', market: 'SOL-PERP', size: '-1000000000' },
  leave: { kind: 'leave', market: 'SOL-PERP', size: (-START_PERP).toString() },
};

export class LivenessError extends Error {}

export interface LivenessResult {
  /** From the first honest answer to the flat account; null: nobody asked for that. */
  readonly flatAfterMs: number | null;
  /** Alerts, holds and phases that it went through. */
  readonly seen: ReadonlySet<string>;
}

export const runLiveness = (given: LivenessCase): LivenessResult => new LivenessRun(given).run();

interface WaitingExit {
  readonly operationId: string;
  readonly request: OperationRequest;
  readonly untilMs: number;
  nextAskMs: number;
  /** It was planned on a snapshot, and waits for its turn. */
  planned: boolean;
}

/** What `decide` says of a context and a position, once: it is pure, and dear. */
const DECISIONS = new Map<string, Decision>();

class LivenessRun {
  readonly #given: LivenessCase;
  readonly #world: LivenessWorld;
  readonly #seen = new Set<string>();
  #engine: EngineCarried;
  #operations: ModelOperation[] = [];
  #line: WaitingExit[] = [];
  #toldHolds: readonly Hold[] = [];
  /** Of the engine and its watch. */
  readonly #standing = new Set<string>();
  /** The last look was told: what a decision is made from. */
  #wasLost = false;
  #lookAtMs = 0;
  #asked = false;
  /** By an exit's word or the last quiet look. A fork may have undone that since, and the next quiet look shows it. */
  #believedFlat = false;
  #danger = false;
  #count = 0;
  #repeated = false;
  /** Exits that wait or run when the first node answers honestly. */
  #mustGoOn: readonly ModelOperation[] = [];
  #renews = false;

  constructor(given: LivenessCase) {
    this.#given = given;
    this.#world = new LivenessWorld(given.seed, given.fromFlat === true ? 0n : START_PERP);
    this.#engine = { ...initialEngine('e'), expectedPerp: this.#world.startPerp.toString(), hedgeTargetPpm: 0 };
  }

  run(): LivenessResult {
    const { ask, first, stage, fault, lastsMs, other, hold, journalUp, restart } = this.#given;
    const world = this.#world;
    // Past the first slots, so that there is a finalized account.
    world.chain.advance(60_000);
    this.#lookAtMs = Number.POSITIVE_INFINITY;
    if (first !== 'none') this.#start(REQUESTS[first], 'first', 'c1', false);
    const begun = this.#operations[0];
    const untilMs = world.nowMs + STAGE_MS;
    while (begun !== undefined && !begun.ended && begun.performed < stage && world.nowMs < untilMs) this.#goOn(untilMs);
    this.#lookAtMs = world.nowMs;
    this.#asked = first === 'close' || first === 'flatten';
    world.trouble(fault);
    world.journalUp = journalUp;
    this.#restart(restart);
    if (hold !== null) this.#hold(hold);
    if (ask !== 'guard') this.#ask(REQUESTS[ask]);
    this.#until(world.nowMs + lastsMs, () => false);
    world.heal(other);
    const healedAtMs = world.nowMs;
    this.#mustGoOn = this.#exits.filter(({ task }) => task.recovered === undefined);
    const wanted = () => {
      if (ask === 'guard') return world.position() > START_PERP;
      this.#repeat(REQUESTS[ask]);
      return this.#isFlat();
    };
    const done = this.#until(healedAtMs + FLAT_WITHIN_MS, wanted);
    const flatAfterMs = world.nowMs - healedAtMs;
    this.#ensure(
      done,
      ask === 'guard' ? 'the guard reduces' : 'it is flat within 5 minutes of the first honest answer',
    );
    // What is finished stays so: nothing opens it again, and what stands is told.
    this.#until(world.nowMs + AFTERWARDS_MS, () => false);
    this.#ensure(ask === 'guard' || this.#isFlat(), 'it stays flat');
    return { flatAfterMs: ask === 'guard' ? null : flatAfterMs, seen: this.#seen };
  }

  #isFlat(): boolean {
    return this.#world.position() === 0n && this.#line.length === 0;
  }

  #ensure(truth: boolean, claim: string): void {
    if (truth) return;
    const where = this.#operations.map(({ task, state }) => {
      const leg = state.legs[state.current];
      return `${task.operationId} ${state.task.request.kind}: ${state.phase}, ${leg?.purpose} ${leg?.tx.stage}`;
    });
    const { holds, slot } = this.#engine;
    const engine = `slot ${slot}, holds ${holds.map(({ code }) => code)}, line ${this.#line.length}`;
    const at = `at ${this.#world.nowMs}, position ${this.#world.position()}, alerts ${[...this.#standing]}`;
    throw new LivenessError(`${claim}\n${JSON.stringify(this.#given)}\n${engine}\n${at}\n${where.join('\n')}`);
  }

  /** False: the time is over. */
  #until(untilMs: number, done: () => boolean): boolean {
    for (;;) {
      if (done()) return true;
      if (this.#world.nowMs >= untilMs) return false;
      this.#goOn(untilMs);
    }
  }

  /** To the next moment at which something can happen. */
  #goOn(untilMs: number): void {
    const world = this.#world;
    const next = Math.min(
      untilMs,
      this.#lookAtMs,
      ...this.#operations.map(({ nextAtMs }) => nextAtMs),
      ...this.#line.map(({ nextAskMs }) => nextAskMs),
    );
    world.chain.advance(Math.max(next - world.nowMs, 1));
    for (const operation of this.#operations) operation.poll();
    this.#serveLine();
    if (world.nowMs >= this.#lookAtMs) this.#look();
    this.#tellHolds();
    if (this.#renews) this.#renew();
    this.#check();
  }

  // The engine's host: it starts, grants and asks as workflows/engine does, and decides nothing itself.

  #start(request: OperationRequest, operationId: string, commandId: string | null, fromFinalized: boolean): void {
    const { kind } = request;
    const reducing = OPERATIONS[kind].reduces;
    const sizedAfterSlot = unresolvedSlot(this.#engine);
    const unresolved = unresolvedOperations(this.#engine).length > 0;
    const tracked: TrackedOperation = {
      ...{ operationId, kind, commandId, reducing, reported: -1, phase: 'running', stage: 'accepted' },
      ...{ windowClosed: false, wantsSlot: false, counted: '0', spot: '0' },
      perpBefore: this.#world.position().toString(),
      ...{ marketTimeMs: this.#world.nowMs, acceptedAtMs: this.#world.nowMs },
    };
    this.#engine = startOperation(this.#engine, tracked);
    this.#run({ operationId, request, commandId, fromFinalized: fromFinalized || unresolved, sizedAfterSlot });
  }

  #run(task: Task): void {
    this.#operations.push(new ModelOperation(this.#world, task, (report) => this.#take(report)));
  }

  #take(report: OperationReport): void {
    const { nowMs } = this.#world;
    const context = { nowMs, marketNowMs: nowMs, cooldownMs: 0, cooldownWallMs: null };
    this.#engine = takeReport(this.#engine, report, context);
    if (isExit(report.kind) && report.flat !== undefined && report.phase !== 'running')
      this.#believedFlat = report.flat;
    // Another context: the watch begins anew, with a look.
    if (this.#lookAtMs !== Number.POSITIVE_INFINITY) this.#lookAtMs = Math.min(this.#lookAtMs, nowMs + LOOK_MS);
    this.#seen.add(`${report.kind} ${report.phase}`);
  }

  #ask(request: OperationRequest): void {
    this.#asked = true;
    this.#count += 1;
    const operationId = `exit ${this.#count}`;
    const { nowMs } = this.#world;
    this.#engine = awaitExit(this.#engine, operationId);
    const untilMs = nowMs + EXIT_WAITS_MS;
    this.#line.push({ operationId, request, untilMs, nextAskMs: nowMs, planned: false });
    this.#standDownFor(request);
    this.#serveLine();
  }

  /**
   * An exit that ended or waited in vain before the first honest answer, or gave up on what it had sent before that, was
   * told: a person sends it again, once.
   */
  #repeat(request: OperationRequest): void {
    // One that waits or runs since before that goes on by itself.
    const goesOn = this.#mustGoOn.some(({ state }) => state.course === 'working' && state.standDown === null);
    if (goesOn || this.#repeated || this.#exitWorks() || !this.#isTold() || this.#world.position() === 0n) return;
    this.#repeated = true;
    this.#seen.add('asked again');
    this.#ask(request);
  }

  #standDownFor(request: OperationRequest): void {
    const { slot } = this.#engine;
    const running = slot === null ? null : trackedOperation(this.#engine, slot);
    if (running === null || running.kind === 'flatten' || (running.kind === 'close' && request.kind === 'close'))
      return;
    const operation = this.#operations.find(({ task }) => task.operationId === slot);
    operation?.push({ kind: 'stand_down', reason: 'an exit comes first', exitFollows: true });
  }

  /** An exit waits for the slot, for the venue, and for what may still land; at most for 10 minutes. */
  #serveLine(): void {
    const { nowMs, readable } = this.#world;
    for (const exit of this.#line) {
      const refusal = refusalOf(admissionRow(exit.request.kind, true), admissionView(this.#engine));
      if (readable && refusal === null) {
        if (!exit.planned && !this.#hasSomethingToClose()) {
          this.#line = this.#line.filter((other) => other !== exit);
          this.#engine = forgetExit(this.#engine, exit.operationId);
          return;
        }
        exit.planned = true;
      }
      if (this.#engine.slot === null && readable && refusal === null) {
        this.#line = this.#line.filter((other) => other !== exit);
        this.#start(exit.request, exit.operationId, exit.operationId, false);
        return;
      }
      if (nowMs >= exit.untilMs) {
        this.#line = this.#line.filter((other) => other !== exit);
        this.#engine = exitInVain(this.#engine, exit.operationId, 'Timed out', nowMs);
      } else if (nowMs >= exit.nextAskMs) {
        exit.nextAskMs = Math.min(nowMs + WATCH_MS, exit.untilMs);
        if (readable && refusal !== null) this.#proveNow();
      }
    }
    const wanting = this.#line.length === 0 ? slotWantedBy(this.#engine) : null;
    if (wanting === null) return;
    this.#engine = grantSlot(this.#engine, wanting.operationId);
    const operation = this.#operations.find(({ task }) => task.operationId === wanting.operationId);
    if (operation === undefined || operation.ended) this.#engine = leaveSlot(this.#engine, wanting.operationId);
    else operation.push({ kind: 'slot_granted', confirmedPriceLimit: null, exposureConfirmed: false });
  }

  /** The shipped plan of an exit, on a snapshot of now. */
  #hasSomethingToClose(): boolean {
    return this.#world.position() !== 0n || mayStillOpen(this.#engine);
  }

  #proveNow(): void {
    const unresolved = unresolvedOperations(this.#engine).map(({ operationId }) => operationId);
    for (const operation of this.#operations) {
      if (unresolved.includes(operation.task.operationId)) operation.push({ kind: 'prove_now' });
    }
  }

  /** One look of the watch, and the engine's turn on it. */
  #look(): void {
    const world = this.#world;
    this.#lookAtMs = world.nowMs + WATCH_MS;
    const read = world.read('confirmed');
    if (read === null) {
      this.#wasLost = true;
      return;
    }
    if (this.#wasLost) this.#proveNow();
    this.#wasLost = false;
    const perp = world.position(read.slot).toString();
    const decision = this.#decide(BigInt(perp));
    this.#tell(decision);
    const seen = this.#engine.seen;
    if (seen === null || read.slot >= seen.slot) {
      this.#engine = passSnapshot(this.#engine, read.snapshot);
      if (isQuiet(this.#engine)) {
        this.#believedFlat = perp === '0';
        this.#engine = lookAtClosing(takePosition(this.#engine, perp, '0'), perp, world.nowMs);
      }
    }
    if (this.#line.length > 0 || this.#engine.slot !== null) return;
    const action = this.#decide(BigInt(perp)).action;
    if (action.kind !== 'guard') return;
    const fresh = world.read(action.from);
    if (fresh === null) return;
    const again = this.#decide(world.position(fresh.slot)).action;
    if (again.kind !== 'guard') return;
    this.#count += 1;
    const request = { kind: 'guard', market: 'SOL-PERP', size: again.delta.toString() } as const;
    this.#start(request, `guard ${this.#count}`, null, again.from === 'finalized');
  }

  #decide(perp: bigint): Decision {
    const { nowMs } = this.#world;
    const context = decisionContext(this.#engine);
    const timeless = { ...context, holds: context.holds.map(({ code, permits }) => `${code} ${permits}`) };
    const retries = context.guardRetryAtMs != null && nowMs < context.guardRetryAtMs;
    const key = `${perp} ${retries} ${canonicalJson({ ...timeless, guardRetryAtMs: null } as never)}`;
    let decision = DECISIONS.get(key);
    if (decision === undefined) {
      decision = decide(snapshotAt(perp, 0, nowMs), context, POLICY, nowMs);
      DECISIONS.set(key, decision);
    }
    return decision;
  }

  #tell({ alerts, reasons }: Decision): void {
    const raised = alerts.raise.map(({ code }) => code);
    this.#danger = raised.includes('LIQUIDATION_NEAR') || raised.includes('HEALTH_CRITICAL');
    for (const code of ['LIQUIDATION_NEAR', 'HEALTH_CRITICAL', 'GUARD_BLOCKED']) this.#standing.delete(code);
    for (const code of raised) this.#standing.add(code);
    if (reasons.at(-1)?.code === 'GUARD_BLOCKED') this.#standing.add('GUARD_BLOCKED');
  }

  #tellHolds(): void {
    const { holds } = this.#engine;
    if (holds === this.#toldHolds) return;
    for (const { kind, code } of alertsOfHolds(this.#toldHolds, holds)) {
      if (kind === 'alert') this.#standing.add(code);
      else this.#standing.delete(code);
    }
    this.#toldHolds = holds;
    for (const code of this.#standing) this.#seen.add(`alert ${code}`);
  }

  #hold(code: HoldCode): void {
    const { nowMs } = this.#world;
    if (code === 'stopped') this.#engine = stopEngine(this.#engine, nowMs);
    const hold: Hold = { code, sinceMs: nowMs, permits: 'nothing', clearedBy: 'person', reason: `held by ${code}` };
    if (code !== 'unresolved') this.#engine = { ...this.#engine, holds: withHold(this.#engine.holds, hold) };
  }

  // Processes that end.

  #restart(restart: LivenessCase['restart']): void {
    if (restart === 'renewed') this.#renews = true;
    if (restart === 'died') for (const operation of this.#operations) operation.renew();
    if (restart === 'lost') this.#loseTemporal();
  }

  #renew(): void {
    this.#engine = JSON.parse(JSON.stringify(this.#engine));
    this.#toldHolds = this.#engine.holds;
  }

  /** Its histories are gone: the journal has the operations, and what they signed is proven anew. */
  #loseTemporal(): void {
    const former = this.#operations.filter(({ ended }) => !ended);
    const { nowMs } = this.#world;
    this.#operations = [];
    this.#engine = initialEngine('another');
    this.#hold('stores_diverged');
    for (const { task, ...operation } of former.map((one) => ({ task: one.task, recovered: one.recovered() }))) {
      const tracked: TrackedOperation = {
        ...{ operationId: task.operationId, kind: task.request.kind, commandId: task.commandId, reducing: false },
        ...{ reported: -1, phase: 'unresolved', stage: 'accepted', windowClosed: false, wantsSlot: false },
        ...{ counted: '0', spot: '0', perpBefore: null, marketTimeMs: nowMs, acceptedAtMs: nowMs },
      };
      if (operation.recovered.length > 0) {
        this.#engine = proveOperation(carryOperation(this.#engine, tracked), tracked, nowMs);
        this.#run({ ...task, recovered: operation.recovered });
        continue;
      }
      // Nothing of it was sent: it is ended there, and its command answered.
      this.#engine = carryOperation(this.#engine, tracked);
      const report = { operationId: task.operationId, kind: task.request.kind, sequence: 0, stage: 'ended' } as const;
      const rest = { answer: null, perpChange: '0', windowClosed: true, contradicted: false, error: null };
      this.#take({ ...report, phase: 'ended', reducing: false, ...rest });
    }
  }

  // What must hold at every moment.

  get #exits(): readonly ModelOperation[] {
    return this.#operations.filter(({ task, ended }) => isExit(task.request.kind) && !ended);
  }

  /** In line, running, asking for proof, or for the slot to go on in. */
  #exitWorks(): boolean {
    return (
      this.#line.length > 0 ||
      this.#exits.some(({ state }) => {
        if (state.phase === 'running') return true;
        const proves = state.legs[state.current]?.tx.stage === 'proving';
        return state.phase === 'unresolved' && (proves || state.slotUntilMs != null);
      })
    );
  }

  #isTold(): boolean {
    const unknown = this.#exits.some(({ state, alerts }) => {
      if (state.phase === 'unresolved') return alerts.has('TRANSACTION_UNKNOWN');
      if (state.phase === 'dropped') return alerts.has('TRANSACTION_DROPPED');
      // Flat in a finalized account, and about to be final itself.
      return state.flat && state.phase === 'released';
    });
    return unknown || this.#believedFlat || this.#standing.has('POSITION_LEFT_OPEN');
  }

  #check(): void {
    const position = this.#world.position();
    this.#ensure(position <= 0n, 'a reduction never crosses zero');
    if (position === 0n) return;
    if (this.#asked && !this.#exitWorks()) {
      this.#ensure(this.#isTold(), 'what was to be closed and stands is worked on, or a critical alert stands');
    }
    for (const { state } of this.#mustGoOn) {
      const gaveUp = state.course !== 'working' && !state.flat && state.yields !== true && hasRoundsLeft(state);
      this.#ensure(!gaveUp, 'an exit that waits or runs at the first honest answer goes on by itself');
    }
    if (!this.#danger) return;
    const guards = this.#operations.some(({ task, ended }) => OPERATIONS[task.request.kind].reduces && !ended);
    const critical = ['LIQUIDATION_NEAR', 'HEALTH_CRITICAL', 'GUARD_BLOCKED'].some((code) => this.#standing.has(code));
    this.#ensure(guards || critical, 'danger that is seen is reduced, or a critical alert stands');
  }
}

const hasRoundsLeft = ({ misses = 0, replacements }: OperationState): boolean =>
  misses < MAX_MISSES && replacements < MAX_REPLACEMENTS;
