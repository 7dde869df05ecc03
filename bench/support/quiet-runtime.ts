/** Temporal's SDK writes its workers' life to the terminal: here only errors. */
import { DefaultLogger, Runtime } from '@temporalio/worker';

export const quietRuntime = (): void => void Runtime.install({ logger: new DefaultLogger('ERROR') });
