/**
 * Performs the effects of the operation reducer: starts what it waits for, tells the engine and the journal, and hands
 * every result, signal and timer back to it as an event. It decides nothing itself.
 */
import {
  type ActivityOptions,
  ApplicationFailure,
  allHandlersFinished,
  CancellationScope,
  condition,
  getExternalWorkflowHandle,
  isCancellation,
  log,
  makeContinueAsNewFunc,
  patched,
  proxyActivities,
  proxyLocalActivities,
  setHandler,
  sleep,
  uuid4,
  workflowInfo,
} from '@temporalio/workflow';
import type { EngineActivities, TransactionActivities } from '../../activities/contract.ts';
import {
  type MainResult,
  type OperationEffect,
  type OperationEvent,
  type OperationMain,
  type OperationState,
  operationMain,
  overSlot,
} from '../../src/domain/operation/operation.ts';
import type { OperationReport } from '../../src/domain/operation/operation-report.ts';
import { reportOf, step } from '../../src/domain/operation/operation-step.ts';
import { type CommandAnswer, refused } from '../../src/domain/order/command.ts';
import type { Intent } from '../../src/domain/order/intent.ts';
import type { OperationWrite } from '../../src/journal/records.ts';
import type { ErrorReport } from '../../src/lib/errors.ts';
import { failureReport, isForGood, isPassing } from '../failure-report.ts';
import {
  type OperationInput,
  operationReport,
  operationState,
  proveNow,
  type ResolveVerdict,
  reportAgain,
  resolveTransaction,
  resolveTransactionUpdate,
  slotGranted,
  standDown,
} from '../messages.ts';
import { OneAtATime } from '../one-at-a-time.ts';
import {
  brief,
  CHECK_LOCALLY,
  DURABLE_WRITE,
  FIRST,
  SIGN_LOCALLY,
  SIMULATE_LOCALLY,
  TRANSIENT_RETRY,
  watching,
} from '../retry-policies.ts';
import { showDetails, showSearchAttributes } from './display.ts';
import { initialState } from './initial-state.ts';
import { attemptRef, type ExplorerUrls, journalWrite } from './journal.ts';
import { notPrepared, preparedResult, unseenByWorker } from './prepared-result.ts';
import { onSigningQueue, unserved } from './signing-queue.ts';
import { checkLength, checkVerdict } from './verdict-message.ts';

/** What one run hands to the next. */
export interface CarriedOperation {
  readonly state: OperationState;
  readonly outbox: readonly OperationWrite[];
  readonly urls: ExplorerUrls;
}

/** Refused verdicts that the details show. */
const SHOWN_REFUSALS = 5;

export async function runOperation(
  workflow: (input: OperationInput, carried?: CarriedOperation) => Promise<CommandAnswer>,
  input: OperationInput,
  carried: CarriedOperation | undefined,
): Promise<CommandAnswer> {
  refuseStranger(input);
  const host = new OperationHost(input, carried);
  // An operator's cancellation stops the operation, but what was sent is still followed to its end.
  CancellationScope.current().cancelRequested.catch(() =>
    host.push({ kind: 'stand_down', reason: 'cancelled by an operator', exitFollows: false }),
  );
  return await CancellationScope.nonCancellable(() => host.run(workflow));
}

/** The input of an operation that is over, copied and started again by hand. */
function refuseStranger({ asChild, engineId }: OperationInput): void {
  const { parent, continuedFromExecutionRunId } = workflowInfo();
  if (asChild === undefined || continuedFromExecutionRunId !== undefined || parent?.workflowId === engineId) return;
  throw ApplicationFailure.nonRetryable('Only its engine starts an operation. Nothing was sent.', 'UNAUTHORIZED');
}

type SeenBySubmit = NonNullable<Awaited<ReturnType<TransactionActivities['submit']>>['seen']>;

type TimelessEvent = OperationEvent extends infer Event
  ? Event extends OperationEvent
    ? Omit<Event, 'nowMs'>
    : never
  : never;

class OperationHost {
  private readonly input: OperationInput;
  private readonly resumed: boolean;
  private state: OperationState;
  private outbox: readonly OperationWrite[];
  private urls: ExplorerUrls;
  private readonly inbox: TimelessEvent[] = [];
  private readonly refusals: string[] = [];
  private readonly verdicts = new Map<string, ErrorReport | null>();
  private readonly background = new Set<Promise<void>>();
  private readonly locally = new OneAtATime();
  /** To be started, once it is clear that this run goes on. */
  private pending: OperationMain | null = null;
  private running: CancellationScope | null = null;
  private steps = 0;
  /** The last submit saw it landed already. */
  private seen: SeenBySubmit | null = null;
  /** Attempts that the journal knows and this workflow does not: Temporal was restored from an older copy. */
  private strangers: OperationInput['recovered'] | null = null;

  constructor(input: OperationInput, carried: CarriedOperation | undefined) {
    this.input = input;
    this.resumed = carried !== undefined;
    this.outbox = carried?.outbox ?? [];
    this.urls = carried?.urls ?? {};
    this.state = carried?.state ?? initialState(input);
    this.setHandlers();
  }

  push(event: TimelessEvent): void {
    this.inbox.push(event);
  }

  private setHandlers(): void {
    setHandler(operationState, (): OperationReport => reportOf(this.state, Date.now()));
    setHandler(standDown, ({ reason, exitFollows }) =>
      this.push({ kind: 'stand_down', reason, ...(exitFollows === undefined ? {} : { exitFollows }) }),
    );
    setHandler(proveNow, () => this.push({ kind: 'prove_now' }));
    setHandler(reportAgain, () => this.push({ kind: 'report_again' }));
    setHandler(slotGranted, (confirmed) => this.push({ kind: 'slot_granted', ...confirmed }));
    setHandler(resolveTransaction, (verdict) => {
      const malformed = checkVerdict(verdict) ?? tooLong(verdict);
      if (malformed === null) this.ask(verdict, false);
      else this.refuseMalformed(malformed);
    });
    setHandler(
      resolveTransactionUpdate,
      async (verdict): Promise<CommandAnswer> => {
        const id = this.ask(verdict, await this.isSigned(verdict));
        await condition(() => this.verdicts.has(id));
        return this.verdictAnswer(verdict, this.verdicts.get(id) ?? null);
      },
      {
        validator: (verdict) => {
          const malformed = checkVerdict(verdict) ?? checkLength(verdict);
          if (malformed !== null) throw malformed;
        },
      },
    );
  }

  /** Through the bridge, or straight to Temporal by somebody who has no token. Only a worker has the key that tells. */
  private async isSigned(verdict: ResolveVerdict): Promise<boolean> {
    if (verdict.mac === undefined) return false;
    const input = { operationId: this.input.operationId, verdict };
    if (!this.mayBeLocal)
      return await proxyActivities<EngineActivities>(this.inTurn(brief(this.input.timing))).isVerdictSigned(input);
    const { isVerdictSigned } = proxyLocalActivities<EngineActivities>(CHECK_LOCALLY);
    return await this.locally.run(() => isVerdictSigned(input));
  }

  private ask({ verdict, operator, note }: ResolveVerdict, signed: boolean): string {
    const id = uuid4();
    // Verdicts from before signatures existed stay accepted.
    const origin =
      signed || !patched('signed-verdicts')
        ? {}
        : ({ unsigned: true, live: this.input.policy.mode === 'live' } as const);
    this.push({ kind: 'verdict', asked: { id, verdict, operator, note, atMs: Date.now(), ...origin } });
    return id;
  }

  private verdictAnswer({ verdict }: ResolveVerdict, error: ErrorReport | null): CommandAnswer {
    const data = { operation_id: this.input.operationId, engine_id: this.input.engineId, verdict };
    if (error !== null) return refused(error, 'rejected', data);
    return { success: true, message: `Outcome "${verdict}" accepted`, data: { ...data, status: 'done' } };
  }

  private refuseMalformed(failure: ApplicationFailure): void {
    this.refuse(failure);
    this.push({ kind: 'malformed_verdict', error: failureReport(failure) });
  }

  private refuse(error: Error): void {
    this.refusals.push(error.message);
    if (this.refusals.length > SHOWN_REFUSALS) this.refusals.shift();
    log.warn('a verdict was refused', { reason: error.message });
  }

  async run(workflow: Parameters<typeof runOperation>[0]): Promise<CommandAnswer> {
    if (this.resumed) this.pending = operationMain(this.state);
    else this.apply({ kind: 'start' });
    // The engine knew it in another state.
    if (!this.resumed && this.input.restored !== undefined) this.apply({ kind: 'report_again' });
    this.show();
    while (this.state.course !== 'ended') {
      if (this.pending !== null && this.inbox.length === 0) {
        if (this.shouldContinueAsNew()) await this.continueAsNew(workflow);
        this.start(this.pending);
        this.pending = null;
      }
      await condition(() => this.inbox.length > 0 || this.strangers !== null);
      if (this.strangers !== null) await this.beginAnew(workflow, this.strangers);
      this.drain();
    }
    await this.close();
    return this.state.answer ?? reportOf(this.state, Date.now()).answer ?? unanswered(this.input);
  }

  private drain(): void {
    for (let event = this.inbox.shift(); event !== undefined; event = this.inbox.shift()) this.apply(event);
    // The present wait may take long, and a person should not wait for this news as long.
    const goesOn = this.pending === null && this.state.course !== 'ended';
    if (goesOn && this.outbox.some(isUrgent)) this.inBackground(this.flush());
    this.show();
  }

  private apply(event: TimelessEvent): void {
    const { state, effects } = step(this.state, { ...event, nowMs: Date.now() } as OperationEvent);
    const phaseChanged = state.phase !== this.state.phase;
    this.state = state;
    this.steps += 1;
    for (const effect of effects) this.perform(effect);
    if (phaseChanged && this.input.searchAttributes) showSearchAttributes(state);
  }

  private perform(effect: OperationEffect): void {
    switch (effect.kind) {
      case 'main':
        // The former wait no longer counts; its result would come with an old ticket.
        this.running?.cancel();
        this.running = null;
        this.pending = effect.main;
        return;
      case 'journal':
        this.outbox = [...this.outbox, journalWrite(this.state.task, effect.notes, this.urls)];
        return;
      case 'report':
        this.inBackground(this.tellEngine(effect.report));
        return;
      case 'verdict':
        this.verdicts.set(effect.id, effect.error);
        if (effect.error !== null) this.refuse(new Error(effect.error.message));
        return;
      case 'end':
        this.running?.cancel();
        return;
    }
  }

  /** An engine that is gone must not fail the operation: the next one asks by `reportAgain`. */
  private async tellEngine(report: OperationReport): Promise<void> {
    try {
      await getExternalWorkflowHandle(this.input.engineId).signal(operationReport, report);
    } catch (error) {
      log.warn('could not report to the engine', { report: report.phase, error: String(error) });
    }
  }

  private inBackground(work: Promise<void>): void {
    const tracked = work.finally(() => this.background.delete(tracked));
    this.background.add(tracked);
  }

  private start(pending: OperationMain): void {
    const scope = new CancellationScope({ cancellable: true, parent: CancellationScope.current() });
    this.running = scope;
    this.inBackground(
      scope
        .run(() => this.performMain(pending))
        .then(
          (result) => this.push({ kind: 'result', ticket: pending.ticket, result }),
          (error) => {
            // Superseded: its result is not needed.
            if (!isCancellation(error)) throw error;
          },
        ),
    );
    // Writes that do not go along with the next activity are made at the same time.
    if (!carriesWrites(pending) && this.outbox.some(isUrgent)) this.inBackground(this.flush());
  }

  private async performMain({ leg, main }: OperationMain): Promise<MainResult> {
    const { timing, policy } = this.input;
    const summary = `${leg.purpose} ${leg.goal.kind}`;
    switch (main.kind) {
      case 'simulate':
        return await this.prepare(leg);
      case 'sign':
        try {
          const { signed, explorerUrl } = await this.sign(main.intent, `${summary}, attempt ${main.number}`);
          this.urls = { ...this.urls, [signed.signature]: explorerUrl };
          return { kind: 'signed', signed };
        } catch (error) {
          if (isCancellation(error)) throw error;
          const report = unserved(error, this.input, main.intent) ?? failureReport(error);
          return { kind: 'sign_failed', error: report, passing: isPassing(error) };
        }
      case 'submit': {
        const writes = this.takeOutbox();
        try {
          const { submit } = proxyActivities<TransactionActivities>({
            ...this.inTurn(brief(timing)),
            ...onSigningQueue(this.input, main.attempt.intent),
            summary,
          });
          const ref = attemptRef(this.state.task, main.attempt);
          const sent = await submit({
            ...ref,
            tryNumber: main.tryNumber,
            reducing: leg.tx.reducing && policy.mode === 'live',
            known: this.signatures(),
            task: this.task,
            writes,
          });
          if (!sent.written) this.outbox = [...writes, ...this.outbox];
          this.seen = sent.seen ?? null;
          return { kind: 'submitted', accepted: sent.accepted, recorded: true };
        } catch (error) {
          if (isCancellation(error)) throw error;
          this.outbox = [...writes, ...this.outbox];
          this.strangers = strangersIn(failureReport(error));
          return { kind: 'submitted', accepted: false, recorded: false };
        }
      }
      case 'confirm': {
        const seen = this.takeSeen();
        if (seen !== null && main.target === 'confirmed') return { kind: 'sighted', ...seen };
        const options = watching(main.queryUntilMs, Date.now(), timing);
        const { confirm } = proxyActivities<TransactionActivities>({
          // Its answer does not wait for finality, so others need not either.
          ...(main.target === 'confirmed' ? this.inTurn(options) : options),
          summary: `${summary}, until ${main.target}`,
        });
        const { kind: _kind, attempt, ...watch } = main;
        return await this.watch((writes) =>
          confirm({ ...attemptRef(this.state.task, attempt), ...watch, task: this.task, timing, writes }),
        );
      }
      case 'follow': {
        const options = watching(main.untilMs, Date.now(), timing);
        const { follow } = proxyActivities<TransactionActivities>({ ...options, summary: 'until the order is gone' });
        const ref = attemptRef(this.state.task, main.attempt);
        return await this.watch((writes) => follow({ ...ref, untilMs: main.untilMs, timing, writes }));
      }
      case 'wait':
        await sleep(Math.max(main.untilMs - Date.now(), 1), { summary: 'until the next check' });
        return { kind: 'woke' };
    }
  }

  /**
   * On paper, and within a second, it is a local activity: what it signed stands in history as a marker that is committed
   * together with the scheduling of submit. What a lost workflow task signed was never sent. A worker
   * that may not sign leaves it to the engine's signing queue.
   */
  private async sign(intent: Intent, summary: string): ReturnType<TransactionActivities['sign']> {
    const { engineId, timing, signsLocally = false } = this.input;
    if (signsLocally && this.mayBeLocal) {
      try {
        const { sign } = proxyLocalActivities<TransactionActivities>({ ...SIGN_LOCALLY, summary });
        return await this.locally.run(() => sign({ engineId, intent, task: this.task }));
      } catch (error) {
        if (isCancellation(error) || (isForGood(error) && !this.mayOthersSign(error))) throw error;
      }
    }
    const { sign } = proxyActivities<TransactionActivities>({
      ...this.inTurn(brief(timing)),
      ...onSigningQueue(this.input, intent),
      summary,
    });
    return await sign({ engineId, intent, task: this.task });
  }

  /** A worker sees an activity's own priority alone, not the one that Temporal lets it inherit. */
  private inTurn(options: ActivityOptions): ActivityOptions {
    return workflowInfo().priority?.priorityKey === FIRST.priorityKey ? { ...options, priority: FIRST } : options;
  }

  /** What a restored data folder decides by. */
  private get task() {
    const { request, acceptedAtMs } = this.input;
    return { kind: request.kind, acceptedAtMs };
  }

  private get mayBeLocal(): boolean {
    return this.input.localActivities !== false;
  }

  private mayOthersSign(error: unknown): boolean {
    return this.input.signsOnQueue === true && ['PERMISSION_DENIED', 'KEY_MISSING'].includes(failureReport(error).code);
  }

  /** Within the workflow task where that is quick. */
  private async simulate(
    input: Parameters<TransactionActivities['simulate']>[0],
  ): ReturnType<TransactionActivities['simulate']> {
    if (this.mayBeLocal) {
      try {
        const { simulate } = proxyLocalActivities<TransactionActivities>(SIMULATE_LOCALLY);
        return await this.locally.run(() => simulate(input));
      } catch (error) {
        if (isCancellation(error) || isForGood(error) || !patched('slow-simulation-outside-the-task')) throw error;
      }
    }
    return await proxyActivities<TransactionActivities>(this.inTurn(brief(this.input.timing))).simulate(input);
  }

  private async prepare(leg: OperationMain['leg']): Promise<MainResult> {
    const { engineId, timing, policy } = this.input;
    // An attempt that the finalized account proved to be over is only included in an account of that slot or later.
    const afterSlot = newer(overSlot(this.state), this.input.sizedAfterSlot ?? null);
    try {
      const simulated = await this.simulate({
        engineId,
        goal: leg.goal,
        terms: leg.terms,
        maxSlippageBps: policy.maxSlippageBps,
        commitment: this.input.whileUnresolved === true || afterSlot !== null ? 'finalized' : 'confirmed',
        ...(afterSlot === null ? {} : { afterSlot }),
        timing,
      });
      return preparedResult(this.input, leg, simulated, this.state.confirmed, Date.now());
    } catch (error) {
      if (isCancellation(error)) throw error;
      return notPrepared(failureReport(error), null, isPassing(error));
    }
  }

  private async watch(
    ask: (writes: readonly OperationWrite[]) => ReturnType<TransactionActivities['confirm']>,
  ): Promise<MainResult> {
    const writes = this.takeOutbox();
    try {
      const { sighting, order, written } = await ask(writes);
      if (!written) this.outbox = [...writes, ...this.outbox];
      return { kind: 'sighted', sighting, order };
    } catch (error) {
      this.outbox = [...writes, ...this.outbox];
      if (isCancellation(error)) throw error;
      return unseenByWorker(failureReport(error));
    }
  }

  /** What submit saw answers the wait that follows it at once, and only that one. */
  private takeSeen(): SeenBySubmit | null {
    const { seen } = this;
    this.seen = null;
    return seen;
  }

  private takeOutbox(): readonly OperationWrite[] {
    const writes = this.outbox;
    this.outbox = [];
    return writes;
  }

  private async flush(): Promise<void> {
    const writes = this.takeOutbox();
    try {
      await proxyActivities<TransactionActivities>({ ...DURABLE_WRITE, retry: TRANSIENT_RETRY }).writeOperation({
        writes,
      });
    } catch (error) {
      log.warn('could not write the journal; trying again later', { error: String(error) });
      this.outbox = [...writes, ...this.outbox];
    }
  }

  private show(): void {
    showDetails(this.state, this.urls, this.refusals);
  }

  private shouldContinueAsNew(): boolean {
    const wanted = workflowInfo().continueAsNewSuggested || (this.input.continueAtEveryStep === true && this.steps > 1);
    return wanted && allHandlersFinished();
  }

  private async continueAsNew(workflow: Parameters<typeof runOperation>[0]): Promise<void> {
    await Promise.all(this.background);
    // A message or a verdict that has just come is handled in this run.
    if (this.inbox.length > 0 || !allHandlersFinished()) return;
    const next = makeContinueAsNewFunc<typeof workflow>();
    await next(this.input, { state: this.state, outbox: this.outbox, urls: this.urls });
  }

  private signatures(): readonly string[] {
    return this.state.legs.flatMap(({ tx }) => tx.attempts.map(({ signed }) => signed.signature));
  }

  /** Attempts that Temporal forgot are proven first, as after a loss. What was signed just now is not sent. */
  private async beginAnew(
    workflow: Parameters<typeof runOperation>[0],
    recovered: OperationInput['recovered'],
  ): Promise<void> {
    log.warn('the journal has attempts that this workflow does not know; proving them first', {});
    await Promise.all(this.background);
    const restored = { reports: this.state.reports };
    await makeContinueAsNewFunc<typeof workflow>()({ ...this.input, recovered, restored });
  }

  /** The journal is written in the end, however long it takes: then the record is whole without this workflow. */
  private async close(): Promise<void> {
    while (this.outbox.length > 0 || this.background.size > 0 || this.inbox.length > 0 || !allHandlersFinished()) {
      this.drain();
      if (this.outbox.length > 0) {
        const writes = this.takeOutbox();
        try {
          await proxyActivities<TransactionActivities>(DURABLE_WRITE).writeOperation({ writes });
        } catch (error) {
          // Scheduled by a version, or under a token, of before: this one schedules it anew.
          if (failureReport(error).code !== 'UNAUTHORIZED') throw error;
          this.outbox = [...writes, ...this.outbox];
        }
      }
      await Promise.all(this.background);
      await condition(allHandlersFinished);
    }
  }
}

const newer = (a: number | null, b: number | null): number | null => (a === null ? b : b === null ? a : Math.max(a, b));

function strangersIn({ code, details }: ErrorReport): OperationInput['recovered'] | null {
  const attempts = details?.attempts;
  return code === 'STORES_DIVERGED' && Array.isArray(attempts) ? (attempts as never) : null;
}

/** Histories from before it was asked for have long ones, and go on. */
function tooLong(verdict: ResolveVerdict): ApplicationFailure | null {
  const failure = checkLength(verdict);
  return failure !== null && patched('short-verdicts') ? failure : null;
}

const carriesWrites = ({ main }: OperationMain): boolean =>
  main.kind === 'submit' || main.kind === 'confirm' || main.kind === 'follow';

/** Alerts, answers and phases are written at once; bare transitions may wait for the next activity. */
const isUrgent = (write: OperationWrite): boolean => (write.alerts?.length ?? 0) > 0 || write.update !== undefined;

const unanswered = ({ operationId }: OperationInput): CommandAnswer =>
  refused({ code: 'TRANSACTION_FAILED', message: 'Nothing happened.' }, 'failed', { operation_id: operationId });
