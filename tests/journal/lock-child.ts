/** A process that tries to lock a folder on request, prints the result, and stays. */

import { once } from 'node:events';
import { writeSync } from 'node:fs';
import { lockDataFolder } from '../../src/journal/data-lock.ts';

const [folder = '', url = ''] = process.argv.slice(2);
const STDOUT = 1;
writeSync(STDOUT, 'ready\n');
await once(process.stdin, 'data');
const lock = await lockDataFolder(folder, { pid: process.pid, url: url === '' ? null : url });
writeSync(STDOUT, `${JSON.stringify({ kind: lock.kind, by: lock.kind === 'held' ? lock.by : null })}\n`);
setInterval(() => {}, 1_000);
