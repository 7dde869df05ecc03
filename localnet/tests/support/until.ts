import { setTimeout as sleep } from 'node:timers/promises';

export interface Patience {
  readonly withinMs: number;
  readonly everyMs: number;
}

type Missing = null | undefined | false;

/** Waits for something that another process, block or socket causes. @returns the value that met the condition */
export async function waitUntil<T>(
  what: string | (() => string),
  look: () => T | Missing | Promise<T | Missing>,
  { withinMs, everyMs }: Patience,
): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const seen = await look();
    if (seen !== null && seen !== undefined && seen !== false) return seen;
    if (performance.now() > deadline) {
      throw new Error(`waited ${withinMs} ms in vain: ${typeof what === 'string' ? what : what()}`);
    }
    await sleep(everyMs);
  }
}

/** Other tests may keep the machine busy. */
const PATIENCE_MS = 240_000;

export const until = <T>(
  what: string,
  look: () => T | Missing | Promise<T | Missing>,
  withinMs = PATIENCE_MS,
): Promise<T> => waitUntil(what, look, { withinMs, everyMs: 10 });
