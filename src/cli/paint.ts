/** Colours for a person's terminal, and none for a file, a pipe or a program. */

export interface Paint {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly good: (text: string) => string;
  readonly warn: (text: string) => string;
  readonly bad: (text: string) => string;
}

const same = (text: string): string => text;
export const PLAIN: Paint = { bold: same, dim: same, good: same, warn: same, bad: same };

const style =
  (on: number, off: number) =>
  (text: string): string =>
    text === '' ? text : `\u001b[${on}m${text}\u001b[${off}m`;

const COLOURS: Paint = {
  bold: style(1, 22),
  dim: style(2, 22),
  good: style(32, 39),
  warn: style(33, 39),
  bad: style(31, 39),
};

/** FORCE_COLOR decides when it is set, then NO_COLOR (https://no-color.org), then whether this is a terminal that can. */
export function paintFor(env: NodeJS.ProcessEnv, isTerminal: boolean): Paint {
  const { FORCE_COLOR: forced, NO_COLOR: refused, TERM: terminal } = env;
  if (forced !== undefined && forced !== '') return /^(0|false)$/i.test(forced) ? PLAIN : COLOURS;
  if (refused !== undefined && refused !== '') return PLAIN;
  return isTerminal && terminal !== 'dumb' ? COLOURS : PLAIN;
}
