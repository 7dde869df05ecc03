import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { Keypair } from '@solana/web3.js';
import { itUnless } from '../../localnet/tests/support/unless.ts';
import { toBase58 } from '../../src/lib/base58.ts';
import { isAlive } from '../../src/runtime/processes.ts';
import { freePort } from '../support/free-ports.ts';
import { itLong } from '../support/long.ts';
import { Product, productEnv, until } from '../support/product.ts';

const PLANTED_KEY = toBase58(Keypair.generate().secretKey);
const SOMEBODY = Keypair.generate().publicKey.toBase58();
const PLANTED_TOKEN = 'planted-token-0123456789';
const PLANTED_RPC = 'planted-rpc-key-987654321';
const CTRL_C_WITHIN_MS = 10_000;

const folder = mkdtempSync(join(tmpdir(), 'driftless-start-'));
const products: Product[] = [];
const start = (env: NodeJS.ProcessEnv, args: readonly string[] = [], where = folder): Product => {
  const product = new Product(where, env, args);
  products.push(product);
  return product;
};

afterAll(async () => {
  for (const product of products) await product.end();
  rmSync(folder, { recursive: true, force: true });
});

describe('npm start, before anything runs', () => {
  it('answers --help at once, with the options and the other command', async () => {
    const product = start(await productEnv(), ['--help']);
    const { code } = await product.exited;
    expect(code).toBe(0);
    for (const word of ['--demo', '--reset-paper', 'worker', 'bridge', 'npm test', 'README']) {
      expect(product.output).toContain(word);
    }
    expect(existsSync(join(folder, '.driftless'))).toBe(false);
  });

  it('refuses unknown options and names the right ones', async () => {
    const product = start(await productEnv(), ['--dmeo', 'wroker']);
    const { code } = await product.exited;
    expect(code).toBe(2);
    expect(product.output).toContain('--dmeo');
    expect(product.output).toContain('--demo, --localnet, --reset-paper, --json, --help, --version');
    expect(product.output).toContain('all, worker, bridge');
  });

  it('lists every wrong setting at once and shows no secret', async () => {
    const env = await productEnv({ MARKET_SPEED: 'fast', SOLANA_PRIVATE_KEY: 'my-secret-thing' });
    const product = start(env);
    const { code } = await product.exited;
    expect(code).toBe(1);
    expect(product.output).toContain('MARKET_SPEED: got "fast"');
    expect(product.output).toMatch(/^ *SOLANA_PRIVATE_KEY: KEY_/m);
    expect(product.output).not.toContain('my-secret-thing');
  });

  it('stops where a permission needs a key, and names both ways on', async () => {
    const live = { ENGINE_MODE: 'live', RPC_URL: 'http://127.0.0.1:1', AUTHORITY: SOMEBODY };
    const product = start(await productEnv({ ...live, LIVE_PERMISSIONS: 'trading' }));
    expect((await product.exited).code).toBe(1);
    expect(product.output).toMatch(/KEY_MISSING: .*SOLANA_PRIVATE_KEY.*LIVE_PERMISSIONS=read-only/);
    expect(product.output).not.toMatch(/^\s+at /m);
  });

  it('names a stranger on each of its ports and the setting that moves it', async () => {
    const stranger = createServer();
    const port = await freePort();
    await new Promise<void>((resolve) => stranger.listen(port, '127.0.0.1', () => resolve()));
    const where = mkdtempSync(join(tmpdir(), 'driftless-port-'));
    try {
      for (const setting of ['PORT', 'TEMPORAL_PORT', 'TEMPORAL_UI_PORT']) {
        const product = start(await productEnv({ [setting]: String(port) }), [], where);
        expect((await product.exited).code).toBe(1);
        expect(product.output).toContain(`Port ${port} is in use`);
        expect(product.output).toContain(`${setting}=`);
        if (process.platform === 'linux') expect(product.output).toContain(`process ${process.pid}`);
      }
    } finally {
      stranger.close();
      rmSync(where, { recursive: true, force: true });
    }
  });

  it('tells a lone role what it needs', async () => {
    const product = start(await productEnv(), ['bridge']);
    expect((await product.exited).code).toBe(1);
    for (const name of ['TEMPORAL_ADDRESS', 'DATABASE_URL', 'DRIFTLESS_TOKEN']) expect(product.output).toContain(name);
  });
});

describe('npm start, running', () => {
  const settings = {
    SOLANA_PRIVATE_KEY: PLANTED_KEY,
    DRIFTLESS_TOKEN: PLANTED_TOKEN,
    RPC_URL: `https://rpc.example.org/?api-key=${PLANTED_RPC}`,
    POLL_INTERVAL_SECONDS: '1',
    LOG_LEVEL: 'debug',
  };
  let env: NodeJS.ProcessEnv = {};
  let product: Product;

  it('is ready with its page, its token and Temporal’s address', async () => {
    env = await productEnv(settings);
    product = await start(env).ready();
    expect(product.output).toContain(`?token=${PLANTED_TOKEN}`);
    expect(product.output).toContain(`Temporal UI: http://127.0.0.1:${env.TEMPORAL_UI_PORT}`);
    const page = await product.get('/');
    expect(page.status).toBe(200);
    expect(await page.text()).toContain('<script');
    await until('every part to be ready', async () => (await product.get('/readyz')).status === 200);
    const temporalUi = `http://127.0.0.1:${env.TEMPORAL_UI_PORT}/`;
    expect((await fetch(temporalUi)).status).toBe(401);
    expect((await fetch(temporalUi, { headers: { authorization: `Bearer ${PLANTED_TOKEN}` } })).status).toBe(200);
  });

  itUnless(process.platform === 'win32' && 'Windows has no such modes or signals')(
    'keeps its data folder, and each file in it, from other users',
    async () => {
      const home = join(folder, '.driftless');
      const paths = [home, ...readdirSync(home, { recursive: true }).map((name) => join(home, String(name)))];
      expect(paths.length).toBeGreaterThan(100);
      // The folder is closed, so what stands in it is too. Two kinds of files keep modes of their own: the page's assets
      // are copied with theirs, and the embedded database writes its caches itself.
      const ours = paths.filter((path) => !/cache[\\/]page-|pg_internal\.init/.test(path));
      expect(ours.filter((path) => existsSync(path) && (statSync(path).mode & 0o077) !== 0)).toEqual([]);
    },
  );

  itUnless(process.platform !== 'linux' && 'reads /proc')('gives its children no key and no token', () => {
    const environment = readFileSync(`/proc/${product.temporalPid()}/environ`, 'utf8');
    expect(environment).toContain('PATH=');
    for (const secret of [PLANTED_KEY, PLANTED_TOKEN, PLANTED_RPC]) expect(environment).not.toContain(secret);
  });

  it('takes commands through the real engine to the journal and back', async () => {
    const opened = await product.command('DRIFT_OPEN_POSITION', { market: 'SOL-PERP', direction: 'short', size: '2' });
    expect(opened.data).toMatchObject({ status: 'done', filled_size: 2 });
    await until('the position', async () => (await product.state()).drift_state.positions[0]?.amount === -2);
    const { items } = (await (await product.get('/api/trades')).json()) as { items: readonly { size: number }[] };
    expect(items.map(({ size }) => size)).toEqual([2]);
  });

  it('refuses a second start on the same folder and says who has it and where', async () => {
    const other = await productEnv(settings);
    const second = start(other);
    expect((await second.exited).code).toBe(1);
    expect(second.output).toContain(`process ${product.child.pid}`);
    expect(second.output).toContain(product.url);
    expect(product.running).toBe(true);
  });

  it('heals by itself when Temporal alone is killed', async () => {
    const pid = product.temporalPid();
    process.kill(pid ?? 0, 'SIGKILL');
    await until('another Temporal', () => product.temporalPid() !== pid && isAlive(product.temporalPid() ?? 0));
    const deposited = await until('a deposit to work again', async () => {
      const answer = await product.command('DRIFT_DEPOSIT', { amount: '0.5' });
      return answer.data.status === 'done' && answer;
    });
    expect(deposited.message).toContain('0.5 SOL');
    await until('every part to be ready', async () => (await product.get('/readyz')).status === 200);
  });

  it('ends the Temporal that a killed process left behind, and goes on with the same account', async () => {
    // The deposit of the test before is in the vault once a poll has read it.
    const before = await until('the deposit to be seen', async () => {
      const state = await product.state();
      return Math.abs(Number(state.account.spot_sol_base) - DEPOSITED_LAMPORTS) < INTEREST_LAMPORTS && state;
    });
    const orphan = product.temporalPid() ?? 0;
    await product.crash();
    expect(isAlive(orphan)).toBe(true);
    product = await start(env).ready();
    expect(isAlive(orphan)).toBe(false);
    await until('a fresh snapshot', async () => (await product.state()).age_ms < 5_000);
    const after = await product.state();
    expect(after.drift_state.positions[0].amount).toBe(-2);
    const grown = Number(after.account.spot_sol_base) - Number(before.account.spot_sol_base);
    expect(grown).toBeGreaterThanOrEqual(0);
    expect(grown).toBeLessThan(INTEREST_LAMPORTS);
    expect(after.engine.hedge_target).toBe(before.engine.hedge_target);
  });

  itLong('goes on with the same account when node and Temporal are killed together', async () => {
    const temporal = product.temporalPid() ?? 0;
    process.kill(temporal, 'SIGKILL');
    await product.crash();
    product = await start(env).ready();
    await until('a fresh snapshot', async () => {
      const state = await product.state();
      return state.age_ms < 5_000 && state.drift_state.positions[0]?.amount === -2;
    });
    // Right after a restart a busy machine may be late, and what is late is refused.
    const closed = await until('a close', async () => {
      const answer = await product.command('DRIFT_CLOSE_POSITION', { market: 'SOL-PERP' });
      return answer.error?.code !== 'COMMAND_EXPIRED' && answer;
    });
    expect(closed).toMatchObject({ data: { status: 'done' } });
  });

  it('leaves no secret in logs, journal, history or answers', async () => {
    const answers = await Promise.all(
      ['/api/state', '/api/config', '/api/operations', '/api/alerts', '/metrics', '/readyz'].map(async (path) =>
        (await product.get(path)).text(),
      ),
    );
    const state = await product.command('GET_STATE');
    for (const secret of [PLANTED_KEY, PLANTED_RPC, PLANTED_TOKEN]) {
      for (const answer of [...answers, JSON.stringify(state)]) expect(answer).not.toContain(secret);
    }
    expect(filesThatHold(join(folder, '.driftless'), [PLANTED_KEY, PLANTED_RPC, PLANTED_TOKEN])).toEqual([]);
    // The search finds what is there.
    writeFileSync(join(folder, '.driftless', 'logs', 'planted.log'), `x ${PLANTED_RPC} y`);
    expect(filesThatHold(join(folder, '.driftless'), [PLANTED_RPC])).toHaveLength(1);
  });

  it('ends everything it started within ten seconds of Ctrl-C', async () => {
    const temporal = product.temporalPid() ?? 0;
    const { code, stoppedInMs } = await product.interrupt();
    expect(code).toBe(0);
    expect(stoppedInMs).toBeLessThan(CTRL_C_WITHIN_MS);
    expect(isAlive(temporal)).toBe(false);
    expect(product.output).toContain('Stopped.');
  });

  itLong('begins the paper account anew with --reset-paper', async () => {
    product = await start({ ...env, PAPER_SOL: '20' }, ['--reset-paper']).ready();
    await until('the new account', async () => (await product.state()).account?.spot_sol_base === '20000000000');
    const opened = await product.command('DRIFT_OPEN_POSITION', { market: 'SOL-PERP', direction: 'short', size: '1' });
    expect(opened.data.status).toBe('done');
  });

  itLong('tells that PAPER_ settings apply to a new account only', async () => {
    await product.interrupt();
    product = await start({ ...env, FUNDING_PERIOD_SECONDS: '60' }).ready();
    expect(product.output).toContain('started with 20 SOL');
    expect(product.output).toContain('funding every 3600 s');
    expect(product.output).toContain('--reset-paper');
  });

  itLong('goes on when its terminal is gone, tells the log once, and stops as ever', async () => {
    const { url } = product;
    product.child.stdout?.destroy();
    product.child.stderr?.destroy();
    // The log has lines for the terminal at each of these.
    for (const action of ['STOP_ENGINE', 'START_ENGINE', 'STOP_ENGINE', 'START_ENGINE']) {
      expect(await product.command(action, { mode: 'paper' })).toMatchObject({
        success: true,
        data: { changed: true },
      });
    }
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    const { code } = await product.interrupt();
    expect(code).toBe(0);
    const logged = logLines(join(folder, '.driftless', 'logs'));
    expect(logged.filter((line) => line.includes('the terminal is gone'))).toHaveLength(1);
    expect(logged.filter((line) => line.includes('an error that nothing caught'))).toEqual([]);
  });

  itLong('ends within ten seconds when it is stopped in the middle of its start', async () => {
    product = start(env);
    await until('the start to begin', () => product.output.includes('Starting Temporal'));
    const { stoppedInMs } = await product.interrupt();
    expect(stoppedInMs).toBeLessThan(CTRL_C_WITHIN_MS);
    const temporal = product.temporalPid();
    expect(temporal === null || !isAlive(temporal)).toBe(true);
  });
});

const logLines = (logs: string): readonly string[] =>
  readdirSync(logs)
    .filter((name) => /^driftless\..*\.log$/.test(name))
    .flatMap((name) => readFileSync(join(logs, name), 'utf8').split('\n'));

/** The default account, and the half SOL that a test adds. */
const DEPOSITED_LAMPORTS = 10_500_000_000;
/** More than its lend interest of minutes. */
const INTEREST_LAMPORTS = 1_000_000;

/**
 * Files under a folder, Temporal's and the journal's databases among them, whose bytes hold one of the texts. Databases
 * in use make and remove files all the time: one that is gone before it could be read holds nothing.
 */
function filesThatHold(where: string, texts: readonly string[]): readonly string[] {
  return readdirSync(where, { recursive: true, encoding: 'utf8' })
    .map((name) => join(where, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false)
    .filter((path) => {
      const bytes = bytesOf(path);
      return texts.some((text) => bytes.includes(text));
    });
}

function bytesOf(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  }
}
