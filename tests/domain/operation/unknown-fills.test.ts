/** An order that is over while no node tells what it filled: docs/architecture/drift-orders.md. */
import { describe, expect, it } from '@jest/globals';
import { DEFAULT_TIMING } from '../../../src/domain/transaction/transaction.ts';
import type { OrderReport } from '../../../src/venues/venue.ts';
import { absent, gone, landed, OperationDriver, unseen } from '../../support/operation-driver.ts';

const CLOSE = { kind: 'close', market: 'SOL-PERP' } as const;
const FLATTEN = { kind: 'flatten', market: 'SOL-PERP' } as const;
const OPEN = { kind: 'open', market: 'SOL-PERP', size: '-10000000000' } as const;
const SHORT = '-10000000000';
const ALL = '10000000000';
const OVER_SLOT = 1_200;

/** By the account alone. */
const over: OrderReport = { gone: true, commitment: 'finalized', fills: [], fillsUnknown: true, slot: OVER_SLOT };

const opened = (): OperationDriver =>
  new OperationDriver(OPEN).place(OPEN.size, '0').sighted(landed()).sighted(landed(), over);

describe('an open whose fill nobody tells', () => {
  it('is unresolved from the first look that does not tell, and alerts once finality would have told', () => {
    const open = opened();
    expect(open.status).toBe('unresolved');
    expect(open.raised('FILL_UNKNOWN')).toHaveLength(0);
    open.sighted(landed('finalized'), over);
    expect(open.raised('FILL_UNKNOWN')).toHaveLength(1);
  });

  it('frees the slot, is unresolved with its window closed, and says null', () => {
    const open = opened();
    open.sighted(landed('finalized'), over);
    expect(open.report).toMatchObject({
      phase: 'unresolved',
      windowClosed: true,
      fillUnknown: true,
      perpChange: '0',
      answer: { data: { status: 'unknown', requested_size: 10, filled_size: null, average_price: null, fee: null } },
    });
    expect(open.raised('FILL_UNKNOWN')).toHaveLength(1);
    expect(open.waitsFor).toBe('wait');
    expect(open.status).toBe('unresolved');
  });

  it('is booked with its fill once a node tells', () => {
    const open = opened();
    open.sighted(landed('finalized'), over).wake();
    open.sighted(landed('finalized'), {
      ...gone('0'),
      fills: gone('4000000000').fills.map((fill) => ({ ...fill, side: 'sell' })),
    });
    expect(open.state.course).toBe('ended');
    expect(open.report).toMatchObject({ phase: 'ended', perpChange: '-4000000000' });
    expect(open.state.answer).toMatchObject({ success: true, data: { filled_size: 4 } });
    expect(open.alerts.at(-1)).toMatchObject({ code: 'FILL_UNKNOWN', kind: 'recovered' });
  });

  it('ends when a person says "landed", and refuses any other verdict', () => {
    const open = opened();
    open.sighted(landed('finalized'), over);
    const asked = { id: 'v', operator: 'ops', note: '', atMs: open.nowMs };
    open.push({ kind: 'verdict', asked: { ...asked, verdict: 'failed' } });
    expect(open.raised('VERDICT_REFUSED')).toHaveLength(1);
    open.push({ kind: 'verdict', asked: { ...asked, verdict: 'landed' } });
    expect(open.state.course).toBe('ended');
    expect(open.state.answer?.data).toMatchObject({ filled_size: null });
  });

  it('ends after seven days, its fill unknown', () => {
    const open = opened();
    open.sighted(landed('finalized'), over);
    open.nowMs += DEFAULT_TIMING.verdictProofMs;
    open.wake().sighted(landed('finalized'), over);
    expect(open.state.course).toBe('ended');
    expect(open.status).toBe('done');
    expect(open.state.answer?.data).toMatchObject({ filled_size: null });
  });
});

describe('an exit whose order is over with an unknown fill', () => {
  it('goes on in the slot, and answers flat with an unknown fill', () => {
    const close = new OperationDriver(CLOSE).place(ALL, SHORT).sighted(landed()).sighted(landed(), over);
    expect(close.main).toMatchObject({ leg: { purpose: 'main' }, main: { kind: 'simulate' } });
    expect(close.state.phase).toBe('running');
    close.flat();
    expect(close.report).toMatchObject({ phase: 'running', fillUnknown: true });
    expect(close.state.answer).toMatchObject({ success: true, data: { filled_size: null, requested_size: 10 } });
    close.settled();
    expect(close.report?.phase).toBe('released');
    close.sighted(landed('finalized'), over).wake().sighted(landed('finalized'), gone(ALL));
    expect(close.state.course).toBe('ended');
    expect(close.report).toMatchObject({ phase: 'ended', perpChange: ALL });
    expect(close.state.answer?.data).toMatchObject({ filled_size: 10, closed_by: 'us' });
  });

  it('goes on though nobody knows whether its placement landed, once that can have no effect', () => {
    const close = new OperationDriver(CLOSE).place(ALL, SHORT);
    close.sighted(
      unseen({ windowClosed: true, finalizedTimeMs: close.nowMs + 40_000, orderOver: OVER_SLOT }),
      null,
      90_000,
    );
    expect(close.main).toMatchObject({ leg: { purpose: 'main' }, main: { kind: 'simulate' } });
    expect(close.state.phase).toBe('running');
    close.flat().settled();
    expect(close.report?.phase).toBe('released');
    // The attempt that was left behind is followed to proof.
    close.wake();
    expect(close.waitsFor).toBe('confirm');
    close.sighted(absent);
    expect(close.state.course).toBe('ended');
    expect(close.alerts.at(-1)).toMatchObject({ code: 'TRANSACTION_UNKNOWN', kind: 'recovered' });
  });

  it('does not go on while the placement may still land or its order may still fill', () => {
    const close = new OperationDriver(CLOSE).place(ALL, SHORT).sighted(unseen(), null, 90_000);
    expect(close.state.phase).toBe('unresolved');
    close.wake().sighted(unseen({ windowClosed: true, finalizedTimeMs: 0 }));
    expect(close.waitsFor).toBe('wait');
    expect(close.report?.windowClosed).toBe(false);
  });
});

describe('an exit that left the slot while its attempt was unknown', () => {
  const left = () => new OperationDriver(FLATTEN).place(ALL, SHORT).sighted(unseen(), null, 90_000);

  it.each([
    ['is proven absent', absent],
    ['is over by the account', unseen({ windowClosed: true, finalizedTimeMs: 2_000_000, orderOver: OVER_SLOT })],
  ])('asks for the slot once that %s, and goes on to flat', (_, sighting) => {
    const flatten = left().wake().sighted(sighting);
    expect(flatten.report).toMatchObject({ phase: 'unresolved', wantsSlot: true, windowClosed: true });
    expect(flatten.raised('CLOSE_INCOMPLETE')).toEqual([]);
    flatten.push({ kind: 'slot_granted', confirmedPriceLimit: null, exposureConfirmed: false });
    expect(flatten.report).toMatchObject({ phase: 'running', wantsSlot: false });
    flatten.place(ALL, SHORT).sighted(landed()).sighted(landed(), gone(ALL));
    expect(flatten.state.flat).toBe(true);
    expect(flatten.main).toMatchObject({ leg: { purpose: 'settle' } });
  });

  it('tells what it left open when it does not get the slot', () => {
    const flatten = left().wake().sighted(absent).wake();
    expect(flatten.state.course).toBe('ended');
    expect(flatten.raised('CLOSE_INCOMPLETE')).toEqual([{ remaining: '10', placements: 0 }]);
  });

  it('stands down for another exit without going on', () => {
    const flatten = left().wake().sighted(absent);
    flatten.push({ kind: 'stand_down', reason: 'FLATTEN comes first' });
    expect(flatten.state.course).toBe('ended');
  });
});

describe('what is unresolved, when somebody waits for it', () => {
  it('asks for proof at once, however long its timer still runs, and its backoff begins anew', () => {
    const flatten = new OperationDriver(FLATTEN).place(ALL, SHORT).sighted(unseen(), null, 90_000);
    for (let ask = 0; ask < 8; ask += 1) flatten.wake().sighted(unseen());
    expect(flatten.main?.main).toMatchObject({ kind: 'wait', untilMs: flatten.nowMs + DEFAULT_TIMING.proofMaxMs });
    flatten.push({ kind: 'prove_now' });
    expect(flatten.waitsFor).toBe('confirm');
    flatten.push({ kind: 'prove_now' });
    expect(flatten.waitsFor).toBe('confirm');
    flatten.sighted(unseen());
    expect(flatten.main?.main).toMatchObject({ kind: 'wait', untilMs: flatten.nowMs + DEFAULT_TIMING.proofMs });
  });

  it('says by when it should be over, and from which slot on an account shows all it did', () => {
    const flatten = new OperationDriver(FLATTEN).place(ALL, SHORT);
    const signedAtMs = flatten.state.legs[0]?.tx.attempts[0]?.signed.signedAtMs ?? 0;
    flatten.sighted(unseen(), null, 90_000);
    expect(flatten.report).toMatchObject({ windowClosed: false, latestEndMs: signedAtMs + 100_000 });
    flatten.wake().sighted(unseen({ windowClosed: true, finalizedTimeMs: 0, finalizedSlot: 1_190 }));
    expect(flatten.report?.windowClosed).toBe(false);
    flatten.wake().sighted(unseen({ windowClosed: true, finalizedTimeMs: signedAtMs + 31_000, finalizedSlot: 1_210 }));
    expect(flatten.report).toMatchObject({ windowClosed: true, closedSlot: 1_210 });
    expect(flatten.report).not.toHaveProperty('latestEndMs');
  });
});
