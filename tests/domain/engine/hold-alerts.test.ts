import { describe, expect, it } from 'vitest';
import type { Hold } from '../../../src/domain/engine/hold.ts';
import { alertsOfHolds } from '../../../src/domain/engine/hold-alerts.ts';
import {
  afterWrite,
  isWritten,
  MAX_PENDING,
  type PendingAlert,
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
  it('tells one that comes with a severity, once, and any named one that is over', () => {
    const failed = hold({ alert: 'AUTOMATIC_TRADES_FAILED', severity: 'critical' });
    expect(alertsOfHolds([], [failed])).toMatchObject([
      { kind: 'alert', severity: 'critical', message: 'three failed' },
    ]);
    expect(alertsOfHolds([failed], [{ ...failed }])).toEqual([]);
    expect(alertsOfHolds([failed], [])).toMatchObject([{ kind: 'recovered', code: 'AUTOMATIC_TRADES_FAILED' }]);
  });

  it('leaves the telling of one without a severity to who raised it', () => {
    const lost = hold({ alert: 'CONNECTION_LOST' });
    expect(alertsOfHolds([], [lost])).toEqual([]);
    expect(alertsOfHolds([lost], [])).toHaveLength(1);
    expect(alertsOfHolds([hold()], [])).toEqual([]);
  });
});

describe('writes that the journal has yet to take', () => {
  const NONE = { alerts: [], answers: [] };
  const alert = (id: string): PendingAlert => ({
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
