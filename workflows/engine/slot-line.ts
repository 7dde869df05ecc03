/** Commands in line for the slot, the head first. */
export class SlotLine {
  readonly #line: string[] = [];

  get length(): number {
    return this.#line.length;
  }

  /** What lets a person out goes to the head. */
  join(commandId: string, atHead: boolean): void {
    if (atHead) this.#line.unshift(commandId);
    else this.#line.push(commandId);
  }

  leave(commandId: string): void {
    const place = this.#line.indexOf(commandId);
    if (place >= 0) this.#line.splice(place, 1);
  }

  isFirst(commandId: string): boolean {
    return this.#line[0] === commandId;
  }
}
