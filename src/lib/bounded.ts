/** Collections that forget what was written longest ago beyond a bound: memory of a long-lived process has an end. */

export class BoundedMap<K, V> extends Map<K, V> {
  readonly #limit: number;

  constructor(limit: number, entries: Iterable<readonly [K, V]> = []) {
    super();
    this.#limit = limit;
    for (const [key, value] of entries) this.set(key, value);
  }

  /** What is written anew counts as new. */
  override set(key: K, value: V): this {
    this.delete(key);
    super.set(key, value);
    if (this.size > this.#limit) {
      for (const oldest of this.keys()) {
        this.delete(oldest);
        break;
      }
    }
    return this;
  }
}

export class BoundedSet<T> extends Set<T> {
  readonly #limit: number;

  constructor(limit: number) {
    super();
    this.#limit = limit;
  }

  /** What is added anew counts as new. */
  override add(member: T): this {
    this.delete(member);
    super.add(member);
    if (this.size > this.#limit) {
      for (const oldest of this) {
        this.delete(oldest);
        break;
      }
    }
    return this;
  }
}
