/** Whose account it is, what may be done with it, and whether there is a key for that. A malformed key is a wrong setting. */

import { signerProblem } from '../../runtime/remote-signing.ts';
import type { Check } from '../check.ts';
import { fail, type Judgement, pass, warn } from '../finding.ts';

/** It answers within a millisecond where it runs. */
const SIGNER_MS = 3_000;

export const key: Check = {
  name: 'key',
  needsSettings: true,
  async run({ settings: { mode, live, inForce } }) {
    const sources = inForce.filter(
      ({ name, source }) =>
        (name === 'SOLANA_PRIVATE_KEY' || name === 'SOLANA_KEYPAIR_PATH') &&
        source !== 'not set' &&
        source !== 'default',
    );
    const said: Judgement[] = [];
    if (mode === 'live' && live.signerSocket !== null) {
      const problem = await signerProblem(live.signerSocket, live.authority, SIGNER_MS);
      said.push(
        problem === null
          ? pass(
              `The signer at ${live.signerSocket} signs for ${live.authority}; it may be used for: ${live.permissions}.`,
            )
          : fail(problem, 'Start driftless signer under its own user, with the policy of this wallet.'),
      );
    } else if (mode === 'live') {
      said.push(
        sources.length > 0
          ? pass(`The key is of ${live.authority}; it may be used for: ${live.permissions}.`)
          : pass(`No key: ${live.authority} is only watched.`),
      );
    } else if (sources.length > 0) said.push(pass('A key is set; paper mode does not use it.'));
    const ofText = sources.find(({ name, source }) => name === 'SOLANA_PRIVATE_KEY' && source === 'environment');
    if (ofText !== undefined) {
      said.push(
        warn(
          'The key stands in the environment, which other processes of this user can read.',
          'Put it into a file of mode 600 and set SOLANA_KEYPAIR_PATH.',
        ),
      );
    }
    return said;
  },
};
