/** The words after `driftless <command>`, read by the table of commands. */
import { parseArgs } from 'node:util';
import type { CliCommand, Given } from './commands.ts';

/** Wrong words: told with the usage, exit code 2. */
export class WrongWords extends Error {}

export interface CliArguments {
  readonly given: Given;
  readonly json: boolean;
  /** Consent to what a confirmation would show. */
  readonly yes: boolean;
  readonly commandId: string | undefined;
  readonly url: string | undefined;
}

const COMMAND_ID = /^[\w.:-]{1,128}$/;

const COMMON = { json: { type: 'boolean' }, url: { type: 'string' }, help: { type: 'boolean', short: 'h' } } as const;
const ACTING = { yes: { type: 'boolean', short: 'y' }, 'command-id': { type: 'string' } } as const;

/** @throws WrongWords */
export function readArguments(command: CliCommand, words: readonly string[]): CliArguments | 'help' {
  const own = Object.fromEntries(Object.keys(command.options).map((name) => [name, { type: 'string' as const }]));
  const { values, positionals } = parsed({ ...COMMON, ...(command.kind === 'acts' ? ACTING : {}), ...own }, words);
  if (values.help === true) return 'help';
  const text = (name: string) => (typeof values[name] === 'string' ? values[name] : undefined);
  const given: Record<string, string | undefined> = {};
  for (const [index, { name, fallback }] of command.arguments.entries()) {
    given[name] = positionals[index] ?? fallback;
    if (given[name] === undefined) throw new WrongWords(`<${name}> is missing.`);
  }
  const extra = positionals[command.arguments.length];
  if (extra !== undefined) throw new WrongWords(`Unexpected word: ${extra}.`);
  for (const [name, { required }] of Object.entries(command.options)) {
    given[name] = text(name);
    if (required && given[name] === undefined) throw new WrongWords(`--${name} is missing.`);
  }
  const commandId = text('command-id');
  if (commandId !== undefined && !COMMAND_ID.test(commandId)) {
    throw new WrongWords('--command-id: 1 to 128 letters, digits, or . _ : -');
  }
  return { given, json: values.json === true, yes: values.yes === true, commandId, url: text('url') };
}

type OptionTypes = NonNullable<NonNullable<Parameters<typeof parseArgs>[0]>['options']>;

function parsed(options: OptionTypes, words: readonly string[]) {
  try {
    return parseArgs({ args: [...words], options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new WrongWords(error instanceof Error ? error.message : String(error));
  }
}

export function helpOf(name: string, command: CliCommand): string {
  const words = command.arguments.map((one) => (one.fallback === undefined ? `<${one.name}>` : `[${one.name}]`));
  const needed = Object.entries(command.options).flatMap(([option, { value, required }]) =>
    required ? [`--${option} <${value}>`] : [],
  );
  const rows: [string, string][] = [
    ...command.arguments.map(({ name: argument, about, fallback }): [string, string] => [
      argument,
      fallback === undefined ? about : `${about} (${fallback})`,
    ]),
    ...Object.entries(command.options).map(([option, { value, about }]): [string, string] => [
      `--${option} <${value}>`,
      about,
    ]),
    ...(command.kind === 'acts' ? ACTING_ROWS : []),
    ...COMMON_ROWS,
  ];
  const width = Math.max(...rows.map(([left]) => left.length)) + 2;
  const table = rows.map(([left, right]) => `  ${left.padEnd(width)}${right}`).join('\n');
  return `driftless ${[name, ...words, ...needed].join(' ')} [options]\n\n${sentence(command.about)}\n\n${table}\n\nExample: ${command.example}\n${EXIT_CODES}`;
}

const ACTING_ROWS: readonly [string, string][] = [
  ['--yes, -y', 'confirm what the engine asks to be confirmed'],
  ['--command-id <id>', 'the same id again never does it twice (made by default)'],
];
const COMMON_ROWS: readonly [string, string][] = [
  ['--json', 'the whole answer as JSON'],
  ['--url <address>', 'of the page (from HOST and PORT; token from DRIFTLESS_TOKEN or the data folder)'],
  ['--help, -h', 'this text'],
];
const EXIT_CODES = 'Exit codes: 0 done, 1 failed, 2 usage, 3 refused by the engine, 4 not reachable.\n';

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
