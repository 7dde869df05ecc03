/** `driftless completion <shell>`: the commands and options, written out for the shell that asks. */
import type { Command } from 'commander';
import type { SHELLS } from './commands.ts';
import { EXIT } from './exit-codes.ts';
import type { CliPorts } from './ports.ts';
import { type CliArguments, programOf } from './program.ts';

type Shell = (typeof SHELLS)[number];

interface Completed {
  readonly name: string;
  readonly about: string;
  /** What may stand behind it: options, and words of its arguments. */
  readonly options: readonly { readonly flag: string; readonly about: string; readonly takesValue: boolean }[];
  readonly words: readonly string[];
}

export async function completion({ given }: CliArguments, { say, version }: CliPorts): Promise<number> {
  say(SCRIPTS[given.shell as Shell](commandsOf(programOf(version))));
  return EXIT.done;
}

function commandsOf(program: Command): readonly Completed[] {
  return program.commands.map((command) => ({
    name: command.name(),
    about: command.summary() || command.description(),
    options: command
      .createHelp()
      .visibleOptions(command)
      .map(({ long, description, required }) => ({ flag: long ?? '', about: description, takesValue: required })),
    words: command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []),
  }));
}

const names = (commands: readonly Completed[]): string => commands.map(({ name }) => name).join(' ');

function bash(commands: readonly Completed[]): string {
  const cases = commands.map(({ name, options, words }) => {
    const all = [...words, ...options.map(({ flag }) => flag)].join(' ');
    return `    ${name}) words="${all}" ;;`;
  });
  return `# driftless: source <(driftless completion bash)
_driftless() {
  local current="\${COMP_WORDS[COMP_CWORD]}" words
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    words="${names(commands)} help --help --version"
  else
    case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
    help) words="${names(commands)}" ;;
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _driftless driftless`;
}

/** Within single quotes of any of the three. */
const quoted = (text: string): string => text.replaceAll("'", '’');

function zsh(commands: readonly Completed[]): string {
  const described = commands.map(({ name, about }) => `    '${name}:${quoted(about).replaceAll(':', ' ')}'`);
  const cases = commands.map(({ name, options, words }) => {
    const flags = options.map(({ flag, about, takesValue }) => {
      const text = quoted(about).replaceAll(/[[\]:]/g, ' ');
      return ` '${flag}[${text}]${takesValue ? ':value:_files' : ''}'`;
    });
    const rest = words.length === 0 ? '' : ` '1:word:(${words.join(' ')})'`;
    return `    ${name}) _arguments${rest}${flags.join('')} ;;`;
  });
  return `#compdef driftless
# driftless: source <(driftless completion zsh)
_driftless() {
  local -a commands
  commands=(
${described.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe 'command' commands
    return
  fi
  local command="\${words[2]}"
  shift words
  (( CURRENT-- ))
  case "$command" in
${cases.join('\n')}
  esac
}
compdef _driftless driftless`;
}

function fish(commands: readonly Completed[]): string {
  const lines = commands.flatMap(({ name, about, options, words }) => [
    `complete -c driftless -n __fish_use_subcommand -a ${name} -d '${quoted(about)}'`,
    ...(words.length === 0
      ? []
      : [`complete -c driftless -n '__fish_seen_subcommand_from ${name}' -a '${words.join(' ')}'`]),
    ...options.map(
      ({ flag, about: what, takesValue }) =>
        `complete -c driftless -n '__fish_seen_subcommand_from ${name}' -l ${flag.slice(2)}${takesValue ? ' -r' : ''} -d '${quoted(what)}'`,
    ),
  ]);
  return ['# driftless: driftless completion fish | source', 'complete -c driftless -f', ...lines].join('\n');
}

const SCRIPTS: Readonly<Record<Shell, (commands: readonly Completed[]) => string>> = { bash, zsh, fish };
