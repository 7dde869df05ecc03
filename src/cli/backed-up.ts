/** `driftless backup`: the running product makes it; of a stopped one the files are copied here. */
import { resolve } from 'node:path';
import * as z from '../lib/codec.ts';
import { ANSWERS, BackupMade } from '../protocol/api.ts';
import { Client, NotReachable } from './client.ts';
import { EXIT } from './exit-codes.ts';
import type { CliPorts } from './ports.ts';
import type { CliArguments } from './program.ts';

const MADE_WITHIN_MS = 10 * 60_000;
const MIB = 1024 * 1024;

export async function backedUp({ given, json, url }: CliArguments, ports: CliPorts): Promise<number> {
  const made = await make(url, ports);
  const to = given.to === undefined ? null : resolve(given.to);
  if (to !== null) await ports.moveBackup(made.folder, to);
  const backup: BackupMade = { ...made, folder: to ?? made.folder };
  ports.say(json ? JSON.stringify(z.encode(BackupMade, backup)) : backupText(backup));
  return EXIT.done;
}

async function make(url: string | undefined, ports: CliPorts): Promise<BackupMade> {
  try {
    const client = new Client(await ports.place(url));
    return await client.post('/api/backup', ANSWERS['/api/backup'], MADE_WITHIN_MS);
  } catch (error) {
    if (!(error instanceof NotReachable) || !error.silent || url !== undefined) throw error;
    const stopped = await ports.backupStopped();
    if (stopped.kind === 'nothing') throw new NotReachable(`${error.message}\n${stopped.why}`);
    ports.tell('Driftless does not run. This is made of the files that it left.');
    return stopped.made;
  }
}

export function backupText({ folder, files, bytes, engines }: BackupMade): string {
  const lines = engines.map(
    (engine) =>
      `  ${engine.engine_id}: journal ${engine.journal_sequence}, workflow ${engine.workflow_sequence ?? 'not asked'}`,
  );
  return [
    `Backup: ${folder}`,
    `${files} files, ${(bytes / MIB).toFixed(1)} MiB. No key and no token is in it: keep those yourself.`,
    ...lines,
    `Restore it into an empty folder: driftless restore ${folder} --into <folder>`,
  ].join('\n');
}
