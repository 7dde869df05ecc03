/** The signer's door: who may come to it, what it answers, and what the engine makes of a refusal or of silence. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { onTestFinished } from '../../localnet/tests/support/on-test-finished.ts';
import { askSigner, RemoteSigner } from '../../src/chain/remote-signer.ts';
import type { SignerReply } from '../../src/chain/signer-protocol.ts';
import { EMPTY_LEDGER } from '../../src/signer/ledger.ts';
import { readPolicy } from '../../src/signer/policy.ts';
import { laxness, refuseLaxFiles } from '../../src/signer/private-files.ts';
import { serveSigner } from '../../src/signer/signer-server.ts';
import { SignerService } from '../../src/signer/signer-service.ts';
import { readSource } from '../architecture/imports.ts';
import { cancel, order, ownSigner, policy, WALLET } from '../support/signer-drafts.ts';
import { messageOf } from '../support/signer-mutations.ts';

const root = mkdtempSync(join(tmpdir(), 'driftless-signer-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let made = 0;
const socketIn = (): string => {
  const folder = join(root, `s${made++}`);
  mkdirSync(folder, { mode: 0o750 });
  return join(folder, 'socket');
};

async function served(path: string): Promise<void> {
  const service = new SignerService({
    ...{ policy: policy(), signer: ownSigner(), ledger: EMPTY_LEDGER, keep: () => {}, note: () => {} },
    clock: { nowMs: () => Date.now() },
  });
  const { close } = await serveSigner(path, service);
  onTestFinished(close);
}

const said = (path: string, text: string | Buffer): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect(path, () => socket.write(text));
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk.toString();
    });
    socket.once('error', reject);
    socket.once('close', () => resolve(answer));
  });

describe('the signer’s socket', () => {
  it('signs for the engine, and is open to its owner and one group alone', async () => {
    const path = socketIn();
    await served(path);
    expect(statSync(path).mode & 0o777).toBe(0o660);
    expect(await askSigner(path, { type: 'hello' })).toEqual({ type: 'hello', address: WALLET.toBase58() });
    const signer = new RemoteSigner(path, WALLET.toBase58());
    const message = messageOf(cancel());
    expect(await signer.sign(message, 'one')).toEqual(await ownSigner().sign(message));
  });

  it('a refusal is final for the engine, with the signer’s sentence; a taken attempt passes', async () => {
    const path = socketIn();
    await served(path);
    const signer = new RemoteSigner(path, WALLET.toBase58());
    await expect(signer.sign(messageOf(order(1n << 60n)), 'one')).rejects.toMatchObject({
      ...{ code: 'SIGNER_REFUSED', category: 'critical', details: { refusal: 'AMOUNT' } },
      message: expect.stringMatching(/at most 10 SOL/),
    });
    await signer.sign(messageOf(order(1n)), 'two');
    await expect(signer.sign(messageOf(order(2n)), 'two')).rejects.toMatchObject({
      ...{ code: 'SIGNER_BUSY', category: 'transient', details: { refusal: 'ATTEMPT_TAKEN' } },
    });
  });

  it.each(['nobody', 'a file', 'silence', 'noise'])(
    'at %s the engine says that the signer does not answer, and tries again',
    async (who) => {
      const path = socketIn();
      if (who === 'a file') writeFileSync(path, '');
      if (who === 'silence' || who === 'noise') {
        const server = createServer((socket) =>
          who === 'noise' ? socket.end('hello\n') : socket.on('error', () => {}),
        );
        await new Promise<void>((resolve) => server.listen(path, resolve));
        onTestFinished(() => void server.close());
      }
      await expect(askSigner(path, { type: 'hello' }, 200)).rejects.toMatchObject({
        ...{ code: 'SIGNER_UNREACHABLE', category: 'transient', message: expect.stringContaining('driftless signer') },
      });
    },
  );

  it('a broken connection is tried once more, with the same bytes', async () => {
    const path = socketIn();
    const heard: string[] = [];
    const reply: SignerReply = { type: 'signed', signature: Buffer.alloc(64, 7).toString('base64') };
    const server = createServer((socket) => {
      socket.on('data', (chunk) => {
        heard.push(chunk.toString());
        if (heard.length === 1) socket.destroy();
        else socket.end(`${JSON.stringify(reply)}\n`);
      });
    });
    await new Promise<void>((resolve) => server.listen(path, resolve));
    onTestFinished(() => void server.close());
    expect(await new RemoteSigner(path, WALLET.toBase58()).sign(Uint8Array.of(1), 'x')).toEqual(
      new Uint8Array(64).fill(7),
    );
    expect(heard).toHaveLength(2);
    expect(heard[0]).toBe(heard[1]);
  });

  it.each(['\n', 'hello\n', '{"type":"sign"}\n', '{"type":"hello","more":1}\n', 'x'.repeat(9_000)])(
    'answers %j with a refusal, and goes on',
    async (text) => {
      const path = socketIn();
      await served(path);
      expect(JSON.parse(await said(path, text))).toMatchObject({ type: 'refused', code: 'REQUEST_MALFORMED' });
      expect(await askSigner(path, { type: 'hello' })).toMatchObject({ type: 'hello' });
    },
  );

  it('takes over the socket of a signer that is gone, and not that of one that runs', async () => {
    const path = socketIn();
    writeFileSync(path, '');
    await served(path);
    await expect(served(path)).rejects.toMatchObject({
      code: 'SIGNER_SOCKET',
      message: expect.stringMatching(/Stop it/),
    });
    expect(existsSync(path)).toBe(true);
  });
});

describe('the signer’s files', () => {
  const SELF = 1_000;
  it.each([
    ['socket', 0o750, SELF, true],
    ['socket', 0o710, SELF, true],
    ['socket', 0o2750, SELF, true],
    ['socket', 0o700, SELF, true],
    ['socket', 0o755, SELF, false],
    ['socket', 0o770, SELF, false],
    ['socket', 0o751, SELF, false],
    ['socket', 0o750, 0, false],
    ['own', 0o600, SELF, true],
    ['own', 0o700, SELF, true],
    ['own', 0o640, SELF, false],
    ['own', 0o604, SELF, false],
    ['own', 0o600, SELF + 1, false],
    ['policy', 0o644, SELF, true],
    ['policy', 0o644, 0, true],
    ['policy', 0o664, SELF, false],
    ['policy', 0o646, SELF, false],
    ['policy', 0o644, SELF + 1, false],
  ] as const)('%s with mode %o of user %i: %s', (kind, mode, uid, fits) => {
    const problem = laxness(kind, '/x', { mode, uid }, SELF);
    if (fits) expect(problem).toBeNull();
    else expect(problem).toMatch(/\/x .*(chmod|chown)/);
  });

  it('all that is wrong is said at once, and a missing one too', () => {
    const folder = join(root, 'lax');
    mkdirSync(folder, { mode: 0o700 });
    const keypairPath = join(folder, 'id.json');
    writeFileSync(keypairPath, '[]');
    chmodSync(keypairPath, 0o644);
    const paths = {
      policyPath: join(folder, 'none.json'),
      keypairPath,
      statePath: join(folder, 'state.json'),
      socketPath: join(folder, 'socket'),
    };
    const problems = ((): string => {
      try {
        refuseLaxFiles(paths);
        return '';
      } catch (error) {
        return String(error);
      }
    })();
    expect(problems).toMatch(/none\.json cannot be looked at \(ENOENT\)/);
    expect(problems).toMatch(/id\.json is open to others \(mode 644\).*chmod 600/);
    expect(problems).not.toMatch(/state\.json|socket/);
  });
});

describe('the policy', () => {
  const example = /```json\n([\s\S]*?)```/.exec(readSource('docs/architecture/signer.md'))?.[1] ?? '';
  const changed = (change: object): string => JSON.stringify({ ...JSON.parse(example), ...change });
  const wrongIn = (text: string): string => {
    try {
      readPolicy(text, '/etc/driftless-signer/policy.json');
      return 'nothing';
    } catch (error) {
      expect(error).toMatchObject({ code: 'SIGNER_POLICY' });
      return String(error);
    }
  };

  it('of the chapter can be used as it is, its paths from its own folder', () => {
    expect(readPolicy(example, '/etc/driftless-signer/policy.json')).toMatchObject({
      ...{ keypairPath: '/etc/driftless-signer/id.json', venue: 'velocity', order: { each: 10_000_000_000n } },
      assets: [{ asset: 'USDT', deposit: { each: 1_000_000_000n } }, { asset: 'SOL' }],
    });
  });

  it.each([
    ['not JSON', '{', /not JSON/],
    ['a field of another name', changed({ limits: {} }), /limits/],
    ['no wallet', changed({ wallet: 'me' }), /wallet: expected an address/],
    ['an amount that is a number', changed({ order: { each: 10, per_day: 20 } }), /order/],
    [
      'too many decimals',
      changed({ order: { each: '0.0000000001', per_day: '1' } }),
      /order\.each: expected an amount with at most 9/,
    ],
    ['less for a day than for one', changed({ order: { each: '2', per_day: '1' } }), /per_day must be at least each/],
    [
      'a fee cap that would stop an exit',
      changed({ fee: { each: '0.0001', per_day: '1' } }),
      /fee\.each: expected at least 0\.001015 SOL/,
    ],
    ['a market that cannot be', changed({ perp_market: -1 }), /perp_market/],
    ['another venue', changed({ venue: 'paper' }), /venue/],
  ])('with %s is refused, with what would be right', (_what, text, words) => {
    expect(wrongIn(text)).toMatch(words);
    expect(wrongIn(text)).toMatch(/signer\.md/);
  });
});
