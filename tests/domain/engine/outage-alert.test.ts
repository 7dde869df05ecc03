/** What a person is told while the account cannot be read: a wait that ends by itself, or nodes to take out. */
import { expect, it } from '@jest/globals';
import { type AlertDraft, alertText } from '../../../src/domain/alerts/alert.ts';
import { type EngineCarried, initialEngine } from '../../../src/domain/engine/engine-state.ts';
import { alertsOfHolds } from '../../../src/domain/engine/hold-alerts.ts';
import { lift } from '../../../src/domain/engine/transitions.ts';
import { AccountObserver } from '../../../workflows/engine/account-observer.ts';

function observed() {
  const raised: AlertDraft[] = [];
  const state = {
    current: initialEngine('e'),
    apply: (transition: (engine: EngineCarried, ...rest: never[]) => EngineCarried, ...rest: never[]) => {
      const before = state.current.holds;
      state.current = transition(state.current, ...rest);
      raised.push(...alertsOfHolds(before, state.current.holds));
    },
  };
  const raise = (draft: AlertDraft) => void raised.push(draft);
  const observer = new AccountObserver({ state: state as never }, { raise, comparePosition: () => undefined });
  const codes = () => raised.splice(0).map(({ kind, code }) => `${code} ${kind}`);
  return { observer, state, raised, codes };
}

const SILENT = { code: 'RPC_TIMEOUT', message: 'No node answered.' };
const DISPUTED = { code: 'ACCOUNT_DISPUTED', message: 'Node node-1 denies it; node node-2 has not said.' };

it('nodes that do not agree are an alert of their own, whose action names the way out', () => {
  const { observer, state, raised, codes } = observed();
  observer.lose(DISPUTED, false);
  const text = alertText(raised[0] as AlertDraft);
  expect(text).toMatchObject({ message: DISPUTED.message, action: expect.stringContaining('take it out of RPC_URL') });
  expect(codes()).toEqual(['ACCOUNT_DISPUTED alert']);
  observer.lose(DISPUTED, false);
  expect(codes()).toEqual([]);
  state.apply(lift as never, 'connection' as never);
  expect(codes()).toEqual(['ACCOUNT_DISPUTED recovered']);
});

it('an outage that turns out to be a dispute is told as one, and once', () => {
  const { observer, codes } = observed();
  observer.lose(SILENT, false);
  expect(codes()).toEqual(['CONNECTION_LOST alert']);
  observer.lose(DISPUTED, false);
  expect(codes().sort()).toEqual(['ACCOUNT_DISPUTED alert', 'CONNECTION_LOST recovered']);
  observer.lose(DISPUTED, false);
  expect(codes()).toEqual([]);
});
