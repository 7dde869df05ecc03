/** Jest runs this before the first test file: one Temporal server for all of them. */
import { tsImport } from 'tsx/esm/api';

export default async function globalSetup() {
  const { startTemporalServer } = await tsImport('./temporal-server.ts', import.meta.url);
  globalThis.stopTemporalServer = await startTemporalServer();
}
