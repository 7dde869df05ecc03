import type { SettingInfo } from '../../../src/protocol/api.ts';

/** By group, in the order of the README. @param onlySet leaves out what is at its default or not set */
export function settingGroups(
  settings: readonly SettingInfo[],
  onlySet: boolean,
): readonly (readonly [string, readonly SettingInfo[]])[] {
  const shown = settings.filter(({ source }) => !onlySet || (source !== 'default' && source !== 'not set'));
  const groups = [...new Set(shown.map(({ group }) => group))];
  return groups.map((group) => [group, shown.filter((setting) => setting.group === group)]);
}
