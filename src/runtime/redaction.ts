/** Takes secrets out of text before it leaves the process: known values, and text that must be one because of where it is. */
import { SECRET_SETTINGS } from './setting-table.ts';

const SHORTEST_SECRET = 6;
const MASK = '[redacted]';

/** URL users and passwords, token and key parameters, bearer headers, secret settings. */
const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [/(\b[a-z][a-z\d+.-]*:\/\/)[^\s/@"'\\]+@/gi, `$1${MASK}@`],
  [/([?&](?:[\w-]*(?:token|key|secret|password)))=[^&\s"'\\#]+/gi, `$1=${MASK}`],
  [/\b(Bearer\s+)[\w.~+/=-]+/gi, `$1${MASK}`],
  // What we say of such a setting ourselves ("RPC_URL: got nothing, ...") holds no secret.
  [
    new RegExp(
      String.raw`(\b(?:${SECRET_SETTINGS.join('|')})\\?["']?\s*[=:]\s*\\?["']?)(?!got (?:nothing|\(hidden\)))[^\s"'\\,}]+`,
      'g',
    ),
    `$1${MASK}`,
  ],
];

export interface Redactor {
  /** From now on this text is a secret. */
  add(secret: string): void;
  scrub(text: string): string;
}

/** The forms in which a secret can turn up in a line of JSON or in a URL. */
function formsOf(secret: string): readonly string[] {
  const forms = [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)];
  if (secret.startsWith('[')) forms.push(secret.replace(/\s+/g, ''), secret.slice(1, -1).trim());
  return forms.filter((form) => form.length >= SHORTEST_SECRET);
}

export function createRedactor(secrets: readonly string[] = []): Redactor {
  const known = new Set<string>();
  const add = (secret: string) => {
    for (const form of formsOf(secret)) known.add(form);
  };
  for (const secret of secrets) add(secret);
  return {
    add,
    scrub: (text) => {
      let clean = text;
      for (const secret of known) clean = clean.replaceAll(secret, MASK);
      for (const [pattern, replacement] of PATTERNS) clean = clean.replace(pattern, replacement);
      return clean;
    },
  };
}
