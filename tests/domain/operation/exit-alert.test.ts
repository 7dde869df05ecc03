/** A close that ends with a position left is a critical alert, whatever ended it, unless another exit goes on. */
import { describe, expect, it } from '@jest/globals';
import { absent, gone, landed, OperationDriver, unseen } from '../../support/operation-driver.ts';

const SHORT = '-10000000000';
const ALL = '10000000000';

const place = (close: OperationDriver, filled: string): OperationDriver =>
  close.place(ALL, SHORT).sighted(landed()).sighted(landed(), gone(filled));

const ENDS: readonly (readonly [string, (close: OperationDriver) => void])[] = [
  [
    'is unknown, then proven absent, and gets the slot no more',
    (close) => close.place(ALL, SHORT).sighted(unseen()).wake().sighted(absent).wake(),
  ],
  ['fills a part and is refused then', (close) => place(close, '4000000000').refused('VENUE_PAUSED', '-6000000000')],
  ['is refused by the venue', (close) => close.refused('VENUE_PAUSED', SHORT)],
  ['is refused for lack of permission', (close) => close.refused('PERMISSION_DENIED', SHORT)],
  [
    'is cancelled by an operator',
    (close) =>
      close.refused('SIMULATION_FAILED', SHORT).push({ kind: 'stand_down', reason: 'cancelled', exitFollows: false }),
  ],
];

describe('a close with a position left', () => {
  for (const kind of ['close', 'flatten'] as const) {
    it.each(ENDS)(`that ${kind === 'close' ? 'CLOSE' : 'FLATTEN'} leaves: it %s`, (_, play) => {
      const close = new OperationDriver({ kind, market: 'SOL-PERP' });
      play(close);
      expect(close.raised('CLOSE_INCOMPLETE')).toHaveLength(1);
      const told = close.reports.findLast(({ phase }) => phase === 'ended' || phase === 'released');
      expect(told?.flat).toBe(false);
    });
  }

  it.each([true, undefined])('is left to the exit that takes over (exitFollows: %s)', (exitFollows) => {
    const close = new OperationDriver({ kind: 'close', market: 'SOL-PERP' }).refused('SIMULATION_FAILED', SHORT);
    close.push({
      kind: 'stand_down',
      reason: 'FLATTEN comes first',
      ...(exitFollows === undefined ? {} : { exitFollows }),
    });
    expect(close.state.course).toBe('ended');
    expect(close.raised('CLOSE_INCOMPLETE')).toEqual([]);
    expect(close.report?.flat).toBe(false);
  });

  it('is not told of a close that is flat', () => {
    const close = place(new OperationDriver({ kind: 'close', market: 'SOL-PERP' }), ALL);
    expect(close.raised('CLOSE_INCOMPLETE')).toEqual([]);
    expect(close.report).toMatchObject({ flat: true });
  });
});
