/** Log files as lines, in the order of time, whichever process wrote them and in however many files. */
import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export interface LogLine {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly level: number;
  readonly pid: number | null;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export const LEVELS = { trace: 10, debug: 20, info: 30, warn: 40, error: 50, fatal: 60 } as const;
export type LevelName = keyof typeof LEVELS;
export const levelName = (level: number): string =>
  Object.entries(LEVELS).find(([, value]) => value >= level)?.[0] ?? 'fatal';

const FILE = /^driftless\.(\d{4}-\d{2}-\d{2})\.(\d+)\.log$/;

/** Null: no line of ours, such as half of one at the end of a process that was killed. */
export function parseLine(text: string): LogLine | null {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof json !== 'object' || json === null) return null;
  const { level, time, pid, msg, ...fields } = json as Record<string, unknown>;
  const at = typeof time === 'string' ? Date.parse(time) : Number.NaN;
  if (typeof level !== 'number' || !Number.isFinite(at)) return null;
  return {
    ...{ at, level, fields },
    pid: typeof pid === 'number' ? pid : null,
    message: typeof msg === 'string' ? msg : '',
  };
}

/** The log files of a folder, oldest first. @throws as `readdir` */
export async function logFilesIn(folder: string): Promise<readonly string[]> {
  const dated = (await readdir(folder)).flatMap((name) => {
    const [, day, number] = FILE.exec(name) ?? [];
    return day === undefined ? [] : [{ name, day, number: Number(number) }];
  });
  return dated
    .sort((a, b) => (a.day === b.day ? a.number - b.number : a.day < b.day ? -1 : 1))
    .map(({ name }) => join(folder, name));
}

/** Line by line: a file of a busy day is not held in memory. */
export async function* linesOf(files: readonly string[]): AsyncGenerator<LogLine> {
  for (const file of files) {
    const input = createReadStream(file, 'utf8');
    try {
      for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
        const line = parseLine(text);
        if (line !== null) yield line;
      }
    } finally {
      input.destroy();
    }
  }
}
