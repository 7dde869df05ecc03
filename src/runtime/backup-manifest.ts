/** What a backup says of itself, and whether it is still what it says: docs/architecture/backup.md. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import * as z from '../lib/codec.ts';
import { ValidationError } from '../lib/errors.ts';
import { TEMPORAL_FILES } from './temporal-store.ts';

export const MANIFEST_FILE = 'manifest.json';
export const JOURNAL_FOLDER = 'journal';
const FORMAT = 1;

const BackedUpEngine = z.object({
  engine_id: z.string(),
  mode: z.enum(['paper', 'live']),
  epoch: z.string().about('Of the workflow that wrote the journal’s row.'),
  journal_sequence: z.number(),
  workflow_sequence: z.number().nullable().about('Just before Temporal was copied. Null: the engine did not answer.'),
});

const BackedUpFile = z.object({ path: z.string(), bytes: z.number(), sha256: z.string() });
export type BackedUpFile = z.output<typeof BackedUpFile>;

const Manifest = z.object({
  format: z.literal(FORMAT),
  version: z.string().about('Of the Driftless that made it.'),
  made_at: z.isoTime(),
  made_while: z.enum(['running', 'stopped']),
  journal_id: z.string(),
  migrations: z.array(z.string()).about('Of the journal.'),
  engines: z.array(BackedUpEngine),
  files: z.array(BackedUpFile),
});
export type Manifest = z.output<typeof Manifest>;
export type ManifestJson = z.input<typeof Manifest>;

export const manifestText = (manifest: Omit<Manifest, 'format'>): string =>
  `${JSON.stringify(z.encode(Manifest, { format: FORMAT, ...manifest }), null, 2)}\n`;

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** Every file below the folder but the manifest, by its path with slashes. */
export async function filesIn(folder: string): Promise<readonly BackedUpFile[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => !entry.isDirectory())
    .map(({ parentPath, name }) => relative(folder, join(parentPath, name)).split(sep).join('/'))
    .filter((path) => path !== MANIFEST_FILE)
    .sort();
  const files: BackedUpFile[] = [];
  for (const path of paths) {
    const file = join(folder, path);
    files.push({ path, bytes: (await stat(file)).size, sha256: await sha256Of(file) });
  }
  return files;
}

/** Where a file of a backup may be: a manifest that somebody wrote must not name another place. */
const isOfBackup = (path: string): boolean =>
  TEMPORAL_FILES.includes(path) ||
  (path.startsWith(`${JOURNAL_FOLDER}/`) &&
    path.split('/').every((part) => part !== '' && part !== '.' && part !== '..'));

const bad = (folder: string, why: string): ValidationError =>
  new ValidationError('BACKUP_INVALID', `${folder} is no backup that can be restored: ${why}`, { folder });

/** @throws ValidationError BACKUP_INVALID */
export async function readManifest(folder: string): Promise<Manifest> {
  const text = await readFile(join(folder, MANIFEST_FILE), 'utf8').catch(() => null);
  if (text === null) throw bad(folder, `it has no ${MANIFEST_FILE}.`);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw bad(folder, `${MANIFEST_FILE} is damaged.`);
  }
  const { format } = (typeof json === 'object' && json !== null ? json : {}) as { readonly format?: unknown };
  if (typeof format === 'number' && format > FORMAT)
    throw bad(folder, 'a newer version of Driftless made it. Use that.');
  const manifest = z.read(Manifest, json);
  if (manifest === null) throw bad(folder, `${MANIFEST_FILE} is damaged.`);
  const strange = manifest.files.find(({ path }) => !isOfBackup(path));
  if (strange !== undefined) throw bad(folder, `its manifest names ${strange.path}.`);
  return manifest;
}

/**
 * Compares the files with the manifest.
 * @throws ValidationError BACKUP_INVALID, naming the first file that differs
 */
export async function checkFiles(folder: string, { files }: Pick<Manifest, 'files'>): Promise<void> {
  const found = new Map((await filesIn(folder)).map((file) => [file.path, file]));
  for (const { path, bytes, sha256 } of files) {
    const file = found.get(path);
    if (file === undefined) throw bad(folder, `${path} is missing.`);
    if (file.bytes !== bytes || file.sha256 !== sha256) throw bad(folder, `${path} is not what was backed up.`);
    found.delete(path);
  }
  const [additional] = found.keys();
  if (additional !== undefined) throw bad(folder, `${additional} is not part of it.`);
}
