/** `driftless export`: a list of the journal for a span of time, whole, to standard output or into a file. */
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type * as z from '../lib/codec.ts';
import { ANSWERS, LISTS, type ListName } from '../protocol/api.ts';
import type { Client } from './client.ts';
import { EXIT } from './exit-codes.ts';
import type { CliPorts } from './ports.ts';
import { type CliArguments, WrongWords } from './program.ts';
import { reading } from './reading.ts';

const PAGE_ROWS = '500';

/** A file's answer is a sentence; to standard output goes the list alone. */
export async function exported({ given, json, url, engine }: CliArguments, ports: CliPorts): Promise<number> {
  const list = String(given.list);
  if (json && list === 'tax') throw new WrongWords('The tax file is CSV: leave out --json.');
  const span = { from: timeOf(given.from), to: timeOf(given.to) };
  if (span.from !== null && span.to !== null && span.from > span.to)
    throw new WrongWords('--from: expected a time not after --to.');
  return await reading({ url, engine }, ports, async ({ client }) => {
    const parts = json ? asJson(client, list, span) : asCsv(client, list, span);
    if (given.out === undefined) {
      for await (const part of parts) await ports.write(part);
      return EXIT.done;
    }
    await writeWhole(given.out, parts);
    ports.tell(`${given.out}: ${list}, ${spanText(span)}.`);
    return EXIT.done;
  });
}

interface Span {
  readonly from: number | null;
  readonly to: number | null;
}

const timeOf = (text: string | undefined): number | null => (text === undefined ? null : Date.parse(text));
const iso = (ms: number | null, other: string): string => (ms === null ? other : new Date(ms).toISOString());
const spanText = ({ from, to }: Span): string => `from ${iso(from, 'the beginning')} to ${iso(to, 'now')}`;

function path(list: string, { from, to }: Span, more: Readonly<Record<string, string>>): string {
  const query = new URLSearchParams(more);
  if (from !== null) query.set('from', String(from));
  if (to !== null) query.set('to', String(to));
  return `/api/${list}?${query}`;
}

const asCsv = (client: Client, list: string, span: Span): AsyncGenerator<string> =>
  client.file(path(list, span, list === 'tax' ? {} : { format: 'csv' }));

/** Whichever list it is: only whether it has its shape is of interest. */
const answers = (codec: z.Codec<unknown, unknown>): z.Codec<unknown, unknown> => codec;

/** One document, page by page, as the list itself is answered: newest first. */
async function* asJson(client: Client, list: string, span: Span): AsyncGenerator<string> {
  if (list === 'balances' || list === 'engines') {
    const { json } = await client.get(`/api/${list}`, answers(ANSWERS[`/api/${list}`]));
    yield `${JSON.stringify(json)}\n`;
    return;
  }
  let cursor: string | null = null;
  let between = '{"items":[';
  do {
    const more = { limit: PAGE_ROWS, ...(cursor === null ? {} : { cursor }) };
    const { json } = await client.get(path(list, span, more), answers(LISTS[list as ListName]));
    const page = json as { readonly items: readonly unknown[]; readonly next_cursor: string | null };
    for (const item of page.items) {
      yield `${between}\n${JSON.stringify(item)}`;
      between = ',';
    }
    cursor = page.next_cursor;
  } while (cursor !== null);
  yield between === ',' ? '\n]}\n' : `${between}]}\n`;
}

/** All of it or nothing: a file that was cut off would look like the list. */
async function writeWhole(file: string, parts: AsyncIterable<string>): Promise<void> {
  const unfinished = `${file}.${process.pid}.part`;
  try {
    await pipeline(Readable.from(parts), createWriteStream(unfinished, { mode: 0o600 }));
    await rename(unfinished, file);
  } catch (error) {
    await rm(unfinished, { force: true });
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new WrongWords(`--out: ${file} cannot be written (${code}).`);
  }
}
