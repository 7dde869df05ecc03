/**
 * The product as a newcomer sees it: a fresh clone in an empty folder with an empty home, `npm start`, and one full cycle
 * over the socket. The last line is `N passed, N failed`.
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import WebSocket from 'ws';
import { ROOT, say } from './setup.mjs';

const START_WITHIN_MS = 480_000;
const AGAIN_WITHIN_MS = 60_000;
const ANSWER_WITHIN_MS = 5_000;
const END_WITHIN_MS = 60_000;
const STOP_WITHIN_MS = 10_000;
const OWN = /^(DRIFTLESS_|TEMPORAL_|MARKET_|PAPER_|LOG_|XDG_|PORT$|HOST$|DATABASE_URL$|NODE_ENV$|npm_)/;

let passed = 0;
let failed = 0;

async function step(name, work) {
  const startedAt = performance.now();
  try {
    await work();
    passed += 1;
    say(`ok ${name} (${((performance.now() - startedAt) / 1000).toFixed(1)} s)`);
  } catch (error) {
    failed += 1;
    say(`FAILED ${name}: ${error?.message ?? error}`);
    throw error;
  }
}

function check(condition, message) {
  if (!condition) throw new Error(message);
}

async function freePorts(count) {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => new Promise((resolve) => server.once('listening', resolve))));
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

class Product {
  constructor(folder, env) {
    this.output = '';
    // npm itself, in a process group of its own: Ctrl-C reaches the whole group, as in a terminal.
    this.child = spawn('npm', ['start'], {
      cwd: folder,
      env,
      detached: process.platform !== 'win32',
      shell: process.platform === 'win32',
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream.on('data', (chunk) => {
        this.output += chunk;
        process.stdout.write(String(chunk).replace(/^(?=.)/gm, '    '));
      });
    }
    this.exited = new Promise((resolve) => this.child.once('close', (code, signal) => resolve({ code, signal })));
    this.exited.then((exit) => {
      this.exit = exit;
    });
  }

  async ready(withinMs) {
    const deadline = Date.now() + withinMs;
    while (!this.output.includes('Driftless is ready')) {
      check(this.exit === undefined, 'it ended while starting');
      check(Date.now() < deadline, `it was not ready within ${withinMs / 1000} s`);
      await sleep(100);
    }
    const [, url, token] = /(http:\/\/[^/\s]+)\/\?token=([\w-]+)/.exec(this.output) ?? [];
    check(url !== undefined, 'it printed no address with a token');
    this.url = url;
    this.token = token;
  }

  /** Resolves when all its processes have ended. */
  async interrupt() {
    const at = Date.now();
    process.kill(process.platform === 'win32' ? this.child.pid : -this.child.pid, 'SIGINT');
    await Promise.race([this.exited, sleep(STOP_WITHIN_MS)]);
    check(this.exit !== undefined, `it ran on ${STOP_WITHIN_MS / 1000} s after Ctrl-C`);
    return Date.now() - at;
  }

  end() {
    if (this.exit === undefined)
      process.kill(process.platform === 'win32' ? this.child.pid : -this.child.pid, 'SIGKILL');
  }
}

class Session {
  static async open({ url, token }) {
    const session = new Session();
    session.socket = new WebSocket(`${url.replace('http', 'ws')}/ws?token=${token}`);
    session.messages = [];
    session.socket.on('message', (raw) => session.messages.push(JSON.parse(String(raw))));
    await new Promise((resolve, reject) => {
      session.socket.once('open', resolve);
      session.socket.once('error', reject);
    });
    return session;
  }

  async wait(what, find, withinMs) {
    const deadline = Date.now() + withinMs;
    for (;;) {
      const found = this.messages.find(find);
      if (found !== undefined) return found;
      check(Date.now() < deadline, `no ${what} within ${withinMs / 1000} s`);
      await sleep(20);
    }
  }

  /**
   * The first answer within 5 s, then the final one. "Not known yet" (ACCEPTANCE_UNKNOWN) is an answer and no end: what
   * became of the command follows under the same id, as it does after "pending".
   */
  async command(action, data = {}) {
    const id = crypto.randomUUID();
    this.socket.send(JSON.stringify({ type: 'COMMAND', action, command_id: id, data }));
    const isAnswer = (message) => message.type === 'COMMAND_RESULT' && message.command_id === id;
    await this.wait(`answer to ${action}`, isAnswer, ANSWER_WITHIN_MS);
    const isEnd = ({ data, error }) => data.status !== 'pending' && error?.code !== 'ACCEPTANCE_UNKNOWN';
    const end = await this.wait(`end of ${action}`, (m) => isAnswer(m) && isEnd(m), END_WITHIN_MS);
    check(end.success && end.data.status === 'done', `${action}: ${end.data.status}: ${end.message}`);
    return end;
  }

  /** From now on; what is unknown is null. */
  stats(find) {
    this.messages = [];
    return this.wait('such figures', (m) => m.type === 'SYSTEM_STATS' && find(m.data.drift_state), END_WITHIN_MS);
  }
}

async function cycle(folder, env) {
  const clone = join(folder, 'clone');
  await step('a fresh clone in an empty folder', () => {
    execFileSync('git', ['clone', '--quiet', '--no-local', '--depth', '1', `file://${ROOT}`, clone], {
      stdio: 'inherit',
    });
  });
  let product = new Product(clone, env);
  try {
    await step('npm start sets itself up and is ready', () => product.ready(START_WITHIN_MS));
    await step('the page answers', async () => {
      const page = await fetch(product.url, { headers: { authorization: `Bearer ${product.token}` } });
      check(page.ok, `status ${page.status}`);
      check((await page.text()).includes('<script'), 'it is no page');
    });
    let session = await Session.open(product);
    const command = (action, data) => step(action, () => session.command(action, data));
    await command('START_ENGINE', { mode: 'paper' });
    await command('DRIFT_DEPOSIT', { amount: '1.5' });
    await command('DRIFT_OPEN_POSITION', { market: 'SOL-PERP', direction: 'short', size: '5' });
    await step('the position shows', () => session.stats(({ positions }) => positions?.[0]?.amount === -5));
    await step('Ctrl-C ends it', () => product.interrupt());
    product = new Product(clone, env);
    await step('a second start takes seconds', () => product.ready(AGAIN_WITHIN_MS));
    session = await Session.open(product);
    await step('the position is still there', () => session.stats(({ positions }) => positions?.[0]?.amount === -5));
    const again = (action, data) => step(action, () => session.command(action, data));
    await again('DRIFT_CLOSE_POSITION', { market: 'SOL-PERP' });
    await step('the position is gone', () => session.stats(({ positions }) => positions?.length === 0));
    await again('STOP_ENGINE');
    await step('Ctrl-C ends it again', () => product.interrupt());
  } finally {
    product.end();
  }
}

const folder = mkdtempSync(join(tmpdir(), 'driftless-cycle-'));
try {
  const home = join(folder, 'home');
  mkdirSync(home);
  const [port, temporalPort, uiPort] = await freePorts(3);
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !OWN.test(name)));
  Object.assign(env, { HOME: home, PORT: port, TEMPORAL_PORT: temporalPort, TEMPORAL_UI_PORT: uiPort });
  await cycle(folder, env);
} catch (error) {
  if (failed === 0) {
    failed += 1;
    say(`FAILED ${error?.stack ?? error}`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
say(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
