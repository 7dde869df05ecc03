/**
 * A transaction that lands while no node tells of it: a person says what they saw, with the real CLI and on Temporal's
 * own page. (The page's own form sends the command RESOLVE_TRANSACTION, which other tests drive.)
 */

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect } from '@jest/globals';
import { type Browser, chromium } from 'playwright-core';
import { describeOnDrift } from '../../localnet/tests/support/drift-program.ts';
import { findTemporalCli } from '../../src/runtime/temporal-cli.ts';
import { findChromium } from '../support/chromium.ts';
import { type LiveProduct, liveProduct } from '../support/live-product.ts';
import { itLong } from '../support/long.ts';
import { PATIENCE_MS, until } from '../support/product.ts';
import type { Caller } from '../support/product-caller.ts';
import type { StateView } from '../support/product-run.ts';
import { withContext } from '../support/with-context.ts';

const TIMEOUT_MS = 600_000;
const SOL = 1_000_000_000n;
const DEPOSIT = { asset: 'SOL', amount: '0.1' };
const inShell = promisify(execFile);

describeOnDrift('a person who saw it land', () => {
  let live: LiveProduct;
  let caller: Caller;
  let browser: Browser;

  beforeAll(async () => {
    live = await liveProduct();
    const owner = live.net.actor(live.net.wallet.secretKey);
    await owner.done(owner.initialize());
    await owner.done(owner.deposit('SOL', 3n * SOL));
    await live.run.start();
    caller = await live.run.caller();
    const found = await findChromium();
    browser = await chromium.launch({ executablePath: found.executablePath, args: [...found.args] });
  }, TIMEOUT_MS);

  afterAll(async () => {
    await browser?.close();
    await live?.end();
  }, TIMEOUT_MS);

  const engine = async (): Promise<StateView> => (await live.run.state()).engine;
  const operation = async (): Promise<StateView | undefined> => (await live.run.list('operations'))[0];
  const alert = async (code: string, kind = 'alert'): Promise<StateView> =>
    await until(`${code} ${kind}`, async () =>
      (await live.run.list('alerts')).find((one) => one.code === code && one.kind === kind),
    );

  const held = () =>
    until('the hold', async () => (await engine()).holds.map(({ code }: StateView) => code)[0] === 'unresolved');

  itLong(
    'is heard from the terminal and in the Temporal UI, accepted on the page, and proven right by the chain',
    async () => {
      const deaf = [
        live.net.addFault({ kind: 'http', methods: ['getSignatureStatuses'] }),
        live.net.addFault({ kind: 'silent' }),
      ];
      const ending = caller.end('DRIFT_DEPOSIT', DEPOSIT);
      const unknown = await alert('TRANSACTION_UNKNOWN');
      const { signature } = unknown;
      expect((await operation())?.attempts).toMatchObject([{ signature, outcome: 'unknown' }]);
      await held();

      // The unchanged line of the alert, whose placeholders in capitals are not filled in.
      const { path } = await findTemporalCli({ given: live.run.env.TEMPORAL_CLI, env: process.env, say: () => {} });
      await inShell('sh', ['-c', String(unknown.signal_command).replace(/^temporal /, `"${path}" `)]);
      expect((await alert('VERDICT_REFUSED')).message).toMatch(
        /not accepted: verdict: expected one of landed, failed, retry/,
      );
      await held();

      const page = await browser.newPage({ viewport: { width: 1360, height: 1000 } });
      page.setDefaultTimeout(PATIENCE_MS);
      await page.goto(`${unknown.temporal_url}?token=${live.run.env.DRIFTLESS_TOKEN}`);
      await page.getByRole('button', { name: 'More Actions' }).click();
      await page.getByRole('menuitem', { name: 'Send a Signal' }).click();
      const form = page.locator('form[method=dialog]:visible');
      const choice = page.getByRole('option', { name: 'resolveTransaction', exact: true });
      await form.getByTestId('signal-select-button').click();
      await choice.click();
      await choice.waitFor({ state: 'hidden' });
      const verdict = { verdict: 'landed', operator: 'ann', note: 'seen on the explorer' };
      await form.getByRole('textbox', { name: 'Data' }).fill(JSON.stringify(verdict));
      // Leaving the field formats what is in it: the button moves away under a pointer.
      await form.getByTestId('confirm-modal-button').press('Enter');

      const end = await ending;
      withContext(JSON.stringify(end), () =>
        expect(end).toMatchObject({ success: true, data: { resolved_by: 'human', ...verdict } }),
      );
      // It came without the bridge: nothing is enlarged on it until the same is said on the page.
      await until('a word to wait for', async () => (await engine()).holds[0]?.code === 'verdict_unaccepted');
      const { operation_id } = end.data as { readonly operation_id: string };
      const accepted = await caller.end('RESOLVE_TRANSACTION', {
        operation_id,
        verdict: 'landed',
        note: 'I looked too',
      });
      expect(accepted).toMatchObject({ success: true });
      await until('no hold', async () => (await engine()).holds.length === 0);

      for (const { id } of deaf) live.net.removeFault(id);
      await until('its proof', async () => (await operation())?.ended_at !== null);
      expect(await operation()).toMatchObject({ status: 'done', attempts: [{ signature, outcome: 'confirmed' }] });
      expect(live.net.record(signature).filter(({ counts }) => counts)).toHaveLength(1);
      await until('the money', async () => Math.abs((await live.run.state()).drift_state.net_delta - 3.1) < 1e-6);
      expect((await live.run.list('equity'))[0]?.unexplained).toBe(0);
      expect((await live.run.list('alerts')).map(({ code }) => code)).not.toContain('VERDICT_CONTRADICTED');
    },
    TIMEOUT_MS,
  );
});
