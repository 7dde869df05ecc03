/**
 * `driftless logs`: the log of all processes as one. Of an operation it is a story: its own lines, those of its command, and the
 * steps that the journal has, with a mark where another process went on.
 */
import { ANSWERS } from '../protocol/api.ts';
import { AnsweredWithError, NotReachable } from './client.ts';
import type { Given } from './commands.ts';
import { EXIT } from './exit-codes.ts';
import { LEVELS, type LevelName, type LogLine, levelName, linesOf, logFilesIn } from './log-lines.ts';
import type { Paint } from './paint.ts';
import type { CliPorts } from './ports.ts';
import { BETWEEN, type CliArguments, WrongWords } from './program.ts';
import { reading } from './reading.ts';

const LAST_LINES = 100;

export async function logs(read: CliArguments, ports: CliPorts): Promise<number> {
  const { given, json } = read;
  const folders = given.dir?.split(BETWEEN) ?? (await ports.logFolders());
  const files = (await Promise.all(folders.map(filesIn))).flat();
  if (files.length === 0) {
    throw new WrongWords(
      `There is no log in ${folders.join(', ')}. Set LOG_DIR or DRIFTLESS_HOME, or name it by --dir.`,
    );
  }
  const ids = await relatedIds(given, files);
  const steps = given.operation === undefined ? [] : await stepsOf(given.operation, read, ports);
  const wanted = { ids, leastLevel: LEVELS[(given.level ?? leastOf(ids)) as LevelName], ...spanOf(given) };
  const limit = given.limit === undefined ? limitOf(ids) : Number(given.limit);
  const lines = await chosen(files, wanted, limit);
  const story = [...lines, ...steps].sort((a, b) => a.at - b.at);
  if (json) ports.say(JSON.stringify({ ...idsJson(ids), items: story.map(lineJson) }));
  else if (story.length > 0) ports.say(storyText(story, ports.paint));
  else ports.tell(`The log has nothing of it (${files.length} files).`);
  return given.operation !== undefined && story.length === 0 ? EXIT.failed : EXIT.done;
}

const filesIn = async (folder: string): Promise<readonly string[]> => await logFilesIn(folder).catch(() => []);

/** What a line must belong to; null: anything. */
interface Ids {
  readonly operations: ReadonlySet<string>;
  readonly commands: ReadonlySet<string>;
  readonly engine: string | null;
}

const isAnything = ({ operations, commands, engine }: Ids): boolean =>
  operations.size === 0 && commands.size === 0 && engine === null;
/** Of one operation everything is of interest; of all, only what a person should know. */
const leastOf = ({ operations, commands }: Ids): LevelName => (operations.size + commands.size > 0 ? 'trace' : 'info');
const limitOf = (ids: Ids): number => (isAnything(ids) ? LAST_LINES : Number.POSITIVE_INFINITY);
const spanOf = ({ from, to }: Given) => ({
  fromMs: from === undefined ? Number.NEGATIVE_INFINITY : Date.parse(from),
  toMs: to === undefined ? Number.POSITIVE_INFINITY : Date.parse(to),
});

const text = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);
const WORKFLOW = /^operation:(.+)$/;

/** The operation of a line, by its own field or its workflow. */
const operationOf = ({ fields }: LogLine): string | null =>
  text(fields.operationId) ?? WORKFLOW.exec(text(fields.workflowId) ?? '')?.[1] ?? null;
const commandOf = ({ fields }: LogLine): string | null => text(fields.commandId) ?? text(fields.command_id);
const engineOf = ({ fields }: LogLine): string | null =>
  text(fields.engineId) ??
  text(fields.engine_id) ??
  (/^engine:/.exec(text(fields.workflowId) ?? '') ? text(fields.workflowId) : null);

/** A line that names both an operation and a command ties the two together. */
async function relatedIds(given: Given, files: readonly string[]): Promise<Ids> {
  const operations = new Set(given.operation === undefined ? [] : [given.operation]);
  const commands = new Set(given.command === undefined ? [] : [given.command]);
  const engine = given.engine ?? null;
  if (operations.size + commands.size === 0) return { operations, commands, engine };
  for await (const line of linesOf(files)) {
    const operation = operationOf(line);
    const command = commandOf(line);
    if (operation === null || command === null) continue;
    if (operations.has(operation)) commands.add(command);
    else if (commands.has(command)) operations.add(operation);
  }
  return { operations, commands, engine };
}

interface LinesWanted {
  readonly ids: Ids;
  readonly leastLevel: number;
  readonly fromMs: number;
  readonly toMs: number;
}

function isWanted(line: LogLine, { ids, leastLevel, fromMs, toMs }: LinesWanted): boolean {
  if (line.level < leastLevel || line.at < fromMs || line.at > toMs) return false;
  if (ids.engine !== null && engineOf(line) !== ids.engine) return false;
  if (ids.operations.size + ids.commands.size === 0) return true;
  const operation = operationOf(line);
  const command = commandOf(line);
  return (operation !== null && ids.operations.has(operation)) || (command !== null && ids.commands.has(command));
}

/** The last ones, if there is a limit. */
async function chosen(files: readonly string[], wanted: LinesWanted, limit: number): Promise<readonly LogLine[]> {
  const lines: LogLine[] = [];
  for await (const line of linesOf(files)) {
    if (!isWanted(line, wanted)) continue;
    lines.push(line);
    // Files of several folders overlap in time: the last ones are known when each was read to its end.
    if (lines.length > 2 * limit) lines.sort((a, b) => a.at - b.at).splice(0, lines.length - limit);
  }
  const ordered = lines.sort((a, b) => a.at - b.at);
  return Number.isFinite(limit) ? ordered.slice(-limit) : ordered;
}

/** The journal knows each step, whichever process took it. Without it the log alone tells what it can. */
async function stepsOf(operation: string, read: CliArguments, ports: CliPorts): Promise<readonly LogLine[]> {
  try {
    return await reading(read, ports, async ({ client }) => {
      const path = `/api/steps?operation_id=${encodeURIComponent(operation)}`;
      const { value } = await client.get(path, ANSWERS['/api/steps']);
      return value.items.map((step) => ({
        at: step.ts,
        level: LEVELS.info,
        pid: null,
        message: `step ${step.sequence}: ${step.stage}${step.outcome === null ? '' : `, ${step.outcome}`}`,
        fields: {
          ...{ part: 'journal', operationId: operation, workflowId: `operation:${operation}` },
          ...(step.command_id === null ? {} : { commandId: step.command_id }),
          ...(step.attempt === null ? {} : { attempt: step.attempt }),
          ...(step.signature === null ? {} : { signature: step.signature }),
        },
      }));
    });
  } catch (error) {
    if (!(error instanceof NotReachable) && !(error instanceof AnsweredWithError)) throw error;
    ports.tell(`The journal's steps are missing here: ${error.message.split('\n')[0]}`);
    return [];
  }
}

const idsJson = ({ operations, commands, engine }: Ids) => ({
  ...{ operation_ids: [...operations], command_ids: [...commands], engine_id: engine },
});

const lineJson = ({ at, level, pid, message, fields }: LogLine) => ({
  ...{ ts: new Date(at).toISOString(), level: levelName(level), pid, message, fields },
});

/** Each line knows where it belongs; on screen that would hide what it says. */
const NOT_SHOWN: ReadonlySet<string> = new Set([
  ...['part', 'hostname', 'operationId', 'commandId', 'engineId', 'engine_id', 'workflowId', 'runId', 'err', 'error'],
  ...[
    'namespace',
    'taskQueue',
    'workflowType',
    'activityId',
    'taskToken',
    'workflowRunId',
    'attempt',
    'isLocal',
    'sdkComponent',
  ],
]);
const MAX_FIELD_CHARS = 80;

function storyText(lines: readonly LogLine[], paint: Paint): string {
  let pid: number | null = null;
  const out: string[] = [];
  for (const line of lines) {
    if (line.pid !== null && line.pid !== pid) {
      out.push(paint.dim(pid === null ? `-- process ${line.pid}` : `-- process ${line.pid} goes on`));
      pid = line.pid;
    }
    out.push(lineText(line, paint));
  }
  return out.join('\n');
}

function lineText({ at, level, message, fields }: LogLine, paint: Paint): string {
  const name = levelName(level).toUpperCase().padEnd(5);
  const colour = level >= LEVELS.error ? paint.bad : level >= LEVELS.warn ? paint.warn : paint.good;
  const part = text(fields.part);
  const more = Object.entries(fields).flatMap(([key, value]) => (NOT_SHOWN.has(key) ? [] : [`${key}=${short(value)}`]));
  return [
    ...[
      paint.dim(new Date(at).toISOString()),
      colour(name),
      `${part === null ? '' : `${part}: `}${message}${reason(fields)}`,
    ],
    ...(more.length === 0 ? [] : [paint.dim(more.join(' '))]),
  ].join(' ');
}

function short(value: unknown): string {
  const whole = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  return whole.length > MAX_FIELD_CHARS ? `${whole.slice(0, MAX_FIELD_CHARS)}…` : whole;
}

function reason({ err, error }: LogLine['fields']): string {
  const of = (err ?? error) as { readonly message?: unknown } | undefined;
  const why = typeof of === 'object' ? text(of?.message) : text(of);
  return why === null ? '' : ` (${why.split('\n')[0]})`;
}
