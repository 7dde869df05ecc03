/** Dumps of mainnet's Drift accounts of September 2024, used where they lie beside the repository. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const RECORDING = fileURLToPath(new URL('../../../../shared/data/drift-accounts-2024-09/', import.meta.url));
export const hasRecording = (): boolean => existsSync(RECORDING);
