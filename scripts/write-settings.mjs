/** Writes README's table of settings and `.env.example` from src/runtime/setting-table.ts. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { register } from 'tsx/esm/api';
import { ROOT } from './setup.mjs';

register();
const { envExample, withSettingsTable } = await import('../src/runtime/settings-text.ts');
const readme = join(ROOT, 'README.md');
writeFileSync(readme, withSettingsTable(readFileSync(readme, 'utf8')));
writeFileSync(join(ROOT, '.env.example'), envExample());
