/**
 * What waits for a person's "go ahead": one thing for each, for a minute, for one try that is right. It is bound to what the
 * person was shown: another engine, mode, command or size than then is not confirmed.
 */
import { randomInt } from 'node:crypto';

export interface ToConfirm<Command> {
  readonly command: Command;
  /** Everything that the person was shown, as one text. */
  readonly shown: string;
  /** The command's id. */
  readonly commandId: string;
}

export type Confirmed<Command> =
  | { readonly kind: 'confirmed'; readonly asked: ToConfirm<Command> }
  | { readonly kind: 'none' | 'wrong' | 'too late' };

export const CONFIRM_WITHIN_MS = 60_000;
const MOST_WRONG = 3;

interface AskedBack<Command> {
  readonly asked: ToConfirm<Command>;
  readonly code: string;
  readonly untilMs: number;
  wrong: number;
}

export class BotConfirmations<Command> {
  readonly #pending = new Map<number, AskedBack<Command>>();
  readonly #newCode: () => string;

  constructor(newCode: () => string = () => String(randomInt(1_000_000)).padStart(6, '0')) {
    this.#newCode = newCode;
  }

  /** Replaces what this user was asked before. @returns the code */
  ask(userId: number, asked: ToConfirm<Command>, nowMs: number): string {
    const code = this.#newCode();
    this.#pending.set(userId, { asked, code, untilMs: nowMs + CONFIRM_WITHIN_MS, wrong: 0 });
    return code;
  }

  /** Spends it, unless the code is wrong; after three wrong ones it is gone. */
  take(userId: number, code: string, nowMs: number): Confirmed<Command> {
    const pending = this.#pending.get(userId);
    if (pending === undefined) return { kind: 'none' };
    if (nowMs > pending.untilMs) {
      this.#pending.delete(userId);
      return { kind: 'too late' };
    }
    if (code !== pending.code) {
      pending.wrong += 1;
      if (pending.wrong >= MOST_WRONG) this.#pending.delete(userId);
      return { kind: 'wrong' };
    }
    this.#pending.delete(userId);
    return { kind: 'confirmed', asked: pending.asked };
  }
}
