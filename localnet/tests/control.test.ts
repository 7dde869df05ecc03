import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { Keypair } from '@solana/web3.js';
import { startLocalnet } from '../index.ts';
import { runLocalnet } from './support/command-line.ts';
import { ask, balance, SOL, stillChain } from './support/localnet.ts';
import { onTestFinished } from './support/on-test-finished.ts';
import { until } from './support/until.ts';

async function control(url: string, call: string, body?: unknown): Promise<[status: number, answer: unknown]> {
  const [method = 'GET', path = '/'] = call.split(' ');
  const response = await fetch(`${url}${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return [response.status, await response.json()];
}

describe('the control endpoint', () => {
  it('makes slots, skips, forks, funds, and tells the record', async () => {
    const net = await stillChain();
    const { controlUrl } = net;
    const { publicKey } = Keypair.generate();
    const slot = net.chain.slot;
    await control(controlUrl, 'POST /advance', { slots: 7 });
    expect(net.chain.slot).toBe(slot + 7);
    await control(controlUrl, 'POST /skip', { slots: 2 });
    const [, signature] = await control(controlUrl, 'POST /airdrop', { address: publicKey.toBase58(), lamports: '3' });
    await control(controlUrl, 'POST /account', { address: publicKey.toBase58(), lamports: Number(SOL) });
    await control(controlUrl, 'POST /advance', { slots: 3 });
    expect(net.chain.slot).toBe(slot + 10);
    expect(balance(net, publicKey)).toBe(SOL + 3n);
    expect(await control(controlUrl, `GET /record/${signature}`)).toMatchObject([200, [{ counts: true, error: null }]]);
    const [, forked] = await control(controlUrl, 'POST /fork', { signature });
    expect(forked).toMatchObject({ dropped: [signature] });
    expect(balance(net, publicKey)).toBe(0n);
    expect(await control(controlUrl, 'GET /state')).toMatchObject([200, { slot: net.chain.slot, running: false }]);
  });

  it('keeps rules, and says what is wrong with a request', async () => {
    const net = await stillChain();
    const { controlUrl } = net;
    const [, added] = await control(controlUrl, 'POST /faults', [{ kind: 'drop' }, { id: 'mine', kind: 'lag' }]);
    expect(added).toMatchObject([{ kind: 'drop' }, { id: 'mine', slots: 10 }]);
    expect((await control(controlUrl, 'GET /faults'))[1]).toMatchObject([{ active: true }, { active: true }]);
    await control(controlUrl, 'DELETE /faults/mine');
    expect(net.faults.list()).toHaveLength(1);
    await control(controlUrl, 'DELETE /faults');
    expect(net.faults.list()).toHaveLength(0);
    expect(await control(controlUrl, 'POST /faults', { kind: 'x' })).toMatchObject([
      400,
      { error: { code: 'LOCALNET_FAULT' } },
    ]);
    expect(await control(controlUrl, 'POST /advance', { slots: -1 })).toMatchObject([
      400,
      { error: { code: 'LOCALNET_CONTROL' } },
    ]);
    expect(await control(controlUrl, 'POST /fork', { depth: 1000 })).toMatchObject([
      400,
      { error: { code: 'LOCALNET_FORK' } },
    ]);
    expect((await control(controlUrl, 'GET /nothing'))[0]).toBe(400);
  });

  it('stops time and lets it go on', async () => {
    const net = await startLocalnet({ slotMs: 10 });
    onTestFinished(() => net.stop());
    await until('slots pass', () => net.chain.slot > 60);
    await control(net.controlUrl, 'POST /pause');
    const slot = net.chain.slot;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(net.chain.slot).toBe(slot);
    await control(net.controlUrl, 'POST /resume');
    await until('slots pass again', () => net.chain.slot > slot + 5);
  });
});

describe('npm run localnet', () => {
  it('listens, obeys its faults file, and ends at SIGTERM', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'localnet-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const faults = join(folder, 'faults.json');
    writeFileSync(
      faults,
      JSON.stringify([{ kind: 'rpc-error', methods: ['getSlot'], code: -32005, message: 'behind' }]),
    );
    const { child, said } = runLocalnet('--port', '0', '--slot-ms=20', '--nodes', '2', '--faults', faults);
    await until('it says where it listens', () => said.out.includes('Ctrl-C'));
    const [url = ''] = said.out.match(/http:\/\/[\d.:]+/) ?? [];
    expect(await ask(url, 'getHealth')).toBe('ok');
    await expect(ask(url, 'getSlot')).rejects.toThrow('-32005 behind');
    child.kill('SIGTERM');
    const [code] = await once(child, 'exit');
    expect(code).toBe(0);
  });

  it('explains its options, and refuses what it does not know', async () => {
    const help = runLocalnet('--help');
    await once(help.child, 'close');
    for (const option of ['--port', '--slot-ms', '--seed', '--faults', '--nodes'])
      expect(help.said.out).toContain(option);
    for (const args of [['--nonsense'], ['--skip', '2'], ['--port']]) {
      const wrong = runLocalnet(...args);
      const [code] = await once(wrong.child, 'close');
      expect([code, wrong.said.err]).toEqual([2, expect.stringContaining(args[0] ?? '')]);
    }
  });
});
