/** Answers over HTTP that the page reads again on news of the journal and from time to time. */
import { effect, type Signal } from '@preact/signals';
import type * as z from '../../../src/lib/codec.ts';
import { fetchAnswer } from '../socket/answers.ts';
import { connected, journalVersion } from './store.ts';

/** Starts when the page has a connection. A failed read keeps what was known. */
export function poll<Value, Json>(
  path: string,
  codec: z.Codec<Value, Json>,
  into: Signal<Value | null>,
  everyMs: number,
): () => void {
  let ended = false;
  const read = async (): Promise<void> => {
    const value = await fetchAnswer(path, codec);
    if (!ended && value !== null) into.value = value;
  };
  const stop = effect(() => {
    if (connected.value && journalVersion.value >= 0) void read();
  });
  const timer = setInterval(() => {
    if (connected.peek() && !document.hidden) void read();
  }, everyMs);
  return () => {
    ended = true;
    stop();
    clearInterval(timer);
  };
}
