/** The ports that a start needs: free, or taken by the product that runs here. */
import { requireFreePort } from '../../runtime/port-taken.ts';
import { portOwner, whyPortUnusable } from '../../runtime/processes.ts';
import type { Check } from '../check.ts';
import { brokenBy } from '../examine.ts';
import { type Judgement, pass, warn } from '../finding.ts';

const LOOPBACK = '127.0.0.1';

export const ports: Check = {
  name: 'ports',
  needsSettings: true,
  async run({ settings: { host, port, temporal, home }, holder, product }) {
    const wanted: readonly (readonly [setting: string, port: number, host: string])[] = [
      ['PORT', port, host],
      ...(temporal.address === null
        ? ([
            ['TEMPORAL_PORT', temporal.port, LOOPBACK],
            ['TEMPORAL_UI_PORT', temporal.uiPort, LOOPBACK],
          ] as const)
        : []),
    ];
    // What runs has the ports; whether they answer, others ask.
    if (holder !== null || (await product()) !== null) {
      return [pass(`${wanted.map(([setting, number]) => `${setting} ${number}`).join(', ')}: Driftless runs.`)];
    }
    const said: Judgement[] = [];
    for (const [setting, number, at] of wanted) said.push(await judged(setting, number, at, home));
    return said.every(({ verdict }) => verdict === 'pass')
      ? [pass(said.map(({ message }) => message).join(' '))]
      : said;
  },
};

async function judged(setting: string, port: number, host: string, home: string): Promise<Judgement> {
  const reason = await whyPortUnusable(port, host);
  if (reason === null) return pass(`${setting} ${port} is free.`);
  const owner = reason === 'EADDRINUSE' ? await portOwner(port) : null;
  if (owner?.command.includes(home) === true) {
    return warn(
      `${setting} ${port} is taken by the Temporal server of an earlier run (process ${owner.pid}).`,
      'Nothing: the next start ends it.',
    );
  }
  try {
    await requireFreePort(port, host, setting);
    return pass(`${setting} ${port} is free.`);
  } catch (error) {
    return brokenBy(error);
  }
}
