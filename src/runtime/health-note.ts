/**
 * How a process that serves no HTTP shows its health: a file in the data folder, written after each look at the parts.
 * scripts/healthy.mjs reads it, as a container's probe.
 */
import { writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Readiness } from '../bridge/ports.ts';

/** Containers that share a data folder have a note each. */
const healthFile = () => `health.${hostname()}`;
const READY = 'ready';
/** Without them a worker does nothing. Feed and venue have restrictions and alerts of their own. */
const NEEDED = ['temporal', 'journal', 'worker'] as const;

/** The same look, noted. */
export function notingHealth(home: string, look: () => Promise<Readiness>): () => Promise<Readiness> {
  const path = join(home, healthFile());
  return async () => {
    const found = await look();
    // A note that cannot be written grows old, and says enough by that.
    await writeFile(path, healthText(found)).catch(() => undefined);
    return found;
  };
}

function healthText(found: Readiness): string {
  const missing = NEEDED.filter((part) => !found[part].ok).map((part) => `${part}: ${found[part].detail}`);
  return missing.length === 0 ? `${READY}\n` : `not ready, ${missing.join('; ')}\n`;
}
