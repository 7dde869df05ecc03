/** Asks while a person types: not at every key, one question at a time, and only the answer to the latest one counts. */

interface LatestQuestionPorts<Question, Answer> {
  readonly ask: (question: Question, signal: AbortSignal) => Promise<Answer>;
  /** Null: there is no question. */
  readonly onAnswer: (question: Question, answer: Answer) => void;
  readonly isSame: (one: Question, other: Question) => boolean;
  readonly waitMs: number;
}

export class LatestQuestion<Question, Answer> {
  readonly #ports: LatestQuestionPorts<Question, Answer>;
  #question: Question | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #asking: AbortController | null = null;

  constructor(ports: LatestQuestionPorts<Question, Answer>) {
    this.#ports = ports;
  }

  /** Another question ends the one before it. The same again is asked again, but never while its answer is awaited. */
  set(question: Question | null): void {
    const { isSame, waitMs } = this.#ports;
    const known = this.#question;
    if (question !== null && known !== null && isSame(question, known)) {
      if (this.#timer === null && this.#asking === null) this.#ask(question);
      return;
    }
    this.end();
    this.#question = question;
    if (question !== null) this.#timer = setTimeout(() => this.#ask(question), waitMs);
  }

  end(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#asking?.abort();
    this.#asking = null;
    this.#question = null;
  }

  #ask(question: Question): void {
    const { ask, onAnswer } = this.#ports;
    this.#timer = null;
    const asking = new AbortController();
    this.#asking = asking;
    void ask(question, asking.signal).then((answer) => {
      if (this.#asking !== asking) return;
      this.#asking = null;
      onAnswer(question, answer);
    });
  }
}
