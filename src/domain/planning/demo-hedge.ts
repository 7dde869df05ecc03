/** `--demo` opens a hedge once, so that a newcomer sees funding arrive. When it may, and how large it is. */
import { type Lamports, lamports } from '../money/units.ts';
import type { Mode } from '../order/command.ts';

export interface DemoFacts {
  readonly mode: Mode;
  /** When this paper account began, by which its one command is known; null: it is not there yet. */
  readonly accountSinceMs: number | null;
  /** The demo's own command has its final answer. */
  readonly answered: boolean;
  /** Operations and trades of this account that are not the demo's own. */
  readonly othersActed: boolean;
  /** Deposited; null: not read yet, as every null here. */
  readonly spot: Lamports | null;
  readonly perp: Lamports | null;
  readonly step: Lamports | null;
  readonly minimum: Lamports | null;
}

export type DemoStep =
  | { readonly kind: 'open'; readonly commandId: string; readonly size: Lamports }
  /** The account has not been read yet. */
  | { readonly kind: 'wait' }
  | { readonly kind: 'leave'; readonly why: string };

const leave = (why: string): DemoStep => ({ kind: 'leave', why });

/** The same id at every start: however often it is sent, the hedge is opened once. A reset account is another one. */
export const demoCommandId = (accountSinceMs: number): string => `demo-hedge-${accountSinceMs}`;

export function demoHedge(facts: DemoFacts): DemoStep {
  const { mode, accountSinceMs, spot, perp, step, minimum } = facts;
  if (mode !== 'paper') return leave('Live mode: the demo trades on paper only.');
  if (facts.answered) return leave('The demo has opened its hedge before.');
  if (facts.othersActed) return leave('This account has been used: the demo leaves it alone.');
  if (accountSinceMs === null || spot === null || perp === null || step === null || minimum === null) {
    return { kind: 'wait' };
  }
  if (perp !== 0n) return leave('This account has a position.');
  const size = step > 0n ? spot - (spot % step) : spot;
  if (size <= 0n || size < minimum) return leave('There is too little SOL to hedge.');
  return { kind: 'open', commandId: demoCommandId(accountSinceMs), size: lamports(size) };
}
