/** The settings as README's table and as `.env.example`: written by `node scripts/write-settings.mjs`, held equal by a test. */
import { SETTING_NAMES, SETTINGS, type Setting, type SettingGroup } from './setting-table.ts';

const GROUPS: readonly SettingGroup[] = ['General', 'Market', 'Policy', 'Alerts', 'Durable parts', 'Live'];

const entries = (group: SettingGroup): readonly (readonly [string, Setting<unknown>])[] =>
  SETTING_NAMES.filter((name) => SETTINGS[name].group === group).map((name) => [name, SETTINGS[name]] as const);

/** Markdown takes `<seed>` outside code for a tag. */
const cell = (text: string): string =>
  text.replaceAll('|', '\\|').replace(/`[^`]*`|</g, (part) => (part === '<' ? '&lt;' : part));

function settingsTable(): string {
  return GROUPS.map((group) => {
    const rows = entries(group).map(
      ([name, { fallback, help, expected }]) =>
        `| \`${name}\` | ${fallback === null ? '' : `\`${fallback}\``} | ${cell(help)} | ${cell(expected)} |`,
    );
    return [`**${group}**`, '', '| setting | default | meaning | value |', '|---|---|---|---|', ...rows].join('\n');
  }).join('\n\n');
}

export function envExample(): string {
  const groups = GROUPS.map((group) => {
    const lines = entries(group).map(([name, { fallback, help }]) => `# ${help}\n#${name}=${fallback ?? ''}`);
    return [`## ${group}`, ...lines].join('\n');
  });
  return `# Copy this file to .env and uncomment what you change. The environment wins over this file.\n\n${groups.join('\n\n')}\n`;
}

const TABLE_BEGIN = '<!-- settings -->';
const TABLE_END = '<!-- /settings -->';

/** README with its table between the marks replaced. @throws RangeError without the marks */
export function withSettingsTable(readme: string): string {
  const begin = readme.indexOf(TABLE_BEGIN);
  const end = readme.indexOf(TABLE_END);
  if (begin < 0 || end < begin) throw new RangeError('README has no marks for the settings');
  return `${readme.slice(0, begin + TABLE_BEGIN.length)}\n${settingsTable()}\n${readme.slice(end)}`;
}
