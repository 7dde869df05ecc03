/** Drift's SDK builds the instructions. It takes a second to load, so a process that only reads never does. */
import { createRequire } from 'node:module';
import type * as DriftSdk from '@drift-labs/sdk';

const load = createRequire(import.meta.url);

export const driftSdk = (): typeof DriftSdk => load('@drift-labs/sdk') as typeof DriftSdk;
