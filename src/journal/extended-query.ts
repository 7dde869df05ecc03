/**
 * One statement of Postgres' extended protocol as one message: parse, bind, describe, execute, sync. PGlite's own
 * `query` makes six calls into the database of it, which is half of what a small statement costs. Parameters go as text
 * and untyped, as node-postgres sends them, so that both databases infer the same types.
 */
import { Buffer } from 'node:buffer';
import type { PGlite } from '@electric-sql/pglite';

const NO_NAME = '\0';
const SYNC = framed('S', '');
const EXECUTE_ALL = framed('E', `${NO_NAME}\0\0\0\0`);
const DESCRIBE_PORTAL = framed('D', `P${NO_NAME}`);
const NULL_LENGTH = -1;
/** Postgres counts parameters in 16 bits. */
const MAX_PARAMETERS = 65_535;

type Answer = Awaited<ReturnType<PGlite['execProtocol']>>['messages'][number];

export interface StatementResult {
  readonly command: string;
  readonly rowCount: number;
  readonly rows: readonly Readonly<Record<string, unknown>>[];
}

export type Parsers = Readonly<Record<number, (text: string) => unknown>>;

/** @throws the database's error, with its code, as PGlite throws it */
export async function runStatement(
  db: PGlite,
  sql: string,
  parameters: readonly unknown[],
  parsers: Parsers,
): Promise<StatementResult> {
  const message = statementMessage(sql, parameters);
  const { messages } = await db.runExclusive(() => db.execProtocol(message));
  return resultOf(messages, (type) => parsers[type] ?? db.parsers[type]);
}

function statementMessage(sql: string, parameters: readonly unknown[]): Uint8Array {
  if (parameters.length > MAX_PARAMETERS) throw new RangeError(`${parameters.length} parameters in one statement`);
  const parse = framed('P', NO_NAME, sql, '\0\0\0');
  const values = parameters.flatMap((parameter) => {
    const text = textOf(parameter);
    return text === null ? [int32(NULL_LENGTH)] : [int32(Buffer.byteLength(text)), Buffer.from(text)];
  });
  const bind = framed('B', `${NO_NAME}${NO_NAME}\0\0`, int16(parameters.length), ...values, '\0\0');
  return Buffer.concat([parse, bind, DESCRIBE_PORTAL, EXECUTE_ALL, SYNC]);
}

function textOf(parameter: unknown): string | null {
  switch (typeof parameter) {
    case 'string':
      return parameter;
    case 'number':
    case 'bigint':
    case 'boolean':
      return String(parameter);
    case 'undefined':
      return null;
    default:
      if (parameter === null) return null;
      throw new TypeError('A parameter of the journal is text, a number, true or false, or null.');
  }
}

/** A message of the frontend: its letter, its length without the letter, its content. */
function framed(letter: string, ...content: readonly (string | Buffer)[]): Buffer {
  const body = Buffer.concat(content.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)));
  return Buffer.concat([Buffer.from(letter), int32(body.length + 4), body]);
}

function int16(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function resultOf(
  messages: readonly Answer[],
  parserOf: (type: number) => ((text: string) => unknown) | undefined,
): StatementResult {
  let columns: readonly { readonly name: string; readonly dataTypeID: number }[] = [];
  let tag = '';
  const rows: Record<string, unknown>[] = [];
  for (const message of messages) {
    if (message.name === 'rowDescription') columns = (message as unknown as { fields: typeof columns }).fields;
    else if (message.name === 'dataRow') {
      const { fields } = message as unknown as { readonly fields: readonly (string | null)[] };
      rows.push(
        Object.fromEntries(
          columns.map(({ name, dataTypeID }, place) => {
            const text = fields[place] ?? null;
            const parse = parserOf(dataTypeID);
            return [name, text === null || parse === undefined ? text : parse(text)];
          }),
        ),
      );
    } else if (message.name === 'commandComplete') tag = (message as unknown as { readonly text: string }).text;
  }
  // "INSERT 0 1", "UPDATE 3", "SELECT 2", "BEGIN"
  const [command = 'SELECT', ...counts] = tag.split(' ');
  return { command, rowCount: Number(counts.at(-1) ?? 0), rows };
}
