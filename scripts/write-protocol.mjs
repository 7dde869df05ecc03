/** Writes docs/protocol.md from the schemas in src/protocol. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { register } from 'tsx/esm/api';
import { ROOT } from './setup.mjs';

register();
const { protocolReference } = await import('../src/protocol/reference.ts');
writeFileSync(join(ROOT, 'docs', 'protocol.md'), protocolReference());
