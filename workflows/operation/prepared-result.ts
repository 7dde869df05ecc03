/** What a simulation's answer means for the reducer: pure, so that recorded histories can be fed through the same. */
import type { TransactionActivities } from '../../activities/contract.ts';
import type { ConfirmedTerms, Leg, MainResult } from '../../src/domain/operation/operation.ts';
import type { ErrorReport } from '../../src/lib/errors.ts';
import type { OperationInput } from '../messages.ts';
import { gateRefusal } from './gates.ts';

type Simulated = Awaited<ReturnType<TransactionActivities['simulate']>>;

export const notPrepared = (error: ErrorReport, position: string | null = null, passing = false): MainResult => ({
  kind: 'prepared',
  prepared: passing ? { ok: false, error, passing } : { ok: false, error },
  position,
  nothing: null,
});

/** The plan's own refusal first, then the gates, then the simulation. */
export function preparedResult(
  input: OperationInput,
  leg: Leg,
  { planned, simulation, snapshot }: Simulated,
  confirmed: ConfirmedTerms,
  nowMs: number,
): MainResult {
  const { position } = planned;
  if (planned.kind === 'refused') return notPrepared(planned.error, position);
  if (planned.kind === 'nothing') {
    const error = { code: 'NO_POSITION', message: `Nothing to do: ${planned.why}.` };
    return { kind: 'prepared', prepared: { ok: false, error }, position, nothing: planned.why };
  }
  const { intent, reducing } = planned;
  const blocked = gateRefusal(input, leg, intent, snapshot, confirmed, nowMs);
  if (blocked !== null) return notPrepared(blocked, position);
  if (simulation !== null && !simulation.ok) return notPrepared(simulation.error, position);
  return { kind: 'prepared', prepared: { ok: true, intent, reducing }, position, nothing: null };
}

/** A watch that failed saw nothing: its error is no evidence of anything. */
export function unseenByWorker({ code, message }: ErrorReport): MainResult {
  const nodes = [{ node: 'the worker', says: 'no_answer' as const, reason: `${code}: ${message}` }];
  return { kind: 'sighted', sighting: { kind: 'unseen', windowClosed: false, nodes }, order: null };
}
