/** The activities that move a transaction: each calls the venue's or the journal's port, and waits between calls. */
import { Context } from '@temporalio/activity';
import type { AlertSink } from '../src/alerts/channels.ts';
import { encodeSnapshot } from '../src/domain/account/snapshot.ts';
import { type RestoredState, refusalOfRestored, type SignedTask } from '../src/domain/engine/restored.ts';
import { recoveredFrom } from '../src/domain/operation/operation-step.ts';
import type { Intent } from '../src/domain/order/intent.ts';
import { type PlanLimits, planIntent } from '../src/domain/order/intent-plan.ts';
import type { Journal } from '../src/journal/journal.ts';
import type { OperationWrite } from '../src/journal/records.ts';
import type { Clock } from '../src/lib/clock.ts';
import { type ErrorReport, TransientError, UnknownStateError, ValidationError } from '../src/lib/errors.ts';
import type { SignedAttempt, Venue } from '../src/venues/venue.ts';
import type { ConfirmationReport, TransactionActivities } from './contract.ts';
import { asErrorReport, translateErrors } from './failures.ts';
import { confirmedAtOnce, type TransactionWatch, watchTransaction } from './watch-transaction.ts';

/** Why this process may not sign or send this; null: it may. Confirming and proving need no right. */
export type SigningRights = (engineId: string, intent: Intent) => ErrorReport | null;

export interface TransactionPorts {
  venueOf(engineId: string): Promise<Venue>;
  readonly journal: Pick<Journal, 'writeOperation' | 'operation'>;
  readonly alerts: Pick<AlertSink, 'announce'>;
  readonly rights: SigningRights;
  /** Null or absent: the data folder is an original. */
  readonly restored?: (engineId: string) => RestoredState | null;
  readonly clock: Clock;
  readonly logger: { warn(fields: object, message: string): void };
}

interface Resending {
  readonly intent: Intent;
  readonly mayResend: boolean;
  readonly task?: SignedTask;
}

/** A reduction that is on its way waits this long for its journal write; the write then comes with a later one. */
const REDUCTION_WRITE_MS = 1_000;
/** Flat in a confirmed snapshot: waits this long for a finalized one to say so too, then is tried again. */
const FLAT_FINALITY_MS = 20_000;

/**
 * The same when Temporal runs the activity again, also from an older copy of its history; another for each that the workflow
 * schedules.
 */
function attemptName(): string {
  const { workflowExecution, activityId } = Context.current().info;
  return [workflowExecution?.workflowId, workflowExecution?.runId, activityId].join(' ');
}

export function createTransactionActivities(ports: TransactionPorts): TransactionActivities {
  const { clock, journal, logger, rights } = ports;

  const refusalFor = (engineId: string, intent: Intent, task: SignedTask | undefined): ErrorReport | null =>
    refusalOfRestored(ports.restored?.(engineId) ?? null, task) ?? rights(engineId, intent);

  function requireRight(engineId: string, intent: Intent, task: SignedTask | undefined): void {
    const refusal = refusalFor(engineId, intent, task);
    if (refusal !== null) throw new ValidationError(refusal.code, refusal.message, refusal.details);
  }

  /** To send again is to send: a process without the right only looks. */
  const mayResend = (engineId: string, { intent, mayResend: may, task }: Resending): boolean =>
    may && refusalFor(engineId, intent, task) === null;

  async function write(writes: readonly OperationWrite[]): Promise<void> {
    // Whoever listens here hears of them even while the journal is away.
    for (const alert of writes.flatMap((one) => one.alerts ?? [])) ports.alerts.announce(alert);
    for (const one of writes) await journal.writeOperation(one);
  }

  /** A failed journal write must not stop the transaction: a later activity writes the same rows again. */
  async function tryWrite(writes: readonly OperationWrite[]): Promise<boolean> {
    try {
      await write(writes);
      return true;
    } catch (error) {
      logger.warn({ error: asErrorReport(error) }, 'could not write the journal; trying again later');
      return false;
    }
  }

  /** Writes while it watches. A write that is not done when the watch is counts as not made: again is harmless. */
  async function beside(writes: readonly OperationWrite[], watch: TransactionWatch): Promise<ConfirmationReport> {
    const watching = watchTransaction(watch);
    let written = writes.length === 0;
    const writing = tryWrite(writes).then((done) => {
      written = done;
    });
    const seen = await watching;
    // An answer waits for no journal; finality does, so that the end finds it written.
    if (watch.target === 'finalized') await writing;
    return { ...seen, written };
  }

  /**
   * A Temporal that was restored from an older copy signs again what was sent in the time that it forgot. The journal
   * remembers: each attempt stood there before its first send.
   */
  async function refuseStrangers(operationId: string, known: readonly string[]): Promise<void> {
    const attempts = (await journal.operation(operationId))?.attempts ?? [];
    const strangers = attempts.filter(({ signature, outcome }) => {
      const over = outcome === 'expired' || outcome === 'failed';
      return !over && !known.includes(signature);
    });
    if (strangers.length === 0) return;
    const message =
      'The journal knows attempts of this operation that its workflow does not: Temporal was restored from an older ' +
      'copy. Nothing more is sent before they are proven.';
    throw new UnknownStateError('STORES_DIVERGED', message, { attempts: strangers.map(recoveredFrom) as never });
  }

  async function send(venue: Venue, attempt: SignedAttempt, tryNumber: number): Promise<boolean> {
    try {
      await venue.submit(attempt, tryNumber);
      return true;
    } catch (error) {
      logger.warn({ signature: attempt.signature, tryNumber, error: asErrorReport(error) }, 'a send failed');
      return false;
    }
  }

  return translateErrors<TransactionActivities>({
    async readSnapshot({ engineId, commitment }) {
      const venue = await ports.venueOf(engineId);
      return encodeSnapshot(await venue.read(commitment));
    },

    async simulate({ engineId, goal, terms, maxSlippageBps, commitment, afterSlot = 0, timing }) {
      const venue = await ports.venueOf(engineId);
      const limits = (): PlanLimits => ({ maxSlippageBps, orderLifeMs: timing.orderLifeMs, nowMs: clock.nowMs() });
      const untilMs = clock.nowMs() + FLAT_FINALITY_MS;
      for (;;) {
        const snapshot = await venue.read(commitment);
        if (snapshot.slot < afterSlot) {
          throw new TransientError(
            'NODE_BEHIND',
            `The RPC node is at slot ${snapshot.slot}; the account is needed as of slot ${afterSlot} or later.`,
          );
        }
        const planned = planIntent(goal, terms, snapshot, limits());
        if (planned.kind === 'nothing' && planned.why === 'flat' && commitment === 'confirmed') {
          // Flat is done only in a finalized snapshot: a fork could bring the position back.
          const final = await venue.read('finalized');
          const still = planIntent(goal, terms, final, limits());
          if (still.kind !== 'nothing') {
            if (clock.nowMs() > untilMs)
              throw new TransientError('UNAVAILABLE', 'flat, and not yet final', { part: 'venue' });
            await Context.current().sleep(timing.pollMs);
            continue;
          }
        }
        const simulation = planned.kind === 'intent' ? await venue.simulate(planned.intent, snapshot) : null;
        return { planned, simulation, snapshot: encodeSnapshot(snapshot) };
      }
    },

    async sign({ engineId, intent, task }) {
      requireRight(engineId, intent, task);
      const venue = await ports.venueOf(engineId);
      const signed = await venue.sign(intent, venue.kind === 'paper' ? undefined : attemptName());
      return { signed, explorerUrl: venue.explorerUrl(signed.signature) };
    },

    async submit({ engineId, operationId, attempt, intent, tryNumber, reducing, known, writes, task }) {
      requireRight(engineId, intent, task);
      const venue = await ports.venueOf(engineId);
      if (!reducing || venue.kind === 'paper') {
        if (tryNumber === 0 && known !== undefined) await refuseStrangers(operationId, known);
        // Paper lives in the journal's database: without it there is no venue either.
        await write(writes);
        const accepted = await send(venue, attempt, tryNumber);
        // Paper lands at once what it takes; on a chain this look would only cost a call.
        const seen = accepted && venue.kind === 'paper' ? await confirmedAtOnce({ venue, attempt, intent }) : null;
        return { accepted, written: true, ...(seen === null ? {} : { seen }) };
      }
      const writing = tryWrite(writes);
      const accepted = await send(venue, attempt, tryNumber);
      const late = Context.current()
        .sleep(REDUCTION_WRITE_MS)
        .then(() => false);
      return { accepted, written: await Promise.race([writing, late]) };
    },

    async confirm({ engineId, writes, ...watch }) {
      const venue = await ports.venueOf(engineId);
      return await beside(writes, {
        venue,
        clock,
        attempt: watch.attempt,
        intent: watch.intent,
        timing: watch.timing,
        target: watch.target,
        untilMs: watch.queryUntilMs,
        resendUntilMs: mayResend(engineId, watch) ? watch.confirmUntilMs : 0,
        resend: (tries) => send(venue, watch.attempt, watch.tryNumber + tries),
      });
    },

    async follow({ engineId, writes, attempt, intent, untilMs, timing }) {
      const venue = await ports.venueOf(engineId);
      const resend = async () => false;
      const target = 'gone';
      return await beside(writes, { venue, clock, attempt, intent, timing, target, untilMs, resendUntilMs: 0, resend });
    },

    async writeOperation({ writes }) {
      await write(writes);
    },
  });
}
