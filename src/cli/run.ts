/** `driftless status`, `close` and their kin: reads the words, asks the running product, prints, and says how it ended. */

import { ANSWERS } from '../protocol/api.ts';
import type { ErrorInfo } from '../protocol/error.ts';
import type { CommandResult } from '../protocol/result.ts';
import { type CliArguments, helpOf, readArguments, WrongWords } from './arguments.ts';
import { AnsweredWithError, Client, type ClientPlace, NotReachable } from './client.ts';
import { type ActingCommand, type AskingCommand, type CliCommand, COMMANDS, type CommandName } from './commands.ts';
import { historyText, positionsText, previewText, resultText, statusText } from './texts.ts';

export interface CliPorts {
  readonly say: (line: string) => void;
  /** Progress, questions and errors: standard output holds only the answer. */
  readonly tell: (line: string) => void;
  /** Where the product is, and who may speak to it. */
  readonly place: (url: string | undefined) => Promise<ClientPlace>;
  /** Null: there is nobody to ask. */
  readonly ask: ((question: string) => Promise<string>) | null;
  readonly newId: () => string;
}

const EXIT = { done: 0, failed: 1, usage: 2, refused: 3, notReachable: 4 } as const;
/** An exit may wait 10 minutes for the venue, and then take five. */
const END_WITHIN_MS = 1_200_000;

/** The exit code. */
export async function runCli(name: CommandName, words: readonly string[], ports: CliPorts): Promise<number> {
  const command: CliCommand = COMMANDS[name];
  try {
    const read = readArguments(command, words);
    if (read === 'help') {
      ports.say(helpOf(name, command));
      return EXIT.done;
    }
    const client = new Client(await ports.place(read.url));
    return command.kind === 'asks'
      ? await asked(command, read, client, ports)
      : await acted(command, read, client, ports);
  } catch (error) {
    if (error instanceof WrongWords) {
      ports.tell(`${error.message}\nSee: driftless ${name} --help`);
      return EXIT.usage;
    }
    if (error instanceof NotReachable)
      return failed({ code: 'UNAVAILABLE', message: error.message }, EXIT.notReachable, words, ports);
    if (error instanceof AnsweredWithError) return failed(error.error, codeOf(error.error), words, ports);
    throw error;
  }
}

function failed(error: ErrorInfo, code: number, words: readonly string[], { say, tell }: CliPorts): number {
  if (words.includes('--json')) say(JSON.stringify({ error }));
  else tell(error.message);
  return code;
}

async function asked(
  { shows }: AskingCommand,
  { given, json }: CliArguments,
  client: Client,
  { say }: CliPorts,
): Promise<number> {
  if (shows === 'history') {
    const limit = given.limit ?? '20';
    if (!/^[1-9]\d{0,2}$/.test(limit)) throw new WrongWords('--limit: a whole number from 1 to 999.');
    const answer = await client.get(`/api/operations?limit=${limit}`, ANSWERS['/api/operations']);
    say(json ? JSON.stringify(answer.json) : historyText(answer.value.items));
    return EXIT.done;
  }
  const answer = await client.get('/api/state', ANSWERS['/api/state']);
  const positions = (answer.json as { drift_state: { positions: unknown } }).drift_state.positions;
  if (json) say(JSON.stringify(shows === 'status' ? answer.json : { positions }));
  else say(shows === 'status' ? statusText(answer.value) : positionsText(answer.value));
  return EXIT.done;
}

async function acted(command: ActingCommand, read: CliArguments, client: Client, ports: CliPorts): Promise<number> {
  const { value: state } = await client.get('/api/state', ANSWERS['/api/state']);
  const commandId = read.commandId ?? ports.newId();
  // A product that was started anew in the other mode meanwhile refuses it.
  const data = { ...command.data(read.given), mode: state.engine.mode };
  const send = (more: object = {}) =>
    client.command({ action: command.action, commandId, data: { ...data, ...more } }, END_WITHIN_MS, (first) => {
      ports.tell(`${first.message} (command ${commandId})`);
    });
  let result = await send();
  while (result.data.status === 'confirmation_required') {
    if (!(await isConfirmed(result, read, state.engine.mode, ports))) break;
    result = await send({ confirmation_token: result.data.confirmation_token });
  }
  ports.say(read.json ? JSON.stringify(result) : resultText(result));
  return exitCodeOf(result);
}

async function isConfirmed(
  result: CommandResult,
  { yes }: CliArguments,
  mode: string,
  ports: CliPorts,
): Promise<boolean> {
  ports.tell(`${result.message} Mode: ${mode}.\n${previewText(result.data.preview)}`);
  if (yes) return true;
  if (ports.ask === null) {
    ports.tell('Not confirmed: add --yes to confirm it.');
    return false;
  }
  return /^y(es)?$/i.test((await ports.ask('Do it? [y/N] ')).trim());
}

function exitCodeOf({ data: { status }, error }: CommandResult): number {
  if (status === 'done') return EXIT.done;
  if (status === 'rejected' && error !== undefined) return codeOf(error);
  return status === 'rejected' || status === 'confirmation_required' ? EXIT.refused : EXIT.failed;
}

/** A part behind the bridge that does not answer is as good as no bridge. */
const codeOf = ({ code }: ErrorInfo): number =>
  code === 'UNAVAILABLE' ? EXIT.notReachable : code === 'INVALID_FIELD' ? EXIT.usage : EXIT.refused;
