/** Which commands were refused, and how often: a refused command may be sent again and needs a new update. */
import { BoundedMap } from '../lib/bounded.ts';
import { MAX_REFUSALS } from './limits.ts';

/**
 * Temporal gives an update id its first answer for as long as the engine's run lives, so that "the journal is down" or a
 * confirmation's token would be told long after it is true. After a refusal the same command is another update. The
 * engine itself knows the command by its id, so that nothing is done twice; an update without an answer keeps its id.
 */
export class Refusals {
  readonly #counts = new BoundedMap<string, number>(MAX_REFUSALS);

  updateIdOf(key: string): string {
    const count = this.#counts.get(key) ?? 0;
    return count === 0 ? key : `${key}:${count}`;
  }

  add(key: string): void {
    const count = this.#counts.get(key) ?? 0;
    this.#counts.set(key, count + 1);
  }
}
