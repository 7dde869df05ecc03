/** What `/api/carry` says about the consent, from the engine's own row. */
import { describe, expect, it } from '@jest/globals';
import { carryView } from '../../src/bridge/carry-view.ts';
import { encodeSnapshot } from '../../src/domain/account/snapshot.ts';
import { policyHash } from '../../src/domain/carry/consent.ts';
import { type DecisionContext, decide } from '../../src/domain/engine/decide.ts';
import * as z from '../../src/lib/codec.ts';
import { CarryAnswer } from '../../src/protocol/carry.ts';
import { DecisionInfo } from '../../src/protocol/engine.ts';
import { engineOf } from '../journal/records.ts';
import { contextOf, NOW_MS, paperPolicy, snapshotOf } from '../support/snapshots.ts';

const ENGINE_ID = 'engine:paper:synthetic:1:0';
const policy = paperPolicy();
const context = contextOf();
const consent = {
  ...{
    policyHash: policyHash(ENGINE_ID, policy),
    market: 'SOL-PERP',
    sinceMs: NOW_MS,
    operator: 'operator',
    unproven: null,
  },
  ...{ decidedPeriodMs: null, entries: { dayMs: Math.floor(NOW_MS / 86_400_000) * 86_400_000, count: 1 } },
};
const view = (decisionContext: DecisionContext | null) =>
  z.decodeExactly(
    CarryAnswer,
    carryView({
      engineId: ENGINE_ID,
      engine: decisionContext === null ? null : { ...engineOf(), decisionContext },
      snapshot: encodeSnapshot(snapshotOf()),
      policy,
      nowMs: NOW_MS,
    }),
  );

describe('the carry answer', () => {
  it('tells whether a consent stands, how often it entered today, and why the last one ended', () => {
    expect(view(null).auto).toMatchObject({ enabled: null, ended: null });
    expect(view(context).auto).toMatchObject({ enabled: false, entries_today: null, ended: null });
    const standing = view({ ...context, carry: consent });
    expect(standing.auto).toMatchObject({ enabled: true, enabled_at: NOW_MS, entries_today: 1 });
    expect(standing.auto.policy_hash).toBe(consent.policyHash);
    expect(view({ ...context, carryEnded: 'liquidation' }).auto.ended).toContain('liquidated');
  });

  it('says what is missing, and where the SOL should sit', () => {
    const found = view(context);
    expect(found.pays).toBeNull();
    expect(found.missing.join()).toContain('the funding of the last 336 hours');
    expect(found.advice?.where).toBe('deposited');
  });

  it('its figures stand in a decision of the policy as the protocol names them', () => {
    const reason = decide(
      snapshotOf(),
      { ...context, carry: consent },
      paperPolicy({ carryPolicy: 'auto' }),
      NOW_MS,
    ).reasons.at(-1);
    const decision = z.decodeExactly(DecisionInfo, { code: reason?.code, message: reason?.text, ...reason?.figures });
    expect(decision).toMatchObject({ code: 'CARRY_UNKNOWN', carry: { pays: null } });
  });
});
