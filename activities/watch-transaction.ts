/** Watches one signature: asks at once, then again and again until it is decided or the time is over. */
import { Context } from '@temporalio/activity';
import type { Intent } from '../src/domain/order/intent.ts';
import type { OrderReport, Sighting, SignedAttempt } from '../src/domain/transaction/attempt.ts';
import type { TransactionTiming } from '../src/domain/transaction/transaction.ts';
import type { Clock } from '../src/lib/clock.ts';
import { TransientError } from '../src/lib/errors.ts';
import type { Venue } from '../src/venues/venue.ts';

export interface TransactionWatch {
  readonly venue: Venue;
  readonly clock: Clock;
  readonly attempt: SignedAttempt;
  readonly intent: Intent;
  readonly timing: TransactionTiming;
  /** `gone`: confirmed, and its order gone. */
  readonly target: 'confirmed' | 'finalized' | 'gone';
  readonly untilMs: number;
  readonly resendUntilMs: number;
  /** Sends the same bytes again; `tries` counts from 0. */
  resend(tries: number): Promise<boolean>;
}

export interface Seen {
  readonly sighting: Sighting;
  readonly order: OrderReport | null;
}

/** The first polls come faster: what lands at once is seen at once. */
const FIRST_POLL_PARTS = 16;
/** A confirmed transaction takes some 13 s to become final, so the pause between two looks is that much longer. */
const FINALITY_PAUSE_FACTOR = 4;
/** Heartbeats go on while a node takes its time to answer. */
const HEARTBEAT_MS = 1_000;

export async function watchTransaction(watch: TransactionWatch): Promise<Seen> {
  const beat = setInterval(() => Context.current().heartbeat(), HEARTBEAT_MS);
  try {
    return await untilDecided(watch);
  } finally {
    clearInterval(beat);
  }
}

async function untilDecided(watch: TransactionWatch): Promise<Seen> {
  const { clock, timing } = watch;
  let pollMs = timing.pollMs / FIRST_POLL_PARTS;
  let resendAtMs = clock.nowMs() + timing.rebroadcastMs;
  let tries = 0;
  /** Since when the responding nodes have denied a confirmed transaction. */
  let deniedSinceMs: number | null = null;
  for (;;) {
    const seen = await look(watch);
    const nowMs = clock.nowMs();
    deniedSinceMs = denies(watch, seen.sighting) ? (deniedSinceMs ?? nowMs) : null;
    const dropped = deniedSinceMs !== null && nowMs - deniedSinceMs >= timing.rebroadcastMs;
    if (decided(watch, seen) || dropped || nowMs >= watch.untilMs) return seen;
    if (nowMs >= resendAtMs && nowMs < watch.resendUntilMs && seen.sighting.kind === 'unseen') {
      await watch.resend(tries);
      tries += 1;
      resendAtMs = nowMs + timing.rebroadcastMs;
    }
    // Rejects when the worker shuts down: Temporal starts another, which begins by asking.
    const pauseMs = awaitsFinality(watch, seen) ? pollMs * FINALITY_PAUSE_FACTOR : pollMs;
    await Context.current().sleep(Math.max(1, Math.min(pauseMs, watch.untilMs - nowMs)));
    pollMs = Math.min(pollMs * 2, timing.pollMs);
  }
}

/** The sighting that confirms it, if one look shows that; null: not yet, or nobody responds. Never throws. */
export async function confirmedAtOnce(
  sent: Pick<TransactionWatch, 'venue' | 'attempt' | 'intent'>,
): Promise<Seen | null> {
  const seen = await look(sent).catch(() => null);
  return seen?.sighting.kind === 'landed' && decided({ target: 'confirmed', intent: sent.intent }, seen) ? seen : null;
}

/** One lagging node's denial does not mean that a confirmed transaction was dropped. A lasting one does. */
const denies = ({ target }: TransactionWatch, sighting: Sighting): boolean =>
  target !== 'confirmed' && sighting.kind === 'unseen' && sighting.nodes.some((node) => node.says === 'never_seen');

async function look({ venue, attempt, intent }: Pick<TransactionWatch, 'venue' | 'attempt' | 'intent'>): Promise<Seen> {
  const sighting = await venue.status(attempt);
  const placed =
    intent.kind === 'order' &&
    sighting.kind === 'landed' &&
    sighting.error === null &&
    sighting.commitment !== 'processed';
  return { sighting, order: placed ? await orderOf(venue, attempt) : null };
}

async function orderOf(venue: Venue, attempt: SignedAttempt): Promise<OrderReport | null> {
  try {
    return await venue.order(attempt);
  } catch (error) {
    if (error instanceof TransientError) return null;
    throw error;
  }
}

/** Landed, and its order gone: nothing but time is missing. A denial is looked into at the common pace. */
const awaitsFinality = ({ target, intent }: TransactionWatch, { sighting, order }: Seen): boolean =>
  target === 'finalized' && sighting.kind === 'landed' && (intent.kind !== 'order' || order?.gone === true);

/** The sighting answers the question of this watch. */
export function decided(
  { target, intent }: Pick<TransactionWatch, 'target' | 'intent'>,
  { sighting, order }: Seen,
): boolean {
  switch (sighting.kind) {
    case 'absent':
      return true;
    case 'unseen':
      return false;
    case 'landed':
      if (sighting.error !== null) return sighting.commitment === 'finalized' || target === 'gone';
      if (sighting.commitment === 'processed') return false;
      switch (target) {
        case 'confirmed':
          return true;
        case 'gone':
          return order?.gone === true;
        case 'finalized':
          if (sighting.commitment !== 'finalized') return false;
          return intent.kind !== 'order' || (order?.gone === true && order.commitment === 'finalized');
      }
  }
}
