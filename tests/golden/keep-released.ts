/**
 * Keeps the golden histories as those of the version in package.json, when it is released: `npx tsx tests/golden/keep-released.ts`.
 * From then on every later version must replay them, even if the histories themselves are recorded anew.
 */
import { fileURLToPath } from 'node:url';
import { versionIn } from '../../src/runtime/version.ts';
import { historyNames, keepReleased, readHistory } from './history-file.ts';

const version = versionIn(fileURLToPath(new URL('../..', import.meta.url)));
keepReleased(version, historyNames().map(readHistory));
process.stdout.write(`Kept the histories of ${version} in tests/golden/released.\n`);
