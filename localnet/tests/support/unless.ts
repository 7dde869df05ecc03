import { describe, it } from './runner.ts';

type Titled = (title: string, body: () => void | Promise<void>, timeoutMs?: number) => void;

/** `it`, or a skipped test whose title says why. False: there is no reason to skip it. */
export const itUnless = (reason: string | false): Titled =>
  reason === false ? it : (title, body) => it.skip(`${title} (skipped: ${reason})`, body);

/** `describe`, or a skipped group whose title says why. */
export const describeUnless = (reason: string | false): ((title: string, body: () => void) => void) =>
  reason === false ? describe : (title, body) => describe.skip(`${title} (skipped: ${reason})`, body);
