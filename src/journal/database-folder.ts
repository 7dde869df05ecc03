/** Whether a folder holds a database, told without loading one. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Files that every complete Postgres data folder has. */
const MARKS = ['PG_VERSION', 'global/pg_control'] as const;

export const isDatabase = (folder: string): boolean => MARKS.every((mark) => existsSync(join(folder, mark)));
