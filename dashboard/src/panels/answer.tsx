/** The form of an answer: its question, a few words, and the lines below them. */
import type { ComponentChildren } from 'preact';

export type AnswerTone = 'good' | 'info' | 'warn' | 'bad' | 'quiet';

interface AnswerProps {
  readonly id: string;
  readonly question: string;
  readonly tone: AnswerTone;
  /** The answer in a few words. */
  readonly words: ComponentChildren;
  readonly testid: string;
  /** Beside the question: a verdict in one word. */
  readonly aside?: ComponentChildren;
  readonly children: ComponentChildren;
}

/** The words say everything that the colour says. */
export function Answer({ id, question, tone, words, testid, aside, children }: AnswerProps) {
  return (
    <section class={`answer answer-${tone}`} aria-labelledby={`${id}-title`} data-testid={`answer-${id}`}>
      <header class="answer-head">
        <h2 id={`${id}-title`}>{question}</h2>
        {aside}
      </header>
      <p class="answer-words" data-testid={testid}>
        {words}
      </p>
      {children}
    </section>
  );
}

interface LineProps {
  readonly label: string;
  readonly children: ComponentChildren;
  readonly testid?: string;
  readonly tone?: string;
}

/** A name and its figure on one line of an answer. */
export function AnswerLine({ label, children, testid, tone }: LineProps) {
  return (
    <div class="answer-line">
      <dt>{label}</dt>
      <dd class={tone === undefined ? undefined : `tone-${tone}`} data-testid={testid}>
        {children}
      </dd>
    </div>
  );
}
