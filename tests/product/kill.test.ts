/** SIGKILL of node, of Temporal, of both, while a careful program commands: nothing is lost and nothing is done twice. */
import { expect, it } from 'vitest';
import { crashRun } from '../support/crash-run.ts';

const SEED = Number(process.env.DRIFTLESS_KILL_SEED ?? 20261122);

it('goes on after every kill: one effect for each acknowledged command, and sums that add up', {
  timeout: 400_000,
}, async () => {
  const lines: string[] = [`seed ${SEED}`];
  const report = await crashRun({
    seed: SEED,
    kills: 4,
    victims: ['node', 'temporal', 'both', 'node'],
    say: (line) => lines.push(line),
  });
  expect(report.wrong, lines.join('\n')).toEqual([]);
  expect(report.kills).toEqual({ node: 2, temporal: 1, both: 1 });
  expect(report.commands).toBeGreaterThan(3);
  expect(report.operations).toBeGreaterThan(2);
});
