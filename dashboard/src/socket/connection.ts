/** The one connection to the engine. It reconnects by itself and reports its state. */

import { readMessage, type ServerMessage } from '../../../src/protocol/messages.ts';
import { reconnectWaitMs } from './backoff.ts';

/** SYSTEM_STATS comes each second: a connection silent for this long is dead, whatever TCP believes. */
const SILENCE_MS = 8_000;
const WATCH_MS = 1_000;

export type ConnectionState =
  | { readonly kind: 'connecting'; readonly failures: number }
  | { readonly kind: 'open'; readonly sinceMs: number }
  | { readonly kind: 'waiting'; readonly failures: number; readonly retryAtMs: number; readonly why: string };

interface ConnectionEvents {
  readonly onState: (state: ConnectionState) => void;
  readonly onMessage: (message: ServerMessage) => void;
}

export interface Connection {
  /** False if there is no open socket; then nothing was sent. */
  send(text: string): boolean;
  retryNow(): void;
}

export function connect(url: string, events: ConnectionEvents): Connection {
  let socket: WebSocket | null = null;
  let failures = 0;
  let lastHeardMs = 0;
  let timer: ReturnType<typeof setTimeout> | null = null;

  const lose = (lost: WebSocket, why: string): void => {
    if (lost !== socket) return;
    socket = null;
    failures += 1;
    const wait = reconnectWaitMs(failures, Math.random());
    events.onState({ kind: 'waiting', failures, retryAtMs: Date.now() + wait, why });
    timer = setTimeout(open, wait);
  };

  function open(): void {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    events.onState({ kind: 'connecting', failures });
    const opening = new WebSocket(url);
    socket = opening;
    lastHeardMs = Date.now();
    opening.addEventListener('open', () => {
      if (opening !== socket) return;
      lastHeardMs = Date.now();
      events.onState({ kind: 'open', sinceMs: lastHeardMs });
    });
    opening.addEventListener('message', (event) => {
      if (opening !== socket || typeof event.data !== 'string') return;
      lastHeardMs = Date.now();
      // Only a message proves that the engine's side works: an accept and a close in turn must not reset the wait.
      failures = 0;
      const message = readMessage(event.data);
      if (message !== null) events.onMessage(message);
    });
    opening.addEventListener('close', (event) => {
      lose(
        opening,
        event.reason !== ''
          ? event.reason
          : opening.readyState === 3 && event.code === 1006
            ? ''
            : `code ${event.code}`,
      );
    });
  }

  setInterval(() => {
    if (socket === null || Date.now() - lastHeardMs < SILENCE_MS) return;
    const silent = socket;
    lose(silent, 'it went silent');
    silent.close();
  }, WATCH_MS);
  window.addEventListener('online', () => retryNow());

  function retryNow(): void {
    if (socket === null) open();
  }

  open();
  return {
    send(text) {
      if (socket === null || socket.readyState !== WebSocket.OPEN) return false;
      socket.send(text);
      return true;
    },
    retryNow,
  };
}
