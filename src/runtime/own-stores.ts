/** Stores that are not ours to copy: their own tools do it, and the order matters as it does for ours. */
import { ValidationError } from '../lib/errors.ts';
import type { Settings } from './config.ts';

const ORDER =
  'Back up Temporal’s database first (the tool of that database, or of your Temporal Cloud), the journal second ' +
  '(pg_dump of DATABASE_URL). Before you start anything on restored databases, stop the original for good.';

/** @throws ValidationError EXTERNAL_STORES unless both are in the data folder */
export function requireOwnStores({ databaseUrl, temporal }: Pick<Settings, 'databaseUrl' | 'temporal'>): void {
  const external = [
    ...(temporal.address === null ? [] : ['Temporal (TEMPORAL_ADDRESS)']),
    ...(databaseUrl === null ? [] : ['the journal (DATABASE_URL)']),
  ];
  if (external.length === 0) return;
  throw new ValidationError(
    'EXTERNAL_STORES',
    `${external.join(' and ')} ${external.length === 1 ? 'is' : 'are'} outside the data folder, so Driftless makes no backup.`,
    { remedy: ORDER },
  );
}
