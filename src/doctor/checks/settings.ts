/** Every setting, as a start would refuse it. */
import type { Check } from '../check.ts';
import { fail, pass } from '../finding.ts';

const WHERE = 'Correct it in the environment or in .env; README.md lists every setting.';

export const settings: Check = {
  name: 'settings',
  needsSettings: false,
  async run({ settings: read, settingErrors }) {
    if (settingErrors.length > 0) {
      return settingErrors.map(({ setting, got, expected, problem }) =>
        fail(`${setting}: ${problem ?? `got ${got}, expected ${expected}`}`, WHERE),
      );
    }
    const set = read?.inForce.filter(({ source }) => source === 'environment' || source === '.env').length ?? 0;
    return [pass(`${set} set here, the others by default; ${read?.mode} mode.`)];
  },
};
