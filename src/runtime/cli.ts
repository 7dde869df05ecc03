/** The command line's client in this process: where the product is, the terminal, and ids. */
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { parse } from 'dotenv';
import type { ClientPlace } from '../cli/client.ts';
import { isCommandName } from '../cli/commands.ts';
import { runCli } from '../cli/run.ts';
import { SETTINGS } from './setting-table.ts';

/** Hosts to listen on that are no address to connect to. */
const EVERYWHERE = new Set(['0.0.0.0', '::', '[::]']);

/** The exit code. */
export async function main(words: readonly string[], name: string): Promise<number> {
  if (!isCommandName(name)) throw new Error(`${name} is no command of the client`);
  const tell = (line: string) => void process.stderr.write(`${line}\n`);
  return await runCli(name, words, {
    say: (line) => void process.stdout.write(`${line}\n`),
    tell,
    place,
    ask: process.stdin.isTTY ? ask : null,
    newId: randomUUID,
  });
}

/** HOST, PORT and the token as the product has them: from the environment, `.env`, or the data folder. */
async function place(given: string | undefined): Promise<ClientPlace> {
  const kept = parse(await readFile('.env').catch(() => ''));
  const setting = (name: string): string | undefined => process.env[name] || kept[name] || undefined;
  const host = setting('HOST') ?? String(SETTINGS.HOST.fallback);
  const port = setting('PORT') ?? String(SETTINGS.PORT.fallback);
  const name = EVERYWHERE.has(host) ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host;
  const url = given ?? `http://${name}:${port}`;
  const home = resolve(setting('DRIFTLESS_HOME') ?? String(SETTINGS.DRIFTLESS_HOME.fallback));
  return { url, token: setting('DRIFTLESS_TOKEN') ?? (await tokenIn(home)) };
}

/** A product with --localnet keeps its data, and its token, in a folder of its own. */
async function tokenIn(home: string): Promise<string> {
  for (const folder of [home, join(home, 'localnet')]) {
    const token = await readFile(join(folder, 'token'), 'utf8').catch(() => '');
    if (token.trim() !== '') return token.trim();
  }
  return '';
}

async function ask(question: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await terminal.question(question);
  } finally {
    terminal.close();
  }
}
