/** A JSON number as it was written: an amount must not pass through a float on its way to base units. */
export class NumberText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}
