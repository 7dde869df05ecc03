/**
 * What histories of this version may need that those of an earlier one do not: every name given to `patched`, and whatever else
 * an earlier worker could not go on with (a new workflow, signal or activity). A worker that does not know all of what stands
 * in the journal under these names leaves the work to one that does: docs/architecture/upgrade.md. Names are never removed.
 */
export const WORKFLOW_CHANGES: readonly string[] = [
  'empty-start',
  'exit-follows-open',
  'exit-without-permission',
  'exits-wait',
  'few-local-activities-in-a-task',
  'guard-under-every-hold',
  'left-open',
  'nearest-step',
  'no-local-activities',
  'one-settle-at-a-time',
  'open-without-journal',
  'planned-in-turn',
  'prove-on-recovery',
  'resume-trades-nothing',
  'retry-confirmed',
  'short-verdicts',
  'signed-commands',
  'signed-verdicts',
  'slow-simulation-outside-the-task',
  'stop-stands-down',
  'stricter-limits',
  'watch-only',
  // A process that starts begins the watches of many engines anew.
  'watch-silence',
];
