/** Deposit, hedge, earn: what a new account does first. */
import type { State } from '../../../src/protocol/state.ts';
import { sol } from '../format/number.ts';
import { countdown } from '../format/time.ts';
import { type FirstStep, firstSteps, type StepName } from '../state/first-run.ts';
import { sinceStatsMs, stats } from '../state/store.ts';

interface StepWords {
  readonly title: string;
  readonly text: string;
  readonly go: { readonly label: string; readonly href: string } | null;
}

const WORDS: Readonly<Record<StepName, (now: State | null) => StepWords>> = {
  deposit: (now) => ({
    title: 'Deposit SOL',
    text: `It is your collateral and the spot to hedge. In your wallet: ${sol(now?.account?.wallet_sol)}.`,
    go: { label: 'Deposit', href: '#funds-title' },
  }),
  hedge: (now) => ({
    title: 'Hedge it',
    text: `Short as much SOL-PERP as you hold${heldWords(now)}. The price then stops mattering.`,
    go: { label: 'Open the hedge', href: '#open-title' },
  }),
  earn: (now) => ({
    title: 'Earn the carry',
    text: `Funding is paid every period. The next one is in ${nextPayment(now)}.`,
    go: null,
  }),
};

function heldWords(now: State | null): string {
  const held = now?.account?.spot_sol ?? 0;
  return held > 0 ? `: ${sol(held)}` : '';
}

function nextPayment(now: State | null): string {
  const left = now?.market?.funding.next_period_in_ms ?? null;
  return countdown(left === null ? null : left - sinceStatsMs.value);
}

export function FirstRun() {
  const steps = firstSteps(stats.value);
  if (steps === null) return null;
  return (
    <section class="first-run" aria-labelledby="first-run-title" data-testid="first-run">
      <h2 id="first-run-title">Get started</h2>
      <ol>
        {steps.map((step, place) => (
          <Step step={step} number={place + 1} key={step.name} />
        ))}
      </ol>
    </section>
  );
}

function Step({ step, number }: { readonly step: FirstStep; readonly number: number }) {
  const { title, text, go } = WORDS[step.name](stats.value);
  return (
    <li
      class={`step step-${step.state}`}
      aria-current={step.state === 'now' ? 'step' : undefined}
      data-testid={`step-${step.name}`}
      data-state={step.state}
    >
      <span class="step-mark" aria-hidden="true">
        {step.state === 'done' ? '✓' : number}
      </span>
      <div>
        <h3>
          {title}
          {step.state === 'done' ? <span class="sr-only"> (done)</span> : null}
        </h3>
        <p>{text}</p>
        {step.state === 'now' && go !== null ? (
          <a class="button button-primary button-small" href={go.href}>
            {go.label}
          </a>
        ) : null}
      </div>
    </li>
  );
}
