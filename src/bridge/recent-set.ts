/** A set that forgets its oldest member beyond a bound. */
export class RecentSet {
  readonly #members = new Set<string>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(member: string): void {
    this.#members.delete(member);
    this.#members.add(member);
    if (this.#members.size <= this.#limit) return;
    const [oldest] = this.#members;
    if (oldest !== undefined) this.#members.delete(oldest);
  }

  has(member: string): boolean {
    return this.#members.has(member);
  }

  delete(member: string): boolean {
    return this.#members.delete(member);
  }

  /** The oldest first. */
  values(): readonly string[] {
    return [...this.#members];
  }
}
