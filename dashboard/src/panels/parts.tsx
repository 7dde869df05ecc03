/** Small parts that every panel is made of. */
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { shortId, type Tone, UNKNOWN } from '../format/number.ts';

interface PanelProps {
  readonly id: string;
  readonly title: string;
  /** Beside the title, at the end of the line. */
  readonly aside?: ComponentChildren;
  readonly className?: string;
  readonly children: ComponentChildren;
}

export function Panel({ id, title, aside, className, children }: PanelProps) {
  return (
    <section class={`panel ${className ?? ''}`} aria-labelledby={`${id}-title`} data-testid={`panel-${id}`}>
      <header class="panel-head">
        <h2 id={`${id}-title`}>{title}</h2>
        {aside === undefined ? null : <div class="panel-aside">{aside}</div>}
      </header>
      {children}
    </section>
  );
}

interface FigureProps {
  readonly label: string;
  readonly value: string;
  readonly hint?: string | undefined;
  readonly tone?: Tone | undefined;
  readonly testid?: string;
  readonly large?: boolean;
}

/** A named figure. An unknown one has another typeface, so it never looks like a number. */
export function Figure({ label, value, hint, tone, testid, large }: FigureProps) {
  return (
    <div class={`figure ${large === true ? 'figure-large' : ''}`}>
      <dt>{label}</dt>
      <dd class={value === UNKNOWN ? 'is-unknown' : `tone-${tone ?? 'zero'}`} data-testid={testid}>
        <WithUnit value={value} />
      </dd>
      {hint === undefined ? null : <dd class="figure-hint">{hint}</dd>}
    </div>
  );
}

const UNIT = /^(.*) (SOL|%|days|hours)$/;

/** The unit in a smaller size than its figure. */
function WithUnit({ value }: { readonly value: string }) {
  const [, figure, unit] = UNIT.exec(value) ?? [];
  return (
    <>
      {figure ?? value}
      {unit === undefined ? null : <small class="unit"> {unit}</small>}
    </>
  );
}

export type BadgeTone = 'good' | 'warn' | 'bad' | 'info' | 'quiet';

export function Badge(props: {
  readonly tone: BadgeTone;
  readonly children: ComponentChildren;
  readonly testid?: string;
}) {
  return (
    <span class={`badge badge-${props.tone}`} data-testid={props.testid}>
      {props.children}
    </span>
  );
}

export function ExternalLink(props: {
  readonly href: string;
  readonly children: ComponentChildren;
  readonly testid?: string;
}) {
  return (
    <a href={props.href} target="_blank" rel="noopener noreferrer" data-testid={props.testid}>
      {props.children}
      <span class="link-mark" aria-hidden="true">
        ↗
      </span>
      <span class="sr-only"> (opens in a new tab)</span>
    </a>
  );
}

/** A wide table scrolls in its own box, by keyboard too. */
export function ScrollRegion(props: { readonly label: string; readonly children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section class="table-scroll" aria-label={props.label} tabIndex={0}>
      {props.children}
    </section>
  );
}

/** Copies a text that is shown beside it. @param what for who hears the button: `signature`, `command` */
export function CopyButton({ what, text }: { readonly what: string; readonly text: string }) {
  const [copied, setCopied] = useState(false);
  const copy = (): void => {
    navigator.clipboard
      ?.writeText(text)
      .then(() => setCopied(true))
      .catch(() => setCopied(false));
  };
  return (
    <button type="button" class="copy" onClick={copy} aria-label={`Copy ${what} ${text}`}>
      {copied ? 'copied' : 'copy'}
    </button>
  );
}

/** A shortened id, with the full one in its title and a button that copies it. */
export function Identifier(props: { readonly name: string; readonly id: string; readonly href?: string | null }) {
  const short = shortId(props.id);
  return (
    <span class="identifier">
      <span class="identifier-name">{props.name}</span>
      {typeof props.href === 'string' ? (
        <ExternalLink href={props.href}>{short}</ExternalLink>
      ) : (
        <code title={props.id}>{short}</code>
      )}
      <CopyButton what={props.name} text={props.id} />
    </span>
  );
}

interface ActionButtonProps {
  readonly label: ComponentChildren;
  readonly onPress: () => void;
  readonly testid: string;
  readonly kind?: 'primary' | 'plain' | 'danger' | 'quiet';
  /** Why it is disabled: shown on it and read out with it. */
  readonly blocked?: string | null;
  readonly type?: 'button' | 'submit';
}

/** Stays focusable while disabled, so that keyboard and screen reader users get its reason. */
export function ActionButton({ label, onPress, testid, kind, blocked, type }: ActionButtonProps) {
  const reason = blocked ?? null;
  const reasonId = `${testid}-reason`;
  return (
    <span class="action">
      <button
        type={type ?? 'button'}
        class={`button button-${kind ?? 'plain'}`}
        data-testid={testid}
        aria-disabled={reason === null ? undefined : 'true'}
        aria-describedby={reason === null ? undefined : reasonId}
        title={reason ?? undefined}
        onClick={(event) => {
          if (type !== 'submit') event.preventDefault();
          if (reason === null) onPress();
          else event.preventDefault();
        }}
      >
        {label}
      </button>
      {reason === null ? null : (
        <span id={reasonId} class="sr-only">
          {reason}
        </span>
      )}
    </span>
  );
}
