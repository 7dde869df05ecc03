/** `driftless <command>`: reads the words, does what they say, prints the answer, and says by its exit code how it ended. */

import { type DriftlessError, isDriftlessError } from '../lib/errors.ts';
import type { ErrorInfo } from '../protocol/error.ts';
import { AnsweredWithError, NotReachable } from './client.ts';
import { type CliCommand, COMMANDS } from './commands.ts';
import { EXIT, exitCodeOfError } from './exit-codes.ts';
import type { CliPorts } from './ports.ts';
import { type CliArguments, understand, WrongWords } from './program.ts';

/** The exit code. */
export async function runCli(words: readonly string[], ports: CliPorts): Promise<number> {
  const json = words.includes('--json');
  const found = understand(words, ports.version, ports);
  if (found.kind === 'help') return EXIT.done;
  if (found.kind === 'wrong') return wrong(found.problem, found.see, json, ports);
  const { name } = found;
  try {
    return await run(COMMANDS[name], found.arguments, ports);
  } catch (error) {
    if (error instanceof WrongWords) return wrong(error.message, `driftless ${name} --help`, json, ports);
    if (error instanceof NotReachable)
      return failed({ code: 'UNAVAILABLE', message: error.message }, EXIT.notReachable, json, ports);
    if (error instanceof AnsweredWithError) return failed(error.error, exitCodeOfError(error.error), json, ports);
    if (isDriftlessError(error)) return failedHere(error, json, ports);
    throw error;
  }
}

/** Each is loaded when it is asked for: a look at the state waits for nothing else. */
async function run(command: CliCommand, given: CliArguments, ports: CliPorts): Promise<number> {
  switch (command.kind) {
    case 'asks':
      return await (await import('./asked.ts')).asked(command, given, ports);
    case 'acts':
      return await (await import('./acted.ts')).acted(command, given, ports);
    case 'engines':
      return await (await import('./engines.ts')).engines(given, ports);
    case 'export':
      return await (await import('./exported.ts')).exported(given, ports);
    case 'logs':
      return await (await import('./logs.ts')).logs(given, ports);
    case 'doctor':
      return await (await import('./examined.ts')).examined(given, ports);
    case 'backup':
      return await (await import('./backed-up.ts')).backedUp(given, ports);
    case 'restore':
      return await (await import('./restored.ts')).restored(given, ports);
    case 'token':
      return await (await import('./token.ts')).token(given, ports);
    case 'completion':
      return await (await import('./completion.ts')).completion(given, ports);
  }
}

function wrong(problem: string, see: string, json: boolean, ports: CliPorts): number {
  if (json) return failed({ code: 'INVALID_FIELD', message: problem }, EXIT.usage, json, ports);
  ports.tell(`${problem}\nSee: ${see}`);
  return EXIT.usage;
}

function failed(error: ErrorInfo, code: number, json: boolean, { say, tell }: CliPorts): number {
  if (json) say(JSON.stringify({ error }));
  else tell(error.message);
  return code;
}

/** What went wrong in this process, with the remedy that a person can read. */
function failedHere(error: DriftlessError, json: boolean, { say, tell }: CliPorts): number {
  const { remedy } = error.details;
  if (json) say(JSON.stringify({ error: error.report() }));
  else tell(typeof remedy === 'string' ? `${error.message}\nRemedy: ${remedy}` : error.message);
  return EXIT.failed;
}
