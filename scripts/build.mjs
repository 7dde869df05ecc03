/**
 * `npm run build`: makes ahead into `dist/` what a start would build. For an image, whose containers then build nothing and
 * need not write beside the program. Nobody who runs the checkout needs it.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { compileAhead, importCompiled } from './compiled.mjs';
import { CLIENT, COMPUTING } from './driftless.mjs';
import { ROOT, say } from './setup.mjs';
import { writeSbom } from './write-sbom.mjs';

const DIST = join(ROOT, 'dist');
/** With a stopped product they answer from a copy of its journal. */
const LOADED_BY_CLIENT = ['src/runtime/left-behind.ts', 'src/runtime/backup-files.ts'];

rmSync(DIST, { recursive: true, force: true });
say('Compiling the program ...');
await compileAhead(ROOT, 'src/runtime/main.ts', { runsWorkflows: true });
for (const entry of ['src/runtime/tasks.ts', CLIENT, ...Object.values(COMPUTING), ...LOADED_BY_CLIENT]) {
  await compileAhead(ROOT, entry);
}
const { buildAhead } = await importCompiled(ROOT, 'src/runtime/build-ahead.ts');
await buildAhead(ROOT, say);
writeSbom(join(DIST, 'sbom.json'));
say('Built into dist/.');
