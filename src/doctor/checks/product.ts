/** Whether Driftless runs here, and if so what its own parts say. */
import type { Client } from '../../cli/client.ts';
import { ANSWERS } from '../../protocol/api.ts';
import type { Check } from '../check.ts';
import { brokenBy } from '../examine.ts';
import { fail, type Judgement, pass, warn } from '../finding.ts';

export const product: Check = {
  name: 'product',
  needsSettings: true,
  async run({ settings: { home, databaseUrl }, holder, product: running }) {
    const client = await running();
    if (client === null) {
      if (holder !== null) {
        const where = holder.url === null ? 'and is still starting, or hangs' : `at ${holder.url}, and does not answer`;
        return [
          fail(
            `Process ${holder.pid} has the data folder ${home} ${where}.`,
            `Wait a minute; then look into its log, and end process ${holder.pid} if it hangs.`,
          ),
        ];
      }
      return [pass(databaseUrl === null ? 'Driftless does not run here.' : 'No bridge answers here.')];
    }
    try {
      const { value } = await client.get('/readyz', ANSWERS['/readyz'], { also: 503 });
      const parts = Object.entries(value.parts).filter(([, { ok }]) => !ok);
      const lacking = parts.map(([name, { detail }]): Judgement => fail(`Its ${name}: ${detail}.`, PART_REMEDY));
      return [...lacking, ...(await restrictionsOf(client))];
    } catch (error) {
      return [brokenBy(error)];
    }
  },
};

const PART_REMEDY = 'See the alerts (driftless export alerts) and the log (driftless logs --level warn).';

async function restrictionsOf(client: Client): Promise<readonly Judgement[]> {
  const { value } = await client.get('/api/state', ANSWERS['/api/state']);
  const { engine_id: id, trading_state: trading, holds } = value.engine;
  const held = (holds ?? []).map(({ code, reason, cleared_by: by }) =>
    warn(`${code}: ${reason}`, by === 'person' ? 'Remove its cause, then run driftless resume.' : 'It ends by itself.'),
  );
  return [pass(`Driftless runs: ${id}, ${trading ?? 'its state is not known yet'}.`), ...held];
}
