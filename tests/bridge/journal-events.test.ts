/** One listener on the journal for all desks: each engine gets its own events, and all get those of no engine. */
import { describe, expect, it, jest } from '@jest/globals';
import { pino } from 'pino';
import { JournalEvents } from '../../src/bridge/journal-events.ts';
import type { JournalEvent } from '../../src/journal/journal.ts';

const event = (engineId: string | null, key = 'k'): JournalEvent => ({ table: 'snapshots', engineId, key });

function stage(failures = 0) {
  const listeners: { onEvent: (event: JournalEvent) => void; onGap: () => void }[] = [];
  let left = failures;
  const unlisten = jest.fn(async () => undefined);
  const listen = async (onEvent: (event: JournalEvent) => void, onGap: () => void) => {
    if (left > 0) {
      left -= 1;
      throw new Error('the journal is away');
    }
    listeners.push({ onEvent, onGap });
    return unlisten;
  };
  const events = new JournalEvents({ journal: { listen }, logger: pino({ level: 'silent' }) });
  const told: string[] = [];
  const join = (engineId: string) =>
    events.subscribe({
      engineId,
      take: ({ key }) => told.push(`${engineId}:${key}`),
      gap: () => told.push(`${engineId}:gap`),
    });
  const emptied = () => told.splice(0);
  return { events, listeners, unlisten, join, emptied };
}

describe('the events of the journal', () => {
  it('are listened to once, and go to the engine that they are of', async () => {
    const { events, listeners, unlisten, join, emptied } = stage();
    await Promise.all([join('a'), join('b'), join('c')]);
    expect(listeners).toHaveLength(1);
    expect(new Set(emptied())).toEqual(new Set(['a:gap', 'b:gap', 'c:gap']));
    const [listener] = listeners;
    listener?.onEvent(event('b', 'one'));
    listener?.onEvent(event(null, 'two'));
    listener?.onEvent(event('nobody'));
    expect(emptied()).toEqual(['b:one', 'a:two', 'b:two', 'c:two']);
    events.unsubscribe('b');
    listener?.onEvent(event('b', 'three'));
    listener?.onGap();
    listener?.onEvent(event('a', ''));
    expect(emptied()).toEqual(['a:gap', 'c:gap', 'a:gap', 'c:gap']);
    await events.close();
    expect(unlisten).toHaveBeenCalledTimes(1);
  });

  it('are tried for again when the journal was away, and then a gap is told', async () => {
    const { events, listeners, join, emptied } = stage(1);
    await join('a');
    emptied();
    while (listeners.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    while (emptied().length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    await events.close();
    expect(listeners).toHaveLength(1);
  });
});
