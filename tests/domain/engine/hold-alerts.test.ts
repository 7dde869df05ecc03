import { describe, expect, it } from '@jest/globals';
import { type Alert, alertText } from '../../../src/domain/alerts/alert.ts';
import type { Hold } from '../../../src/domain/engine/hold.ts';
import { alertsOfHolds } from '../../../src/domain/engine/hold-alerts.ts';
import {
  afterWrite,
  isWritten,
  MAX_PENDING,
  withAlert,
  withAnswer,
} from '../../../src/domain/engine/pending-writes.ts';

const hold = (details?: Hold['details']): Hold => ({
  code: 'backoff',
  sinceMs: 0,
  permits: 'reducing',
  clearedBy: 'person',
  reason: 'three failed',
  ...(details === undefined ? {} : { details }),
});

describe('alerts of holds', () => {
  it('are raised once by those that nobody else raises, and any named one recovers', () => {
    const failed = hold({ alert: 'AUTOMATIC_TRADES_FAILED', failures: 3, last_error: 'the price moved' });
    const [came] = alertsOfHolds([], [failed]);
    expect(came).toMatchObject({ kind: 'alert', code: 'AUTOMATIC_TRADES_FAILED' });
    expect(came === undefined ? '' : alertText(came).message).toBe(
      '3 automatic trades in a row failed, so automatic trading is paused. The last one: the price moved.',
    );
    expect(alertsOfHolds([failed], [{ ...failed }])).toEqual([]);
    expect(alertsOfHolds([failed], [])).toMatchObject([{ kind: 'recovered', code: 'AUTOMATIC_TRADES_FAILED' }]);
    expect(alertsOfHolds([], [hold({ alert: 'GUARD_ACTED' })])).toMatchObject([{ code: 'GUARD_ACTED' }]);
  });

  it('are not raised for a code that this version does not know', () => {
    expect(alertsOfHolds([hold({ alert: 'OF_ANOTHER_VERSION' })], [])).toEqual([]);
  });

  it('leave the raising to whoever found the cause', () => {
    const lost = hold({ alert: 'CONNECTION_LOST' });
    expect(alertsOfHolds([], [lost])).toEqual([]);
    expect(alertsOfHolds([lost], [])).toHaveLength(1);
    expect(alertsOfHolds([hold()], [])).toEqual([]);
  });
});

describe('writes that the journal has yet to take', () => {
  const NONE = { alerts: [], answers: [] };
  const alert = (id: string): Alert => ({
    id,
    engineId: null,
    kind: 'alert',
    severity: 'info',
    code: 'X',
    message: '',
    action: '',
    operationId: null,
    details: null,
    tsMs: 0,
  });

  it('are each carried once, kept until taken, and bounded', () => {
    const one = withAlert(withAlert(NONE, alert('a')), alert('a'));
    expect(one.alerts).toHaveLength(1);
    const answered = withAnswer(one, {
      commandId: 'c',
      answer: { success: true, message: '', data: { status: 'done' } },
      atMs: 0,
    });
    const more = withAlert(answered, alert('b'));
    expect(afterWrite(more, answered).alerts.map(({ id }) => id)).toEqual(['b']);
    expect(isWritten(afterWrite(answered, answered))).toBe(true);
    const many = Array.from({ length: MAX_PENDING + 5 }, (_, at) => alert(String(at))).reduce(withAlert, NONE);
    expect(many.alerts).toHaveLength(MAX_PENDING);
    expect(many.alerts[0]?.id).toBe('5');
  });
});
