/**
 * Text for a person's terminal. What venues, nodes and strangers wrote stands in it, and a terminal obeys control characters: they
 * could hide a line, write another over it, or turn its letters round. So each is shown as its code, as JSON would write it, and only
 * ends of lines, tabs and colours remain.
 */
const CONTROL = /\p{Cc}|[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/u;
const CONTROLS = new RegExp(CONTROL, 'gu');
const ESCAPE = '\u001b';
/** Colours, bold and dim, and their ends. Not concealed text. */
const STYLES = new RegExp(`(${ESCAPE}\\[(?:0|[12]|22|3[0-79]|4[0-79]|9[0-7])m)`);

const codeOf = (character: string): string =>
  character === '\n' || character === '\t' ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

export function visible(text: string): string {
  if (!CONTROL.test(text)) return text;
  return text
    .split(STYLES)
    .map((part, index) => (index % 2 === 1 ? part : part.replace(CONTROLS, codeOf)))
    .join('');
}
