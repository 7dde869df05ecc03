/** One part that is examined. Each has a file of its own in `checks`; `checks/index.ts` lists them. */
import type { Judgement } from './finding.ts';
import type { Configured, Subject } from './subject.ts';

interface Always {
  readonly name: string;
  readonly needsSettings: false;
  run(subject: Subject): Promise<readonly Judgement[]>;
}

interface WithSettings {
  readonly name: string;
  readonly needsSettings: true;
  /** No lines: it does not apply here. */
  run(subject: Configured): Promise<readonly Judgement[]>;
}

export type Check = Always | WithSettings;
