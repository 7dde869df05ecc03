import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Apart } from '../../src/lib/apart.ts';

const LONG_MS = 60_000;
const ticks = async (count: number): Promise<void> => {
  for (let tick = 0; tick < count; tick += 1) await new Promise((resolve) => setImmediate(resolve));
};

it('never lets two kinds overlap, and does all the work', async () => {
  const step = fc.record({ kind: fc.constantFrom('command', 'query'), after: fc.nat(4), takes: fc.nat(6) });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
      const apart = new Apart<string>();
      const running: string[] = [];
      const kindsSeen: number[] = [];
      const done = await Promise.all(
        steps.map(async ({ kind, after, takes }) => {
          await ticks(after);
          return await apart.run(kind, LONG_MS, async () => {
            running.push(kind);
            kindsSeen.push(new Set(running).size);
            await ticks(takes);
            running.splice(running.indexOf(kind), 1);
            return kind;
          });
        }),
      );
      expect(done).toEqual(steps.map(({ kind }) => kind));
      expect(Math.max(1, ...kindsSeen)).toBe(1);
    }),
    { numRuns: 50 },
  );
});

it('goes on after its patience, and is counted once', async () => {
  const apart = new Apart<'command' | 'query'>();
  let release = (): void => undefined;
  const command = apart.run('command', LONG_MS, () => new Promise<void>((resolve) => (release = resolve)));
  expect(await apart.run('query', 5, async () => 'asked')).toBe('asked');
  release();
  await command;
  expect(await apart.run('query', LONG_MS, async () => 'asked again')).toBe('asked again');
  expect(await apart.run('command', LONG_MS, async () => 'sent')).toBe('sent');
});

it('does not hold others back for work that failed', async () => {
  const apart = new Apart<'command' | 'query'>();
  await expect(apart.run('command', LONG_MS, () => Promise.reject(new Error('refused')))).rejects.toThrow('refused');
  expect(await apart.run('query', LONG_MS, async () => 'asked')).toBe('asked');
});
