/** A real logger whose lines are kept, to be looked at. */
import { pino } from 'pino';
import type { Logger } from '../../src/runtime/logger.ts';

interface Line {
  readonly level: number;
  readonly code?: string;
  readonly error?: { readonly code?: string };
}

export const WARN = 40;
export const ERROR = 50;

export class KeptLog {
  private readonly lines: Line[] = [];
  readonly logger: Logger = pino(
    { level: 'debug' },
    { write: (line: string) => void this.lines.push(JSON.parse(line)) },
  );

  /** Lines so far. */
  get length(): number {
    return this.lines.length;
  }

  /** Whether the code stands in a line at least as loud, after the first `from`. */
  has(code: string, level: number, from = 0): boolean {
    return this.lines
      .slice(from)
      .some((line) => line.level >= level && (line.code === code || line.error?.code === code));
  }

  loud(level: number, from: number): number {
    return this.lines.slice(from).filter((line) => line.level >= level).length;
  }
}
