/** Every setting, as a start would refuse it. */

import { misspeltNames } from '../../runtime/config.ts';
import type { Check } from '../check.ts';
import { fail, pass, warn } from '../finding.ts';

/** A file of a thousand engines may have a thousand wrong settings. */
const MOST_SAID = 20;
const IN_ENGINES_FILE = 'Correct that file, or ENGINES_FILE; README.md ("Many engines") has an example.';
const WHERE = 'Correct it in the environment or in .env; README.md lists every setting.';

export const settings: Check = {
  name: 'settings',
  needsSettings: false,
  async run({ settings: read, settingErrors, source: { env } }) {
    const misspelt = misspeltNames(env).map(({ name, meant }) =>
      warn(
        `${name} is set in the environment and is no setting of Driftless: it does nothing.`,
        `If you mean ${meant}, set that; README.md lists every setting.`,
      ),
    );
    if (settingErrors.length > 0) {
      const rest = settingErrors.length - MOST_SAID;
      const wrong = settingErrors
        .slice(0, MOST_SAID)
        .map(({ setting, got, expected, problem }) =>
          fail(
            `${setting}: ${problem ?? `got ${got}, expected ${expected}`}`,
            setting === 'ENGINES_FILE' ? IN_ENGINES_FILE : WHERE,
          ),
        );
      const more = rest > 0 ? [fail(`And ${rest} more.`, 'Correct these first; the others are named then.')] : [];
      return [...wrong, ...more, ...misspelt];
    }
    const set = read?.inForce.filter(({ source }) => source === 'environment' || source === '.env').length ?? 0;
    return [pass(`${set} set here, the others by default; ${read?.mode} mode.`), ...misspelt];
  },
};
