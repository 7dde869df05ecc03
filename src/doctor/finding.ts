/** What a check found, as a line for a person. */
import type { ClientPlace } from '../cli/client.ts';

export type FindingVerdict = 'pass' | 'warn' | 'fail';

export interface Finding {
  /** Which check says so. */
  readonly check: string;
  readonly verdict: FindingVerdict;
  readonly message: string;
  /** What to do; null where nothing has to be done. */
  readonly remedy: string | null;
}

/** What a check says, without its own name. */
export type Judgement = Omit<Finding, 'check'>;

export const pass = (message: string): Judgement => ({ verdict: 'pass', message, remedy: null });
export const warn = (message: string, remedy: string): Judgement => ({ verdict: 'warn', message, remedy });
export const fail = (message: string, remedy: string): Judgement => ({ verdict: 'fail', message, remedy });

export interface DoctorOptions {
  readonly place: ClientPlace;
  readonly sendsTest: boolean;
  readonly tell: (finding: Finding) => void;
}
