import { jest } from '@jest/globals';

const FAKEABLE = [
  'Date',
  'hrtime',
  'nextTick',
  'performance',
  'queueMicrotask',
  'setImmediate',
  'clearImmediate',
  'setInterval',
  'clearInterval',
  'setTimeout',
  'clearTimeout',
] as const;

/** Replaces these alone: whatever else waits or asks for the time goes on as before. */
export function fakeOnly(faked: readonly (typeof FAKEABLE)[number][], now?: number): void {
  const doNotFake = FAKEABLE.filter((name) => !faked.includes(name));
  jest.useFakeTimers({ doNotFake, ...(now === undefined ? {} : { now }) });
}
