/**
 * What one engine may have of the bridge's time for ordinary commands, whoever sends them and over however many sockets: a
 * token bucket. A command beyond it is refused without a look at the journal, because refusing has a cost too, and other
 * engines would pay it.
 */
import { COMMANDS_AT_ONCE_OF_ENGINE, COMMANDS_PER_SECOND_OF_ENGINE } from './limits.ts';

export class CommandShare {
  #left = COMMANDS_AT_ONCE_OF_ENGINE;
  #filledAtMs: number;

  constructor(nowMs: number) {
    this.#filledAtMs = nowMs;
  }

  /** False: the engine has had its share for now. */
  take(nowMs: number): boolean {
    // A clock that is set back gives nothing, and takes nothing.
    const elapsedMs = Math.max(0, nowMs - this.#filledAtMs);
    this.#filledAtMs = nowMs;
    const filled = this.#left + (elapsedMs * COMMANDS_PER_SECOND_OF_ENGINE) / 1_000;
    this.#left = Math.min(COMMANDS_AT_ONCE_OF_ENGINE, filled);
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}
