/**
 * One statement of Postgres' extended protocol as one message: parse, bind, describe, execute, sync. PGlite's own
 * `query` makes six calls into the database, half of a small statement's cost. Parameters go as text
 * and untyped, as node-postgres sends them, so that both databases infer the same types. The database keeps a
 * parsed statement and its plan under a name, because parsing and planning is most of the rest of a small statement's cost.
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
/** We have some dozens, and more for lists and writes of other sizes; beyond this limit a statement is parsed each time. */
const MAX_KEPT = 256;

/** A statement that the database knows by a name. After an error of the statement, that is no longer certain. */
interface PreparedStatement {
  readonly name: string;
  known: boolean;
}

/** They last as long as the database's single session. */
const KEPT = new WeakMap<PGlite, Map<string, PreparedStatement>>();

type ProtocolMessage = Awaited<ReturnType<PGlite['execProtocol']>>['messages'][number];

interface StatementResult {
  readonly command: string;
  readonly rowCount: number;
  readonly rows: readonly Readonly<Record<string, unknown>>[];
}

type Parsers = Readonly<Record<number, (text: string) => unknown>>;

/** @throws the database's error, with its code, as PGlite throws it */
export async function runStatement(
  db: PGlite,
  sql: string,
  parameters: readonly unknown[],
  parsers: Parsers,
): Promise<StatementResult> {
  const values = valuesOf(parameters);
  const { messages } = await db.runExclusive(async () => {
    const kept = keptOf(db, sql);
    const parse = kept?.known === true ? [] : parseMessages(sql, kept);
    const bind = framed('B', NO_NAME, `${kept?.name ?? ''}\0`, '\0\0', ...values, '\0\0');
    const message = Buffer.concat([...parse, bind, DESCRIBE_PORTAL, EXECUTE_ALL, SYNC]);
    if (kept !== null) kept.known = false;
    const answer = await db.execProtocol(message);
    if (kept !== null) kept.known = true;
    return answer;
  });
  return resultOf(messages, (type) => parsers[type] ?? db.parsers[type]);
}

/** Null: the limit is reached. */
function keptOf(db: PGlite, sql: string): PreparedStatement | null {
  const all = KEPT.get(db) ?? new Map<string, PreparedStatement>();
  KEPT.set(db, all);
  const kept = all.get(sql);
  if (kept !== undefined) return kept;
  if (all.size >= MAX_KEPT) return null;
  const added = { name: `kept_${all.size}`, known: false };
  all.set(sql, added);
  return added;
}

/** Closing an unknown name is not an error. */
function parseMessages(sql: string, kept: PreparedStatement | null): readonly Buffer[] {
  const name = `${kept?.name ?? ''}\0`;
  const parse = framed('P', name, sql, '\0\0\0');
  return kept === null ? [parse] : [framed('C', `S${name}`), parse];
}

function valuesOf(parameters: readonly unknown[]): readonly Buffer[] {
  if (parameters.length > MAX_PARAMETERS) throw new RangeError(`${parameters.length} parameters in one statement`);
  const values = parameters.flatMap((parameter) => {
    const text = textOf(parameter);
    return text === null ? [int32(NULL_LENGTH)] : [int32(Buffer.byteLength(text)), Buffer.from(text)];
  });
  return [int16(parameters.length), ...values];
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
  messages: readonly ProtocolMessage[],
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
