/** A verdict that came straight to Temporal is recorded; that nothing is enlarged on it ends with proof or a person's word. */
import { describe, expect, it } from '@jest/globals';
import { carriedEngine, type EngineCarried, resume, takeReport } from '../../../src/domain/engine/engine-state.ts';
import { tradingStateOf } from '../../../src/domain/engine/hold.ts';
import type { OperationReport } from '../../../src/domain/operation/operation-report.ts';
import { absent, gone, landed, OperationDriver, unseen } from '../../support/operation-driver.ts';

const OPEN = { kind: 'open', market: 'SOL-PERP', size: '-10000000000' } as const;
const NOW = { nowMs: 1_000, marketNowMs: 5_000, cooldownMs: 0, cooldownWallMs: 0 };

interface Said {
  readonly unsigned?: true;
  readonly operator?: string;
  readonly verdict?: 'landed' | 'failed' | 'retry';
  readonly live?: boolean;
}

function say(operation: OperationDriver, { verdict = 'landed', operator = 'somebody', ...origin }: Said): void {
  const asked = { id: operator, verdict, operator, note: '', atMs: operation.nowMs, ...origin };
  operation.push({ kind: 'verdict', asked });
  if (operation.waitsFor === 'confirm') operation.sighted(unseen({ windowClosed: true }));
}

/** Placed, and then no node says anything. */
function unknownOpen(): OperationDriver {
  const open = new OperationDriver(OPEN).place('-10000000000', '0');
  for (let round = 0; round < 5 && open.report?.phase !== 'unresolved'; round += 1) {
    open.sighted(unseen({ windowClosed: true }), null, 120_000);
  }
  expect(open.report?.phase).toBe('unresolved');
  return open;
}

const engineOf = (): EngineCarried => {
  const engine = carriedEngine(null, 'epoch');
  const operation = {
    operationId: 'o',
    kind: 'open',
    commandId: 'c',
    reducing: false,
    reported: -1,
    phase: 'running',
    stage: 'accepted',
    windowClosed: false,
    wantsSlot: false,
    counted: '0',
    spot: '10000000000',
    perpBefore: '0',
    marketTimeMs: 0,
    acceptedAtMs: 0,
  } as const;
  return { ...engine, state: 'running', operations: [operation], slot: 'o' };
};

const told = (engine: EngineCarried, reports: readonly OperationReport[]): EngineCarried =>
  reports.reduce((state, report) => takeReport(state, report, NOW), engine);
const codes = ({ holds }: EngineCarried): readonly string[] => holds.map(({ code }) => code);

const standing = ({ alerts }: OperationDriver) =>
  alerts.findLast(({ code }) => code === 'TRANSACTION_UNKNOWN')?.kind === 'alert';

describe('the alert about an unknown outcome', () => {
  it('asks nothing more once a person has submitted the outcome, and stays for what came straight to Temporal', () => {
    const open = unknownOpen();
    expect(standing(open)).toBe(true);
    say(open, { verdict: 'landed' });
    expect(open.report?.phase).toBe('released');
    expect(standing(open)).toBe(false);
    // It goes on asking, and says nothing more until proof comes.
    open.wake().sighted(unseen({ windowClosed: true }));
    expect(standing(open)).toBe(false);
    const unsigned = unknownOpen();
    say(unsigned, { unsigned: true });
    expect(standing(unsigned)).toBe(true);
  });
});

describe('a verdict that came straight to Temporal', () => {
  it('counts as resolved by a person, and only reductions are possible', () => {
    const open = unknownOpen();
    say(open, { unsigned: true });
    expect(open.report).toMatchObject({ phase: 'released', unaccepted: true });
    expect(open.state.answer?.data).toMatchObject({ resolved_by: 'human', operator: 'somebody' });
    const engine = told(engineOf(), open.reports);
    expect(engine.holds).toMatchObject([{ code: 'verdict_unaccepted', key: 'o', permits: 'reducing' }]);
    expect(tradingStateOf(engine.holds)).toBe('reducing');
  });

  it('is accepted by a person who says the same behind the token', () => {
    const open = unknownOpen();
    say(open, { unsigned: true });
    say(open, { operator: 'ann' });
    expect(open.report?.unaccepted).toBeUndefined();
    expect(codes(told(engineOf(), open.reports))).toEqual([]);
  });

  it('is not accepted by another one of its kind', () => {
    const open = unknownOpen();
    say(open, { unsigned: true });
    say(open, { unsigned: true, operator: 'mallory' });
    expect(codes(told(engineOf(), open.reports))).toEqual(['verdict_unaccepted']);
  });

  it.each([
    ['that it landed', landed('finalized')],
    ['that it never did', absent],
  ])('needs nobody once the chain proves %s', (_, sighting) => {
    const open = unknownOpen();
    say(open, { unsigned: true });
    for (let round = 0; round < 5 && open.report?.unaccepted === true; round += 1) {
      if (open.waitsFor === 'wait') open.wake();
      open.sighted(sighting, sighting.kind === 'landed' ? gone('0') : null);
    }
    expect(codes(told(engineOf(), open.reports))).not.toContain('verdict_unaccepted');
  });

  it('is accepted by RESUME, for good', () => {
    const open = unknownOpen();
    say(open, { unsigned: true });
    const held = told(engineOf(), open.reports);
    const resumed = resume(held, null, '0');
    expect(codes(resumed)).toEqual([]);
    const again = { ...(open.report as OperationReport), sequence: 1_000 };
    expect(codes(told(resumed, [again]))).toEqual([]);
  });

  it('never retries what spends real money: that may need a confirmation', () => {
    const open = unknownOpen();
    const legs = open.state.legs.map((leg) => ({ ...leg, tx: { ...leg.tx, reducing: false } }));
    open.state = { ...open.state, legs };
    say(open, { unsigned: true, live: true, verdict: 'retry' });
    expect(open.raised('VERDICT_REFUSED')).toMatchObject([{ verdict: 'retry', malformed: false }]);
    expect(open.report?.phase).toBe('unresolved');
    say(open, { operator: 'ann', verdict: 'retry' });
    expect(open.raised('VERDICT_REFUSED')).toHaveLength(1);
  });

  it('behind the token needs no second word', () => {
    const open = unknownOpen();
    say(open, { operator: 'ann' });
    expect(open.report).toMatchObject({ phase: 'released' });
    expect(codes(told(engineOf(), open.reports))).toEqual([]);
  });
});
