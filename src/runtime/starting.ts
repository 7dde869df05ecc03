/** The inputs of a start, and the results that its first steps hand to the next. */

import type { AccessTokens } from '../bridge/tokens.ts';
import type { DataLock } from '../journal/data-lock.ts';
import type { Journal } from '../journal/journal.ts';
import type { Settings } from './config.ts';
import type { Succession } from './generation.ts';
import type { LocalChain } from './local-chain.ts';
import type { OpenLogger } from './logger.ts';
import type { Parts } from './parts.ts';
import type { ReadyNote } from './ready-note.ts';
import type { Redactor } from './redaction.ts';
import type { WorkflowBundle } from './workflow-bundle.ts';

export interface StartOptions {
  readonly role: 'all' | 'worker' | 'bridge';
  readonly demo: boolean;
  /** Whose paper account begins anew; null: nobody's. */
  readonly resetPaper: string | null;
  /** Live mode on a local chain of our own, with the real program of the venue. */
  readonly localnet: boolean;
  /** What is said is for a program. By default for a person. */
  readonly json?: boolean;
}

export interface StartUp {
  readonly settings: Settings;
  readonly options: StartOptions;
  readonly chain: LocalChain | null;
  readonly log: OpenLogger;
  readonly redactor: Redactor;
  readonly lock: (DataLock & { readonly kind: 'locked' }) | null;
  readonly say: (line: string) => void;
  /** Says that it is ready, and where. */
  readonly announce: (ready: ReadyNote) => void;
  /** Registers what was started, to be stopped in the opposite order. Throws once a stop was asked for. */
  readonly add: Parts['add'];
  readonly stopAsked: () => boolean;
  /** A newer version has taken over: says so, and stops this process. */
  readonly onSuperseded: (sentence: string) => void;
  /** Called with our own Temporal server as soon as it answers. */
  readonly onServer: (server: { pid(): number | null }) => void;
}

/** Built or opened at the same time; some roles do not need all of them. */
export interface Beginnings {
  readonly tokens: AccessTokens;
  /** Of this program. */
  readonly version: string;
  readonly succession: Succession;
  readonly page: Promise<string> | null;
  readonly bundle: Promise<WorkflowBundle> | null;
  readonly journal: Promise<Journal>;
  /** Whatever had to be built is built, or could not be. */
  readonly built: Promise<unknown>;
}

export interface Cluster {
  readonly address: string;
  readonly uiUrl: string | null;
  /** Where our own server's UI listens; null: the server is not ours. */
  readonly ui: { readonly host: string; readonly port: number } | null;
  /** Copies our own server's store into a folder; null: the server is not ours. */
  readonly copyStore: ((into: string) => Promise<void>) | null;
}

export const hasBridge = ({ options }: StartUp): boolean => options.role !== 'worker';
export const hasWorker = ({ options }: StartUp): boolean => options.role !== 'bridge';
