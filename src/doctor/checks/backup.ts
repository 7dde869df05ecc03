/** How old the last backup is, and whether this folder came from one. */
import { type EngineName, EngineNames } from '../../domain/engine/engine-names.ts';
import { lastBackup } from '../../runtime/last-backup.ts';
import { readRestored } from '../../runtime/restored-folder.ts';
import type { Check } from '../check.ts';
import { fail, type Judgement, pass, warn } from '../finding.ts';

const DAY_MS = 86_400_000;
/** Temporal keeps histories for 30 days; a person remembers a week. */
export const OLD_AFTER_DAYS = 7;

const MOST_NAMED = 8;
const REMEDY = 'Run driftless backup --to <folder on another disk>.';

export function judgeBackup(
  last: { readonly folder: string; readonly madeAtMs: number } | null,
  nowMs: number,
): Judgement {
  if (last === null) return warn('There is no backup of this data folder.', REMEDY);
  const days = Math.floor((nowMs - last.madeAtMs) / DAY_MS);
  const age = days < 1 ? 'less than a day old' : days === 1 ? 'a day old' : `${days} days old`;
  const said = `The last backup is ${age}: ${last.folder}.`;
  return days >= OLD_AFTER_DAYS ? warn(said, REMEDY) : pass(said);
}

export function judgeRestored(
  note: {
    readonly backup_made_at: number;
    readonly confirmed_at: number | null;
    readonly compared: readonly string[];
  } | null,
  engines: readonly EngineName[],
): readonly Judgement[] {
  const left = engines.filter(({ engineId }) => note?.compared.includes(engineId) === false);
  if (note === null || left.length === 0) return [];
  const names = left.slice(0, MOST_NAMED).map(({ name }) => name);
  const more = left.length - names.length;
  const whose = engines.length === 1 ? '' : ` (${names.join(', ')}${more > 0 ? ` and ${more} more` : ''})`;
  const of = `This data folder was restored from a backup of ${new Date(note.backup_made_at).toISOString()}${whose}`;
  if (note.confirmed_at === null)
    return [
      fail(
        `${of}, and nobody has confirmed that the original is stopped: nothing is signed.`,
        'Stop the original, start Driftless here, then run driftless resume.',
      ),
    ];
  return [
    warn(
      `${of}: only CLOSE and FLATTEN are signed.`,
      'Compare the account with the history, then run driftless resume.',
    ),
  ];
}

export const backup: Check = {
  name: 'backup',
  needsSettings: true,
  async run({ settings: { home, engineId, engines, databaseUrl, temporal }, clock, journal }) {
    // Their own tools make the backups of stores elsewhere, and nothing here knows of them.
    if (databaseUrl !== null || temporal.address !== null) return [];
    if ((await journal()).kind === 'none') return [pass('There is nothing to back up yet.')];
    return [
      judgeBackup(await lastBackup(home), clock.nowMs()),
      ...judgeRestored(readRestored(home), new EngineNames(engineId, engines).all),
    ];
  },
};
