/** What the command line needs of the world: the terminal, where the product is, and what it leaves when it is down. */
import type { DoctorOptions, Finding } from '../doctor/finding.ts';
import type { BackupMade } from '../protocol/api.ts';
import type { ClientPlace } from './client.ts';
import type { Paint } from './paint.ts';

/** What can be read of a product that does not answer. */
export type LeftBehind =
  /** A copy of its journal, behind a door of our own. */
  | {
      readonly kind: 'copy';
      readonly place: ClientPlace;
      /** Of what, and from when, in words. */
      readonly note: string;
      readonly close: () => Promise<void>;
    }
  /** Why nothing can be read, in words. */
  | { readonly kind: 'nothing'; readonly why: string };

/** What a stopped product's data folder gave. */
export type StoppedBackup =
  | { readonly kind: 'made'; readonly made: BackupMade }
  /** Why there is none, in words. */
  | { readonly kind: 'nothing'; readonly why: string };

export interface Restored {
  readonly folder: string;
  readonly backupMadeAtMs: number;
  readonly engines: readonly string[];
}

export interface CliPorts {
  readonly say: (line: string) => void;
  /** Progress, questions and errors: standard output holds only the answer. */
  readonly tell: (line: string) => void;
  /** A part of an answer, as it is. Resolves when the next one is wanted. */
  readonly write: (text: string) => Promise<void>;
  /** For standard output. */
  readonly paint: Paint;
  /** Where the product is, and who may speak to it. */
  readonly place: (url: string | undefined) => Promise<ClientPlace>;
  readonly left: () => Promise<LeftBehind>;
  /** Of the data folder here, while nothing runs in it. @throws DriftlessError */
  readonly backupStopped: () => Promise<StoppedBackup>;
  /** Moves a backup. @throws DriftlessError */
  readonly moveBackup: (from: string, to: string) => Promise<void>;
  /** @param into null: where the product would look for its data. @throws DriftlessError */
  readonly restore: (backup: string, into: string | null) => Promise<Restored>;
  /** A new token in the data folder of a product that is down. @throws NotReachable, AnsweredWithError */
  readonly replaceToken: (access: 'full' | 'read') => Promise<string>;
  /** Examines everything; each finding is told as soon as it is known. */
  readonly doctor: (options: DoctorOptions) => Promise<readonly Finding[]>;
  /** Where the product of this folder writes its log. */
  readonly logFolders: () => Promise<readonly string[]>;
  /** Null: there is nobody to ask. */
  readonly ask: ((question: string) => Promise<string>) | null;
  readonly newId: () => string;
  /** Of the product. */
  readonly version: string;
}
