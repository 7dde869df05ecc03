/**
 * The shipped reducers of engine and operations on the real Drift program, in the chain's own time: slots pass only when
 * asked for, so that minutes of waiting take seconds. What a workflow does with a reducer's effects is written anew, as in the
 * liveness model; venue, plans, gates and chain are the product's.
 */

import { asErrorReport } from '../../activities/failures.ts';
import { decided } from '../../activities/watch-transaction.ts';
import { type DriftLocalnet, startDriftLocalnet } from '../../localnet/drift/index.ts';
import type { FaultInput } from '../../localnet/faults/rule.ts';
import { encodeSnapshot } from '../../src/domain/account/snapshot.ts';
import { refusalOf } from '../../src/domain/engine/admission.ts';
import {
  admissionView,
  type EngineCarried,
  initialEngine,
  leaveSlot,
  slotWantedBy,
  startOperation,
  type TrackedOperation,
  takeReport,
  unresolvedOperations,
  unresolvedSlot,
} from '../../src/domain/engine/engine-state.ts';
import { perpOf } from '../../src/domain/engine/reconcile.ts';
import { carryOperation, grantSlot, proveOperation } from '../../src/domain/engine/transitions.ts';
import { DEFAULT_POLICY } from '../../src/domain/hedge/policy.ts';
import {
  type MainResult,
  OPERATION_RULES,
  type OperationEffect,
  type OperationEvent,
  type OperationMain,
  type OperationState,
  operationMain,
} from '../../src/domain/operation/operation.ts';
import { newOperation, step } from '../../src/domain/operation/operation-step.ts';
import type { Intent } from '../../src/domain/order/intent.ts';
import { planIntent } from '../../src/domain/order/intent-plan.ts';
import type { OperationRequest } from '../../src/domain/order/operation-request.ts';
import { admissionRow, isExit, OPERATIONS } from '../../src/domain/order/operations.ts';
import { type Attempt, DEFAULT_TIMING } from '../../src/domain/transaction/transaction.ts';
import { TransientError } from '../../src/lib/errors.ts';
import type { PerpsVenue } from '../../src/venues/solana-perps/perps-venue.ts';
import type { OperationInput } from '../../workflows/messages.ts';
import { notPrepared, preparedResult } from '../../workflows/operation/prepared-result.ts';
import { tradingVenue, walletOn } from './drift-wallet.ts';

const SLOT_MS = 400;
const SLOTS_A_TICK = 5;
const FINAL_SLOTS = 40;
const PROOF_MS = 10_000;
const READ_FAILS_AFTER_MS = 7_000;
const ENGINE_ID = 'engine:drift:worst:0';
const MARKET = 'SOL-PERP';

interface RunningOperation {
  readonly input: OperationInput;
  state: OperationState;
  main: OperationMain | null;
  startedAtMs: number;
  sentAtMs: number;
}

export class ExitsOnDrift {
  readonly net: DriftLocalnet;
  engine: EngineCarried = initialEngine('e');
  operations: RunningOperation[] = [];
  #venue: PerpsVenue;
  #started = 0;
  #waiting: { readonly request: OperationRequest; nextProofMs: number } | null = null;

  private constructor(net: DriftLocalnet) {
    this.net = net;
    this.#venue = this.#process();
  }

  /** With a hedge of so many SOL on an account that can carry it. */
  static async open(short: bigint): Promise<ExitsOnDrift> {
    const chain = { paused: true, skipShare: 0, clock: 'slots', slotMs: SLOT_MS, nodes: 2 } as const;
    const exits = new ExitsOnDrift(await startDriftLocalnet(chain));
    await exits.net.advance(FINAL_SLOTS);
    await exits.#land({ kind: 'deposit', asset: 'SOL', amount: '20000000000' });
    await exits.#land({ kind: 'deposit', asset: 'USDC', amount: '2000000000' });
    if (short > 0n) {
      exits.start({ kind: 'open', market: MARKET, size: (-short).toString() });
      if (!(await exits.until(60_000, async () => exits.operations.length === 0)))
        throw new Error('the hedge did not open');
    }
    return exits;
  }

  get nowMs(): number {
    return this.net.chain.genesis.time * 1_000 + this.net.chain.slot * SLOT_MS;
  }

  /** Signed lamports, by the newest block that anyone may see once all is well. */
  async perp(): Promise<bigint> {
    return perpOf(await this.#venue.read('confirmed'));
  }

  fault(fault: FaultInput & { readonly id: string }): void {
    this.net.faults.add(fault);
  }

  heal(id: string): void {
    this.net.faults.remove(id);
  }

  /** Another process takes over: what venue and chain remembered is gone. Operations go on from plain JSON. */
  restart(): void {
    this.#venue = this.#process();
    for (const operation of this.operations) {
      operation.state = JSON.parse(JSON.stringify(operation.state));
      this.#begin(operation, operationMain(operation.state));
    }
    this.engine = JSON.parse(JSON.stringify(this.engine));
  }

  /** Temporal's histories are gone: what was signed is proven anew, from the journal's record. */
  loseTemporal(): void {
    const former = this.operations;
    this.operations = [];
    this.engine = initialEngine('another');
    for (const { input, state } of former) {
      const tracked = this.#tracked(input, 'unresolved');
      this.engine = proveOperation(carryOperation(this.engine, tracked), tracked, this.nowMs);
      const recovered = state.legs.flatMap(({ tx }) =>
        tx.attempts.map(({ signed, intent }) => ({ ...signed, intent })),
      );
      this.#run({ ...input, recovered });
    }
  }

  start(request: OperationRequest): void {
    this.#started += 1;
    const after = unresolvedSlot(this.engine);
    const input: OperationInput = {
      operationId: `${request.kind} ${this.#started}`,
      engineId: ENGINE_ID,
      commandId: `c${this.#started}`,
      request,
      policy: {
        ...DEFAULT_POLICY,
        mode: 'live',
        maxRpcLatencyMs: 60_000,
        maxUnhedgedPct: 1_000,
        maxSnapshotAgeMs: 120_000,
      },
      timing: DEFAULT_TIMING,
      acceptedAtMs: this.nowMs,
      confirmedPriceLimit: null,
      exposureConfirmed: true,
      recovered: [],
      whileUnresolved: unresolvedOperations(this.engine).length > 0,
      ...(after === null ? {} : { sizedAfterSlot: after }),
      hadPosition: true,
      rules: OPERATION_RULES,
      searchAttributes: false,
    };
    this.engine = startOperation(this.engine, this.#tracked(input, 'running'));
    this.#run(input);
  }

  /** A person asks: what runs stands down, and the exit waits for its turn and for what may still land. */
  ask(request: OperationRequest): void {
    this.#waiting = { request, nextProofMs: 0 };
    const running = this.operations.find(({ input }) => input.operationId === this.engine.slot);
    if (running !== undefined && running.input.request.kind !== 'flatten') {
      this.#push(running, { kind: 'stand_down', reason: 'an exit comes first', exitFollows: true });
    }
  }

  /** False: the time is over. */
  async until(withinMs: number, met: () => Promise<boolean>): Promise<boolean> {
    const untilMs = this.nowMs + withinMs;
    for (;;) {
      if (await met()) return true;
      if (this.nowMs >= untilMs) return false;
      await this.net.advance(SLOTS_A_TICK);
      this.#serve();
      for (const operation of [...this.operations]) await this.#poll(operation);
      this.operations = this.operations.filter(({ state }) => state.course !== 'ended');
    }
  }

  /** Nothing waits and nothing is open. */
  isFlat = async (): Promise<boolean> =>
    this.#waiting === null && !this.operations.some(exitRuns) && (await this.perp().catch(() => 1n)) === 0n;

  stop = async (): Promise<void> => await this.net.stop();

  #process(): PerpsVenue {
    const clock = { nowMs: () => this.nowMs };
    return tradingVenue(ENGINE_ID, walletOn(this.net, { clock, monotonicMs: clock.nowMs, newsWaitMs: 0 }));
  }

  async #land(intent: Intent): Promise<void> {
    const simulation = await this.#venue.simulate(intent);
    if (!simulation.ok) throw new Error(JSON.stringify(simulation.error));
    await this.#venue.submit(await this.#venue.sign(intent), 3);
    await this.net.advance(FINAL_SLOTS);
  }

  #tracked({ operationId, request, commandId, acceptedAtMs }: OperationInput, phase: TrackedOperation['phase']) {
    return {
      ...{ operationId, kind: request.kind, commandId, phase, acceptedAtMs, marketTimeMs: acceptedAtMs },
      ...{ reducing: OPERATIONS[request.kind].reduces, reported: -1, stage: 'accepted', windowClosed: false },
      ...{ wantsSlot: false, counted: '0', spot: '0', perpBefore: null },
    } satisfies TrackedOperation;
  }

  #run(input: OperationInput): void {
    const task = { ...input, mode: 'live', freshMs: 30_000, hadPosition: true } as const;
    const { request, recovered, confirmedPriceLimit, exposureConfirmed } = input;
    const { operationId, engineId, commandId, acceptedAtMs, timing } = task;
    const rules = OPERATION_RULES;
    const state = newOperation(
      {
        operationId,
        engineId,
        mode: 'live',
        commandId,
        request,
        acceptedAtMs,
        timing,
        freshMs: 30_000,
        hadPosition: true,
        rules,
      },
      { priceLimit: confirmedPriceLimit, exposure: exposureConfirmed },
      recovered,
    );
    const operation: RunningOperation = { input, state, main: null, startedAtMs: 0, sentAtMs: 0 };
    this.operations.push(operation);
    this.#push(operation, { kind: 'start' });
  }

  /** The line, the proofs that a waiting exit asks for, and the slot that an operation wants back. */
  #serve(): void {
    const exit = this.#waiting;
    if (exit !== null) {
      const refusal = refusalOf(admissionRow(exit.request.kind, true), admissionView(this.engine));
      if (this.engine.slot === null && refusal === null) {
        this.#waiting = null;
        this.start(exit.request);
      } else if (refusal !== null && this.nowMs >= exit.nextProofMs) {
        exit.nextProofMs = this.nowMs + PROOF_MS;
        for (const { operationId } of unresolvedOperations(this.engine)) {
          const unresolved = this.operations.find(({ input }) => input.operationId === operationId);
          if (unresolved !== undefined) this.#push(unresolved, { kind: 'prove_now' });
        }
      }
      return;
    }
    const wanting = slotWantedBy(this.engine);
    if (wanting === null) return;
    this.engine = grantSlot(this.engine, wanting.operationId);
    const operation = this.operations.find(({ input }) => input.operationId === wanting.operationId);
    if (operation === undefined) this.engine = leaveSlot(this.engine, wanting.operationId);
    else this.#push(operation, { kind: 'slot_granted', confirmedPriceLimit: null, exposureConfirmed: false });
  }

  #push(
    operation: RunningOperation,
    event: OperationEvent extends infer E ? (E extends OperationEvent ? Omit<E, 'nowMs'> : never) : never,
  ): void {
    const { state, effects } = step(operation.state, { ...event, nowMs: this.nowMs } as OperationEvent);
    operation.state = state;
    for (const effect of effects) this.#take(operation, effect);
  }

  #take(operation: RunningOperation, effect: OperationEffect): void {
    if (effect.kind === 'main') this.#begin(operation, effect.main);
    if (effect.kind !== 'report') return;
    const context = { nowMs: this.nowMs, marketNowMs: this.nowMs, cooldownMs: 0, cooldownWallMs: null };
    this.engine = takeReport(this.engine, effect.report, context);
  }

  #begin(operation: RunningOperation, main: OperationMain | null): void {
    Object.assign(operation, { main, startedAtMs: this.nowMs });
  }

  async #poll(operation: RunningOperation): Promise<void> {
    // One step may follow another in the same slot, as in a workflow.
    for (;;) {
      const { main } = operation;
      if (main === null || operation.state.course === 'ended') return;
      const result = await this.#perform(operation, main);
      if (result === null || operation.main !== main) return;
      this.#push(operation, { kind: 'result', ticket: main.ticket, result });
      if (operation.main === main) operation.main = null;
    }
  }

  async #perform(operation: RunningOperation, { leg, main }: OperationMain): Promise<MainResult | null> {
    switch (main.kind) {
      case 'simulate':
        return await this.#prepare(operation, leg);
      case 'sign':
        try {
          return { kind: 'signed', signed: await this.#venue.sign(main.intent) };
        } catch (error) {
          return { kind: 'sign_failed', error: asErrorReport(error), passing: error instanceof TransientError };
        }
      case 'submit':
        operation.sentAtMs = this.nowMs;
        return { kind: 'submitted', accepted: await this.#send(main.attempt, main.tryNumber), recorded: true };
      case 'confirm':
        return await this.#watch(
          operation,
          main.attempt,
          main.target,
          main.queryUntilMs,
          main.mayResend ? main.confirmUntilMs : 0,
        );
      case 'follow':
        return await this.#watch(operation, main.attempt, 'gone', main.untilMs, 0);
      case 'wait':
        return this.nowMs >= main.untilMs ? { kind: 'woke' } : null;
    }
  }

  async #prepare(
    { input, state, startedAtMs }: RunningOperation,
    leg: OperationMain['leg'],
  ): Promise<MainResult | null> {
    const { whileUnresolved = false, sizedAfterSlot = 0, policy, timing } = input;
    const finalized = whileUnresolved || sizedAfterSlot > 0;
    try {
      const snapshot = await this.#venue.read(finalized ? 'finalized' : 'confirmed');
      if (snapshot.slot < sizedAfterSlot) return null;
      const limits = { maxSlippageBps: policy.maxSlippageBps, orderLifeMs: timing.orderLifeMs, nowMs: this.nowMs };
      const planned = planIntent(leg.goal, leg.terms, snapshot, limits);
      if (planned.kind === 'nothing' && planned.why === 'flat' && !finalized) {
        const final = planIntent(leg.goal, leg.terms, await this.#venue.read('finalized'), limits);
        if (final.kind !== 'nothing') return null;
      }
      const simulation = planned.kind === 'intent' ? await this.#venue.simulate(planned.intent, snapshot) : null;
      const simulated = { planned, simulation, snapshot: encodeSnapshot(snapshot) };
      return preparedResult(input, leg, simulated, state.confirmed, this.nowMs);
    } catch (error) {
      if (!(error instanceof TransientError)) throw error;
      return this.nowMs - startedAtMs < READ_FAILS_AFTER_MS ? null : notPrepared(error.report(), null, true);
    }
  }

  async #send({ signed }: Attempt, tryNumber: number): Promise<boolean> {
    try {
      await this.#venue.submit(signed, tryNumber);
      return true;
    } catch (error) {
      if (!(error instanceof TransientError)) throw error;
      return false;
    }
  }

  async #watch(
    operation: RunningOperation,
    attempt: Attempt,
    target: 'confirmed' | 'finalized' | 'gone',
    untilMs: number,
    resendUntilMs: number,
  ): Promise<MainResult | null> {
    const sighting = await this.#venue.status(attempt.signed);
    const placed = attempt.intent.kind === 'order' && sighting.kind === 'landed' && sighting.error === null;
    const order =
      placed && sighting.commitment !== 'processed'
        ? await this.#venue.order(attempt.signed).catch((error: unknown) => {
            if (error instanceof TransientError) return null;
            throw error;
          })
        : null;
    if (decided({ target, intent: attempt.intent }, { sighting, order }) || this.nowMs >= untilMs) {
      return { kind: 'sighted', sighting, order };
    }
    const due = this.nowMs - operation.sentAtMs >= DEFAULT_TIMING.rebroadcastMs;
    if (sighting.kind === 'unseen' && this.nowMs < resendUntilMs && due) {
      operation.sentAtMs = this.nowMs;
      await this.#send(attempt, 1);
    }
    return null;
  }
}

const exitRuns = ({ input, state }: RunningOperation): boolean =>
  isExit(input.request.kind) && state.phase === 'running' && !state.flat;
