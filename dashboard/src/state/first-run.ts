/** The three steps of a new account. They are gone once funding has arrived, and never come back. */
import type { State } from '../../../src/protocol/state.ts';

export type StepName = 'deposit' | 'hedge' | 'earn';

export interface FirstStep {
  readonly name: StepName;
  readonly state: 'done' | 'now' | 'later';
}

/** Null: there is nothing to guide, or too little is known to do so. */
export function firstSteps(now: State | null): readonly FirstStep[] | null {
  const account = now?.account ?? null;
  if (now === null || account === null) return null;
  const mayAct = now.policy.mode === 'paper' || now.policy.permissions === 'trading';
  // Of an account that the venue does not know yet nothing was ever received.
  const received = account.exists ? account.funding_received : 0;
  if (!mayAct || received !== 0) return null;
  if (now.engine.state !== 'running' || (now.engine.holds ?? []).length > 0) return null;
  const deposited = (account.spot_sol ?? 0) > 0;
  const hedged = account.perp_sol < 0;
  const done: readonly (readonly [StepName, boolean])[] = [
    ['deposit', deposited || hedged],
    ['hedge', hedged],
    ['earn', false],
  ];
  const first = done.findIndex(([, over]) => !over);
  return done.map(([name, over], place) => ({ name, state: over ? 'done' : place === first ? 'now' : 'later' }));
}
