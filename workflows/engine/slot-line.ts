/** Commands in line for the slot, the head first. */
export class SlotLine {
  readonly #line: string[] = [];
  readonly #exits = new Set<string>();

  get length(): number {
    return this.#line.length;
  }

  get exits(): number {
    return this.#exits.size;
  }

  /** What lets a person out goes to the head. */
  join(commandId: string, isExit: boolean): void {
    if (isExit) {
      this.#line.unshift(commandId);
      this.#exits.add(commandId);
    } else this.#line.push(commandId);
  }

  leave(commandId: string): void {
    const place = this.#line.indexOf(commandId);
    if (place >= 0) this.#line.splice(place, 1);
    this.#exits.delete(commandId);
  }

  isFirst(commandId: string): boolean {
    return this.#line[0] === commandId;
  }
}
