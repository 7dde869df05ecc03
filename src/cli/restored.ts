/** `driftless restore`: a backup becomes a data folder that signs nothing yet. */
import { resolve } from 'node:path';
import { EXIT } from './exit-codes.ts';
import type { CliPorts, Restored } from './ports.ts';
import type { CliArguments } from './program.ts';

export async function restored({ given, json }: CliArguments, ports: CliPorts): Promise<number> {
  const into = given.into === undefined ? null : resolve(given.into);
  const done = await ports.restore(resolve(String(given.backup)), into);
  const { folder, backupMadeAtMs, engines } = done;
  const backupMadeAt = new Date(backupMadeAtMs).toISOString();
  ports.say(
    json ? JSON.stringify({ folder, backup_made_at: backupMadeAt, engines }) : restoredText(done, backupMadeAt),
  );
  return EXIT.done;
}

const restoredText = ({ folder, engines }: Restored, backupMadeAt: string): string =>
  [
    `Restored into ${folder}: ${engines.length} ${engines.length === 1 ? 'engine' : 'engines'}, as of ${backupMadeAt}.`,
    'It starts halted and signs nothing. What to do:',
    '  1. Stop the original, and see to it that it does not start again. Two engines on one account trade against each other.',
    `  2. Start this one: DRIFTLESS_HOME=${folder} driftless start. It follows what was signed before the backup to its proof.`,
    '  3. driftless resume, and confirm that the original is stopped. Then only CLOSE and FLATTEN work.',
    '  4. Compare the account with the history, then driftless resume again.',
  ].join('\n');
