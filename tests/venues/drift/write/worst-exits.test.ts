/**
 * The longest ways of the liveness model (docs/architecture/liveness.md) once more on the real Drift program: from the moment at
 * which one node answers honestly, the account is flat within 5 minutes, whatever the other node does.
 */
import { afterEach, expect, it } from '@jest/globals';
import type { FaultInput } from '../../../../localnet/faults/rule.ts';
import { describeOnDrift } from '../../../../localnet/tests/support/drift-program.ts';
import { ExitsOnDrift } from '../../../support/exits-on-drift.ts';
import { LONG } from '../../../support/long.ts';

const FLAT_WITHIN_MS = 300_000;
const SOL = 1_000_000_000n;
const OPEN = { kind: 'open', market: 'SOL-PERP', size: (-SOL).toString() } as const;
const FLATTEN = { kind: 'flatten', market: 'SOL-PERP' } as const;
const CLOSE = { kind: 'close', market: 'SOL-PERP' } as const;

/** What the second node does after the first answers again. */
const OTHERS: Readonly<Record<string, FaultInput | null>> = {
  honest: null,
  silent: { kind: 'http' },
  pruned: { kind: 'pruned', slots: 20 },
  'without history': { kind: 'no-history' },
  behind: { kind: 'lag', slots: 200 },
};

let exits: ExitsOnDrift;
afterEach(async () => await exits?.stop());

async function flatAfter(other: string): Promise<void> {
  const second = exits.net.nodes[1]?.name ?? null;
  const fault = OTHERS[other];
  if (fault !== null && fault !== undefined) exits.fault({ ...fault, id: 'other', node: second });
  exits.heal('sends');
  exits.heal('answers');
  const healedAtMs = exits.nowMs;
  const done = await exits.until(FLAT_WITHIN_MS, exits.isFlat);
  const seconds = (exits.nowMs - healedAtMs) / 1_000;
  const where = exits.operations.map(({ input, state }) => [
    input.operationId,
    state.phase,
    state.legs.at(-1)?.tx.stage,
  ]);
  expect({ done, where: done ? [] : where }).toEqual({ done: true, where: [] });
  process.stdout.write(`  flat ${seconds.toFixed(0)} s after the first honest answer\n`);
}

const stageOf = (operationId: string) =>
  exits.operations.find(({ input }) => input.operationId.startsWith(operationId))?.state;

/** An OPEN whose bytes nobody took, and then nothing is heard any more. */
async function lostOpen(): Promise<void> {
  exits.fault({ id: 'sends', kind: 'drop' });
  exits.start(OPEN);
  await exits.until(60_000, async () => stageOf('open')?.legs[0]?.tx.stage === 'confirming');
  exits.fault({ id: 'answers', kind: 'http' });
}

const untilUnknown = async (operation: string): Promise<boolean> =>
  await exits.until(130_000, async () => stageOf(operation)?.phase === 'unresolved');

interface Way {
  readonly what: string;
  readonly begin: () => Promise<void>;
}

const WAYS: readonly Way[] = [
  {
    what: 'behind an OPEN that Temporal lost with its histories',
    begin: async () => {
      await lostOpen();
      exits.loseTemporal();
      exits.ask(FLATTEN);
    },
  },
  {
    what: 'whose own attempt became unknown',
    begin: async () => {
      exits.fault({ id: 'sends', kind: 'drop' });
      exits.ask(CLOSE);
      await exits.until(60_000, async () => stageOf('close')?.legs[0]?.tx.stage === 'confirming');
      exits.fault({ id: 'answers', kind: 'http' });
      await untilUnknown('close');
    },
  },
  {
    what: 'behind an OPEN that became unknown',
    begin: async () => {
      await lostOpen();
      exits.ask(FLATTEN);
      await untilUnknown('open');
    },
  },
  {
    what: 'behind an OPEN that another process takes over',
    begin: async () => {
      await lostOpen();
      exits.ask(FLATTEN);
      exits.restart();
    },
  },
  {
    what: 'that a fork undoes after it was confirmed',
    begin: async () => {
      exits.ask(CLOSE);
      await exits.until(60_000, async () => stageOf('close')?.legs[0]?.tx.stage === 'landed');
      exits.net.fork({ depth: 8, fate: 'forget' });
      exits.fault({ id: 'answers', kind: 'http' });
      await exits.until(40_000, async () => false);
    },
  },
];

/** The longest; all of them in the long tests. */
const SAMPLE: readonly (readonly [way: number, other: string])[] = [[0, 'pruned']];
const CASES = WAYS.flatMap(({ what }, way) =>
  Object.keys(OTHERS)
    .filter((other) => LONG || SAMPLE.some(([index, name]) => index === way && name === other))
    .map((other) => ({ what, way, other })),
);

describeOnDrift('an exit on the real program', () => {
  it.each(CASES)('$what, beside a node that is $other', async ({ way, other }) => {
    exits = await ExitsOnDrift.open(3n * SOL);
    await WAYS[way]?.begin();
    await flatAfter(other);
    // It stays so, and nothing crossed.
    await exits.until(30_000, async () => false);
    expect(await exits.perp()).toBe(0n);
  });
});
