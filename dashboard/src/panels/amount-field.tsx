/** A field for an amount: always text, checked while typing, with a line for messages that never moves the layout. */
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { ParsedAmount } from '../format/decimal.ts';

interface Shortcut {
  readonly label: string;
  /** Null: there is nothing to fill in, and the title says why. */
  readonly value: string | null;
  readonly title?: string;
}

interface AmountFieldProps {
  readonly id: string;
  readonly label: string;
  readonly unit: string;
  readonly value: string;
  readonly onInput: (typed: string) => void;
  readonly checked: ParsedAmount;
  /** Shown while there is no problem. */
  readonly hint: ComponentChildren;
  readonly shortcuts?: readonly Shortcut[];
}

export function AmountField({ id, label, unit, value, onInput, checked, hint, shortcuts }: AmountFieldProps) {
  const [left, setLeft] = useState(false);
  // An empty field is not a mistake until the person has left it.
  const problem = !checked.ok && value !== '' ? checked.reason : null;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <div class={`field-box ${problem === null ? '' : 'field-wrong'}`}>
        <input
          id={id}
          data-testid={id}
          type="text"
          inputMode="decimal"
          autocomplete="off"
          spellcheck={false}
          placeholder="0.0"
          value={value}
          aria-invalid={problem !== null && left ? 'true' : undefined}
          aria-describedby={`${id}-words`}
          onInput={(event) => onInput(event.currentTarget.value)}
          onBlur={() => setLeft(true)}
        />
        <span class="field-unit">{unit}</span>
        {shortcuts?.map((shortcut) => (
          <button
            type="button"
            class="chip"
            key={shortcut.label}
            title={shortcut.title}
            disabled={shortcut.value === null}
            onClick={() => onInput(shortcut.value ?? value)}
          >
            {shortcut.label}
          </button>
        ))}
      </div>
      <p
        class={`field-words ${problem === null ? '' : 'field-problem'}`}
        id={`${id}-words`}
        data-testid={`${id}-words`}
        aria-live="polite"
      >
        {problem ?? hint}
      </p>
    </div>
  );
}

interface ChoiceProps<Value extends string> {
  readonly name: string;
  readonly legend: string;
  readonly options: readonly { readonly value: Value; readonly label: string; readonly testid: string }[];
  /** Null: no choice yet. */
  readonly value: Value | null;
  readonly onChange: (value: Value) => void;
}

/** One of a few options, side by side: styled radio buttons. */
export function Choice<Value extends string>({ name, legend, options, value, onChange }: ChoiceProps<Value>) {
  return (
    <fieldset class="choice">
      <legend class="sr-only">{legend}</legend>
      {options.map((option) => (
        <label
          class={`choice-option ${option.value === value ? 'choice-chosen' : ''} choice-${option.value}`}
          key={option.value}
        >
          <input
            type="radio"
            name={name}
            value={option.value}
            checked={option.value === value}
            onChange={() => onChange(option.value)}
            data-testid={option.testid}
          />
          {option.label}
        </label>
      ))}
    </fieldset>
  );
}
