import { describe, expect, it } from '@jest/globals';
import { attentions } from '../../dashboard/src/state/attention.ts';
import { earnedAfterCosts } from '../../dashboard/src/state/carry.ts';
import { firstSteps } from '../../dashboard/src/state/first-run.ts';
import { type HedgeInput, hedgeAnswer } from '../../dashboard/src/state/hedge-answer.ts';
import { HOLD_CODES } from '../../src/domain/engine/hold.ts';
import * as z from '../../src/lib/codec.ts';
import { STATE_EXAMPLE } from '../../src/protocol/examples.ts';
import { State } from '../../src/protocol/state.ts';

const hedged: HedgeInput = { spot: 10, perp: -10, target: 1, deviationPct: 0, tolerance: 1, step: 0.001 };

describe('the answer about the hedge', () => {
  it.each([
    ['a full hedge', {}, 'Neutral', 'good'],
    ['a hedge that the step of the market left short', { perp: -9.99995, target: 0.999995 }, 'Neutral', 'good'],
    ['less than one step of a small account', { spot: 0.0105, perp: -0.01, deviationPct: 4.8 }, 'Neutral', 'good'],
    ['no position', { perp: 0, target: 0 }, 'Unhedged', 'info'],
    ['no position and no spot', { spot: 0, perp: 0, target: 0 }, 'No exposure', 'quiet'],
    ['a chosen part', { perp: -9.4, target: 0.94 }, 'Partially hedged 94 %', 'info'],
    ['a distance from the target', { perp: -8, deviationPct: 20 }, 'Partially hedged 80 %', 'warn'],
    ['a short without spot', { spot: 0, perp: -1, target: 0 }, 'Over-hedged', 'bad'],
    ['a short beyond the spot', { perp: -12, deviationPct: -20 }, 'Over-hedged', 'bad'],
    ['a long', { perp: 2, target: 0, deviationPct: 20 }, 'Not a hedge', 'warn'],
    ['unknown spot', { spot: null }, 'Hedge unknown', 'quiet'],
    ['unknown perp', { perp: null }, 'Hedge unknown', 'quiet'],
    ['a neutral account that is only watched', { target: null, deviationPct: null }, 'Neutral', 'good'],
    ['a part that is only watched', { perp: -5, target: null, deviationPct: null }, 'Partially hedged 50 %', 'info'],
    [
      'a half, while spot has earned interest',
      { perp: -5, spot: 10.0002, target: 0.5 },
      'Partially hedged 50 %',
      'info',
    ],
    ['a part that is nearly all', { perp: -9.96, tolerance: 0.1, target: 0.996 }, 'Partially hedged 99 %', 'info'],
    ['a part that is next to nothing', { perp: -0.01, target: 0.001 }, 'Partially hedged 1 %', 'info'],
  ] as const)('names %s', (_, change, words, tone) => {
    expect(hedgeAnswer({ ...hedged, ...change })).toMatchObject({ words, tone });
  });

  it('says how far the hedge is from its target', () => {
    expect(hedgeAnswer({ ...hedged, perp: -8, deviationPct: 20 }).detail).toBe(
      'Off target by +20.00 %; the target is 100 %.',
    );
    expect(hedgeAnswer({ ...hedged, perp: 0, deviationPct: 5_000 }).detail).toContain('more than +1,000 %');
    expect(hedgeAnswer({ ...hedged, perp: -5, deviationPct: null }).detail).toContain('unknown');
  });
});

const state = z.decode(State, STATE_EXAMPLE);
const seen = { now: state, connected: true, stale: false, pays: true };
const withHold = (code: string, clearedBy: 'person' | 'itself', permits: 'nothing' | 'reducing' = 'nothing') => ({
  ...seen,
  now: {
    ...state,
    engine: {
      ...state.engine,
      holds: [{ code, since: 0, permits, cleared_by: clearedBy, reason: `because of ${code}` }],
    },
  },
});

describe('what needs attention', () => {
  it('is nothing for a hedged account that pays', () => {
    expect(attentions(seen)).toEqual([]);
  });

  it('is the connection alone while there is none, whatever was known before', () => {
    const found = attentions({ ...withHold('flattened', 'person'), connected: false });
    expect(found.map((entry) => entry.key)).toEqual(['offline']);
    expect(found[0]?.remedies[0]?.kind).toBe('reconnect');
  });

  it.each(HOLD_CODES)('names the restriction %s in words, with a button if a person clears it', (code) => {
    const [entry] = attentions(withHold(code, 'person'));
    expect(entry).toMatchObject({ key: `hold-${code}`, tone: 'bad', text: `because of ${code}` });
    expect(entry?.title).not.toContain('_');
    expect(entry?.remedies.length).toBeGreaterThan(0);
    expect(attentions(withHold(code, 'itself'))[0]).toMatchObject({ tone: 'wait', remedies: [] });
  });

  it('puts what a person must do before what clears by itself', () => {
    const account = { ...state.account, naked: true, spot_sol: 10, perp_sol: -12 } as State['account'];
    const found = attentions({
      ...withHold('connection', 'itself'),
      now: { ...withHold('connection', 'itself').now, account },
    });
    expect(found.map((entry) => entry.key)).toEqual(['naked', 'hold-connection']);
    expect(found[0]?.text).toContain('by 2.0000 SOL');
  });

  it.each([
    ['health below 20', { drift_state: { ...state.drift_state, health: 12 } }, 'health', 'bad'],
    ['health below 50', { drift_state: { ...state.drift_state, health: 40 } }, 'health', 'warn'],
    ['a stopped engine with a position', { engine: { ...state.engine, state: 'stopped' } }, 'stopped', 'bad'],
    ['an account that was never read', { as_of: null }, 'unread', 'wait'],
    ['a wallet without an account', { account: { ...state.account, exists: false } }, 'no-account', 'warn'],
  ] as const)('sees %s', (_, change, key, tone) => {
    expect(attentions({ ...seen, now: { ...state, ...change } as State })[0]).toMatchObject({ key, tone });
  });

  it('asks about a hedge that costs money, and not about one that may pay', () => {
    expect(attentions({ ...seen, pays: false })[0]?.key).toBe('carry');
    expect(attentions({ ...seen, pays: null })).toEqual([]);
  });
});

describe('the first steps', () => {
  const at = (change: object): State =>
    ({ ...state, account: { ...state.account, funding_received: 0, ...change } }) as State;
  const states = (now: State | null) => firstSteps(now)?.map((step) => step.state) ?? null;

  it('lead from the deposit over the hedge to the first funding, and are gone then', () => {
    expect(states(at({ spot_sol: 0, perp_sol: 0 }))).toEqual(['now', 'later', 'later']);
    expect(states(at({ spot_sol: 10, perp_sol: 0 }))).toEqual(['done', 'now', 'later']);
    expect(states(at({ spot_sol: 10, perp_sol: -10 }))).toEqual(['done', 'done', 'now']);
    expect(states(at({ spot_sol: 10, perp_sol: 0, funding_received: -0.01 }))).toBeNull();
    expect(states(at({ exists: false, spot_sol: null, perp_sol: 0, funding_received: null }))?.[0]).toBe('now');
  });

  it('show nothing where a person may not act, or while something restricts trading', () => {
    const readOnly = { ...at({}), policy: { ...state.policy, mode: 'live', permissions: 'read-only' } } as State;
    expect(states(readOnly)).toBeNull();
    expect(states({ ...at({}), engine: withHold('flattened', 'person').now.engine })).toBeNull();
    expect(states(null)).toBeNull();
  });
});

it('what the hedge earned counts its own sources and neither the price nor transfers', () => {
  const sources = {
    ...{ price: 99n, basis: -1n, slippage: -2n, funding: 30n, interest: 7n, fees: -4n, gas: -5n },
    ...{ transfers: 1_000n, external: 50n, unexplained: 3n },
  };
  expect(earnedAfterCosts(sources)).toBe(18n);
  expect(earnedAfterCosts(null)).toBeNull();
});
