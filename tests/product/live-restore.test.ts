/**
 * A live account's backup, restored elsewhere while the chain went on: an open hedge, a deposit that was signed and had not
 * landed, and what the original did afterwards. docs/architecture/backup.md.
 */
import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect } from '@jest/globals';
import { describeOnVelocity } from '../../localnet/tests/support/velocity-files.ts';
import { userOf } from '../../localnet/tests/support/velocity-still.ts';
import { startVelocityLocalnet, type VelocityLocalnet } from '../../localnet/velocity/index.ts';
import { readRestored } from '../../src/runtime/restored-folder.ts';
import { type LiveRun, liveRun, liveSettings } from '../support/live-run.ts';
import { itLong } from '../support/long.ts';
import { until } from '../support/product.ts';
import type { Caller } from '../support/product-caller.ts';
import { ProductRun, type StateView } from '../support/product-run.ts';
import { imbalances } from '../support/product-sums.ts';
import { backup, homeOf, restoreInto } from '../support/restoring.ts';

const TIMEOUT_MS = 400_000;
const SOL = 1_000_000_000n;
const PERP = { market: 'SOL-PERP' } as const;
const SETTINGS = { CONFIRM_ABOVE_USD: '1000000', DRIFT_TOLERANCE_PCT: '100' };
/** Several reads of the account and decisions: whatever would trade by itself has had its chance. */
const LEFT_ALONE_MS = 5_000;

describeOnVelocity('a live account, restored from a backup', (files) => {
  let live: LiveRun<VelocityLocalnet>;
  let elsewhere: ProductRun;

  afterAll(async () => {
    await elsewhere?.end();
    await live?.end();
  }, TIMEOUT_MS);

  const engineOf = async (run: ProductRun): Promise<StateView> => (await run.state()).engine;
  const operationOf = async (run: ProductRun, id: string): Promise<StateView | undefined> =>
    (await run.list('operations')).find(({ operation_id }) => operation_id === id);
  const done = async (caller: Caller, action: string, data: object): Promise<StateView> => {
    const end = await caller.end(action, data);
    if (!end.success) throw new Error(`${action}: ${JSON.stringify(end.error)}`);
    return end.data as StateView;
  };
  const perpOnChain = (): bigint =>
    userOf(live.net, live.net.wallet.address).perpPositions.find((one) => one.base !== 0n)?.base ?? 0n;
  const walletOnChain = () => live.net.chain.bank.accountAt(live.net.chain.head, live.net.wallet.address)?.lamports;

  itLong(
    'signs nothing, follows what was signed, and trades only after a person said so twice',
    async () => {
      const net = await startVelocityLocalnet({ files, slotMs: 200, skipShare: 0, longBase: 100n * SOL });
      live = await liveRun(net, 'velocity', SETTINGS);
      elsewhere = await ProductRun.open(liveSettings(net, 'velocity', SETTINGS), { journal: false });
      await mkdir(homeOf(elsewhere), { recursive: true });
      await live.run.start();
      const original = await live.run.caller();
      await done(original, 'DRIFT_DEPOSIT', { amount: '10', asset: 'SOL' });
      await done(original, 'DRIFT_DEPOSIT', { amount: '1000', asset: 'USDT' });
      await done(original, 'DRIFT_OPEN_POSITION', { ...PERP, direction: 'short', size: '5' });

      // Signed and sent, and no leader takes it: the backup is made in the middle of this operation.
      const lost = live.net.addFault({ kind: 'drop' });
      void original.end('DRIFT_DEPOSIT', { amount: '1', asset: 'SOL' }).catch(() => undefined);
      const sent = await until('the deposit to be sent', async () =>
        (await live.run.list('operations')).find(
          ({ kind, ended_at, attempts }) => kind === 'deposit' && ended_at === null && attempts[0]?.signature != null,
        ),
      );
      const made = await backup(live.run);

      // The original goes on: the deposit lands, and it closes a part that the backup knows nothing of.
      live.net.removeFault(lost.id);
      await until('the deposit to land', async () => {
        const found = await operationOf(live.run, sent.operation_id);
        return found?.ended_at != null && found.status === 'done';
      });
      await done(original, 'DRIFT_OPEN_POSITION', { ...PERP, direction: 'short', size: '2' });
      expect(perpOnChain()).toBe(-7n * SOL);
      await live.run.killNode();

      await restoreInto(elsewhere, made.folder);
      const before = walletOnChain();
      await elsewhere.start();
      expect(elsewhere.product.output).toContain('restored from a backup');
      const held = await until('the restriction', async () => {
        const engine = await engineOf(elsewhere);
        return engine.trading_state === 'halted' && engine;
      });
      expect(held.holds).toContainEqual(
        expect.objectContaining({
          code: 'stores_diverged',
          reason: expect.stringContaining('restored from a backup'),
        }),
      );
      const followed = await until('the proof of the deposit', async () => {
        const found = await operationOf(elsewhere, sent.operation_id);
        return found?.ended_at != null && found;
      });
      expect(followed).toMatchObject({ status: 'done', attempts: [{ outcome: 'confirmed' }] });
      const state = await until('the account as it stands', async () => {
        const seen = await elsewhere.state();
        return seen.account?.perp_sol_base === (-7n * SOL).toString() && seen;
      });
      expect(state.engine.trading_state).toBe('halted');

      const caller = await elsewhere.caller();
      for (const [action, data] of [
        ['DRIFT_CLOSE_POSITION', PERP],
        ['FLATTEN', {}],
        ['DRIFT_DEPOSIT', { amount: '1', asset: 'SOL' }],
      ] as const)
        expect(await caller.end(action, data)).toMatchObject({ success: false });
      await sleep(LEFT_ALONE_MS);
      expect(walletOnChain()).toBe(before);
      expect(perpOnChain()).toBe(-7n * SOL);

      const commandId = randomUUID();
      const asked = await caller.first('RESUME', {}, commandId);
      expect(asked).toMatchObject({
        data: { status: 'confirmation_required', preview: { reasons: ['ORIGINAL_STOPPED'] } },
      });
      const token = { confirmation_token: asked.data.confirmation_token };
      const confirming = await elsewhere.caller();
      expect(await confirming.first('RESUME', token, commandId)).toMatchObject({ success: true });
      expect(readRestored(homeOf(elsewhere))).toMatchObject({ confirmed_at: expect.any(Number), compared: [] });
      expect(await caller.end('DRIFT_DEPOSIT', { amount: '1', asset: 'SOL' })).toMatchObject({ success: false });
      await done(caller, 'DRIFT_CLOSE_POSITION', PERP);
      expect(perpOnChain()).toBe(0n);

      await done(caller, 'RESUME', {});
      await until('no restriction', async () => (await engineOf(elsewhere)).holds.length === 0);
      await done(caller, 'DRIFT_OPEN_POSITION', { ...PERP, direction: 'short', size: '1' });
      expect(perpOnChain()).toBe(-SOL);
      await until('the books to add up', async () => (await imbalances(elsewhere)).length === 0).catch(async () => {
        throw new Error((await imbalances(elsewhere)).join('\n'));
      });
    },
    TIMEOUT_MS,
  );
});
