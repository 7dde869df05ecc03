/** The file of the engines that a process runs beside its own: by name, a table with the settings of each. */
import { readFileSync, statSync } from 'node:fs';
import { OWN_ENGINE } from '../domain/engine/engine-names.ts';
import { nameMeant } from './setting-names.ts';
import { SETTING_NAMES, SETTINGS, type SettingName } from './setting-table.ts';

const NAME = /^[a-z0-9][\w-]{0,63}$/i;
/** Words that the command line and the addresses of the page have taken. */
const TAKEN_NAMES: ReadonlySet<string> = new Set(['all', OWN_ENGINE]);
const MAX_BYTES = 4 * 1024 * 1024;
const MAX_SHOWN_CHARS = 80;

/** What an engine may have of its own. Everything else is the process's: its mode, wallet, nodes, doors and channels. */
export const ENGINE_SETTINGS: readonly SettingName[] = SETTING_NAMES.filter(
  (name) => SETTINGS[name].group === 'Market' || SETTINGS[name].group === 'Policy' || name === 'DRIFT_SUB_ACCOUNT',
);

export type EngineTable = Partial<Record<SettingName, string>>;

interface EngineTables {
  readonly tables: ReadonlyMap<string, EngineTable>;
  /** In words, each naming its engine. */
  readonly problems: readonly string[];
}

const nothing = (problem: string): EngineTables => ({ tables: new Map(), problems: [problem] });

const isTable = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export function readEnginesFile(path: string): EngineTables {
  let text: string;
  try {
    if (statSync(path).size > MAX_BYTES) return nothing(`${path} is larger than ${MAX_BYTES} bytes.`);
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    return nothing(`${path} cannot be read (${code}). Check the path and who may read it.`);
  }
  return parseEngines(text, path);
}

function parseEngines(text: string, path: string): EngineTables {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return nothing(`${path} is not JSON. Expected {"name": {"SETTING": "value", …}, …}.`);
  }
  if (!isTable(parsed)) return nothing(`${path} must be an object: {"name": {"SETTING": "value", …}, …}.`);
  const tables = new Map<string, EngineTable>();
  const problems: string[] = [];
  for (const [name, table] of Object.entries(parsed)) {
    const found = NAME.test(name) && !TAKEN_NAMES.has(name.toLowerCase()) ? tableOf(name, table) : nameless(name);
    if (typeof found === 'string') problems.push(found);
    else {
      tables.set(name, found.table);
      problems.push(...found.problems);
    }
  }
  return { tables, problems };
}

const nameless = (name: string): string =>
  `${shown(name)} cannot name an engine: expected 1 to 64 letters, digits, - or _, and not all or own`;

function tableOf(
  name: string,
  table: unknown,
): string | { readonly table: EngineTable; readonly problems: readonly string[] } {
  if (!isTable(table)) return `${name}: got ${shown(table)}, expected an object with settings`;
  const kept: EngineTable = {};
  const problems: string[] = [];
  for (const [key, value] of Object.entries(table)) {
    const setting = ENGINE_SETTINGS.find((one) => one === key);
    if (setting === undefined) problems.push(`${name}, ${whyNot(key)}`);
    else if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
      const written = String(value).trim();
      if (written !== '') kept[setting] = written;
    } else problems.push(`${name}, ${key}: got ${shown(value)}, expected ${SETTINGS[setting].expected}`);
  }
  return { table: kept, problems };
}

function whyNot(key: string): string {
  if (SETTING_NAMES.some((name) => name === key))
    return `${key}: this is a setting of the whole process; set it in the environment or .env`;
  const meant = nameMeant(key, ENGINE_SETTINGS);
  return `${shown(key)}: got a name that is no setting${meant === null ? '' : `, expected ${meant}`}`;
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > MAX_SHOWN_CHARS ? `${text.slice(0, MAX_SHOWN_CHARS)}…` : text;
}
