/** Temporal's runtime in this process: its lines go to our log. */
import {
  type LogLevel,
  type LogMetadata,
  type MetricsBuffer,
  Runtime,
  type Logger as TemporalLogger,
} from '@temporalio/worker';
import type { Level } from 'pino';
import type { Logger } from './logger.ts';

/** Temporal's own lines as ours, its INFO (worker states, bundler's report) as our debug. */
export function temporalLogger(logger: Logger): TemporalLogger {
  const part = logger.child({ part: 'temporal' });
  const at = (level: LogLevel, message: string, meta?: LogMetadata) => {
    part[level === 'INFO' ? 'debug' : (level.toLowerCase() as Level)](meta ?? {}, message);
  };
  return {
    log: at,
    trace: (message, meta) => at('TRACE', message, meta),
    debug: (message, meta) => at('DEBUG', message, meta),
    info: (message, meta) => at('INFO', message, meta),
    warn: (message, meta) => at('WARN', message, meta),
    error: (message, meta) => at('ERROR', message, meta),
  };
}

/**
 * Call it before the first worker or its connection is made. We end workers ourselves, in our own order, so it gets no
 * signals. Core's lines are forwarded: otherwise they would go to the terminal and not to the file.
 */
export function installTemporalRuntime(logger: Logger, metrics: MetricsBuffer): void {
  Runtime.install({
    logger: temporalLogger(logger),
    shutdownSignals: [],
    telemetryOptions: {
      logging: { filter: { core: 'WARN', other: 'ERROR' }, forward: {} },
      metrics: { buffer: metrics },
    },
  });
}
