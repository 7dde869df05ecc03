/** The table of commands as a program of commander: it reads the words, writes the help, and suggests what was meant. */
import { Argument, Command, CommanderError, Option } from 'commander';
import type { CliCommand, CommandName, Given } from './commands.ts';
import { COMMANDS } from './commands.ts';
import { PROGRAMS } from './programs.ts';

/** Wrong words: told with where the right ones stand, exit code 2. */
export class WrongWords extends Error {}

export interface CliArguments {
  readonly given: Given;
  readonly json: boolean;
  /** Consent to what a confirmation would show. */
  readonly yes: boolean;
  readonly commandId: string | undefined;
  readonly url: string | undefined;
  /** Of several that one process runs. */
  readonly engine: string | undefined;
}

/** The words as they were understood. Help is not: it is said, and that is all. */
type Understood =
  | { readonly kind: 'command'; readonly name: CommandName; readonly arguments: CliArguments }
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly problem: string; readonly see: string };

/** What one of several values is kept behind. */
export const BETWEEN = '\n';

const COMMAND_ID = /^[\w.:-]{1,128}$/;
const WIDTH = 110;

const EXIT_CODES = 'Exit codes: 0 done, 1 failed, 2 usage, 3 refused by the engine, 4 not reachable.';
const PLACE =
  'Address and token are found by HOST, PORT, DRIFTLESS_TOKEN and DRIFTLESS_HOME, as the product has them (environment or .env).';

type Ran = (name: CommandName, words: readonly string[], options: Readonly<Record<string, unknown>>) => void;

/** @param version of the product */
export function programOf(version: string, ran: Ran = () => {}): Command {
  const program = new Command('driftless')
    .description('Driftless, a delta-neutral funding engine, from the command line.')
    .version(version, '-V, --version', 'the version')
    .helpOption('-h, --help', 'this text')
    .helpCommand('help [command]', 'the options of a command')
    .addHelpText('after', `\n${PLACE}\n${EXIT_CODES}`)
    .configureHelp({ helpWidth: WIDTH })
    .exitOverride();
  for (const [name, about] of Object.entries(PROGRAMS)) {
    // It has options of its own, and its own help.
    program.addCommand(new Command(name).description(about).helpOption(false).copyInheritedSettings(program));
  }
  for (const [name, command] of Object.entries(COMMANDS)) {
    program.addCommand(commandOf(program, name as CommandName, command, ran));
  }
  return program;
}

function commandOf(program: Command, name: CommandName, row: CliCommand, ran: Ran): Command {
  const command = new Command(name).copyInheritedSettings(program).summary(row.about);
  command
    .description(`${row.about.charAt(0).toUpperCase()}${row.about.slice(1)}.`)
    .helpOption('-h, --help', 'this text');
  for (const one of row.arguments) {
    const argument = new Argument(one.fallback === undefined ? `<${one.name}>` : `[${one.name}]`, one.about);
    if (one.fallback !== undefined) argument.default(one.fallback);
    if (one.choices !== undefined) argument.choices(one.choices);
    command.addArgument(argument);
  }
  for (const [flag, about] of Object.entries(row.options)) {
    const value = about.value === undefined ? '' : ` <${about.value}${about.many === true ? '...' : ''}>`;
    const option = new Option(`--${flag}${value}`, about.about).makeOptionMandatory(about.required === true);
    if (about.choices !== undefined) option.choices(about.choices);
    command.addOption(option);
  }
  if (row.kind === 'acts') {
    command.option('-y, --yes', 'confirm what the engine asks to be confirmed');
    command.option('--command-id <id>', 'the same id again never does it twice (made by default)');
  }
  if (ofOneEngine(row)) command.option('--engine <name>', 'one of ENGINES_FILE, by its name or id (the own one)');
  command.option('--json', 'the whole answer as JSON');
  command.option('--url <address>', 'of the page, where it is not found by itself');
  command.addHelpText('after', `\nExample: ${row.example}\n${EXIT_CODES}`);
  return command.action(() => ran(name, command.processedArgs.map(String), command.opts()));
}

/** `engines` is about all of them, and `logs` has an option of that name for what it means by it. */
const ofOneEngine = (row: CliCommand): boolean => row.kind === 'acts' || row.kind === 'asks' || row.kind === 'export';

interface Speaking {
  readonly say: (text: string) => void;
  readonly tell: (text: string) => void;
}

export function understand(words: readonly string[], version: string, { say, tell }: Speaking): Understood {
  let found: Understood = { kind: 'help' };
  const program = programOf(version, (name, values, options) => {
    found = { kind: 'command', name, arguments: argumentsOf(COMMANDS[name], values, options) };
  });
  const out = {
    writeOut: (text: string) => say(text.trimEnd()),
    writeErr: (text: string) => tell(text.trimEnd()),
    outputError: () => {},
  };
  for (const one of [program, ...program.commands]) one.configureOutput(out);
  const name = program.commands.some((one) => one.name() === words[0]) ? words[0] : null;
  const see = `driftless ${name === null ? '' : `${name} `}--help`;
  try {
    program.parse([...words], { from: 'user' });
    return found;
  } catch (error) {
    if (error instanceof WrongWords) return { kind: 'wrong', problem: error.message, see };
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === 'commander.helpDisplayed' || error.code === 'commander.version') return { kind: 'help' };
    // Without a command the help is shown, and something is missing all the same.
    const problem = error.code === 'commander.help' ? 'No command is given.' : sentence(error.message);
    return { kind: 'wrong', problem, see };
  }
}

function argumentsOf(
  row: CliCommand,
  values: readonly string[],
  options: Readonly<Record<string, unknown>>,
): CliArguments {
  const given: Record<string, string | undefined> = {};
  for (const [index, { name, check }] of row.arguments.entries()) given[name] = checked(name, values[index], check);
  for (const [flag, { check }] of Object.entries(row.options)) {
    given[flag] = checked(`--${flag}`, textOf(options[propertyOf(flag)]), check);
  }
  const { commandId, url, engine } = options;
  if (typeof commandId === 'string' && !COMMAND_ID.test(commandId)) {
    throw new WrongWords('--command-id: expected 1 to 128 letters, digits, or . _ : -');
  }
  if (typeof url === 'string' && !/^https?:\/\/[^/]+/.test(url)) {
    throw new WrongWords(`--url: expected an address such as http://127.0.0.1:8765, got ${url}.`);
  }
  return {
    given,
    json: options.json === true,
    yes: options.yes === true,
    commandId: textOf(commandId),
    url: textOf(url),
    engine: ofOneEngine(row) ? textOf(engine) : undefined,
  };
}

/** As commander names the value of an option. */
const propertyOf = (flag: string): string => flag.replaceAll(/-(\w)/g, (_dash, letter: string) => letter.toUpperCase());

function textOf(value: unknown): string | undefined {
  if (Array.isArray(value)) return value.join(BETWEEN);
  if (value === true) return 'true';
  return typeof value === 'string' ? value : undefined;
}

/** @throws WrongWords */
function checked(
  name: string,
  text: string | undefined,
  check: ((text: string) => string | null) | undefined,
): string | undefined {
  const expected = text === undefined ? null : (check?.(text) ?? null);
  if (expected !== null) throw new WrongWords(`${name}: expected ${expected}, got ${text}.`);
  return text;
}

/** Commander's own words as a sentence. */
function sentence(message: string): string {
  const text = message.replace(/^error: /, '').replaceAll('\n', ' ');
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.)?]$/.test(text) ? '' : '.'}`;
}
