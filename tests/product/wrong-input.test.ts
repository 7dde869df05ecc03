/** Every wrong input per field, to the real product: a structured answer each, nothing done, and it goes on. */

import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from '../support/bridge.ts';
import { ProductRun, type StateView } from '../support/product-run.ts';
import { withContext } from '../support/with-context.ts';

const WITHIN_MS = 5_000;
const OPEN = '"market":"SOL-PERP","direction":"short"';
const AMOUNTS = [
  ...['null', '-1', '"-1"', '0', '"0"', '0.000', '-0', 'true', '"NaN"', '"Infinity"', '1e400', '"1e400"', '-1e400'],
  ...['1.0000000000000000001', '"1.0000000000000000001"', '0.1234567891', '""', '" "', '"abc"', '"0x10"', '"1,5"'],
  ...['[]', '[1]', '{}', '{"value":1}', `"${'9'.repeat(10_000)}"`],
] as const;
const TEXTS = ['null', '1', 'true', '""', '[]', '["SOL-PERP"]', '{}'] as const;

/** action, field, other fields, wrong values as JSON. */
const FIELDS: readonly (readonly [string, string, string, readonly string[]])[] = [
  ['DRIFT_DEPOSIT', 'amount', '', AMOUNTS],
  ['DRIFT_DEPOSIT', 'asset', '"amount":1', [...TEXTS, '"sol"', '"BTC"']],
  ['DRIFT_WITHDRAW', 'amount', '', AMOUNTS],
  ['DRIFT_WITHDRAW', 'asset', '"amount":1', [...TEXTS, '"usdc"']],
  ['DRIFT_OPEN_POSITION', 'size', OPEN, AMOUNTS],
  ['DRIFT_OPEN_POSITION', 'direction', '"market":"SOL-PERP","size":1', [...TEXTS, '"SHORT"', '"up"']],
  ['DRIFT_OPEN_POSITION', 'market', '"direction":"short","size":1', TEXTS],
  ['DRIFT_CLOSE_POSITION', 'market', '', TEXTS],
  ['SETTLE_PNL', 'market', '', TEXTS],
  ['ADOPT_POSITION', 'market', '', TEXTS],
  ['START_ENGINE', 'mode', '', [...TEXTS, '"PAPER"', '"dry"']],
  ['STOP_ENGINE', 'mode', '', [...TEXTS, '"dry"']],
  ['RESOLVE_TRANSACTION', 'operation_id', '"verdict":"failed","note":"x"', [...TEXTS, '"a b"', '"../x"']],
  ['RESOLVE_TRANSACTION', 'verdict', '"operation_id":"abc","note":"x"', [...TEXTS, '"maybe"']],
  ['RESOLVE_TRANSACTION', 'note', '"operation_id":"abc","verdict":"failed"', ['null', '1', '[]', '{}']],
  ['REBALANCE', 'confirmation_token', '', ['null', '1', '[]', '{}', '""']],
];
/** A field that has a default, or that any command may leave out. */
const OPTIONAL = new Set(['asset', 'note', 'confirmation_token', 'STOP_ENGINE mode']);

let run: ProductRun;
let client: Client;
let before: StateView;

beforeAll(async () => {
  run = await ProductRun.open();
  await run.start();
  client = await connect();
  before = await run.state();
});
afterAll(async () => {
  client?.close();
  await run.end();
});

const connect = () =>
  Client.connect(run.url.replace('http', 'ws'), { Authorization: `Bearer ${run.env.DRIFTLESS_TOKEN}` });

/** Below the limit of messages a second, however fast this machine answers. */
const AT_ONCE = 100;
const WINDOW_MS = 1_100;
let sent = 0;
let windowFrom = performance.now();

async function paced(): Promise<void> {
  sent += 1;
  if (sent <= AT_ONCE) return;
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, windowFrom + WINDOW_MS - performance.now())));
  windowFrom = performance.now();
  sent = 1;
}

let count = 0;
async function answerTo(action: string, data: string): Promise<StateView> {
  await paced();
  count += 1;
  const id = `wrong-${count}`;
  client.send(`{"type":"COMMAND","action":${action},"command_id":"${id}","data":${data}}`);
  return await client.result(id, WITHIN_MS);
}

const refusal = (action: string, code: string, field: string) => ({
  ...{ type: 'COMMAND_RESULT', action, success: false, message: expect.any(String) },
  data: { status: 'rejected', engine_id: 'engine:paper:synthetic:1:0', mode: 'paper' },
  error: { code, details: { field, got: expect.any(String), expected: expect.anything() } },
});

describe('a wrong field', () => {
  it.each(FIELDS)('%s %s', async (action, field, others, values) => {
    const also = others === '' ? '' : `,${others}`;
    for (const value of values) {
      const answer = await answerTo(`"${action}"`, `{"${field}":${value}${also}}`);
      withContext(`${field}: ${value.slice(0, 40)}`, () =>
        expect(answer).toMatchObject(refusal(action, 'INVALID_FIELD', field)),
      );
    }
    if (OPTIONAL.has(field) || OPTIONAL.has(`${action} ${field}`)) return;
    const missing = await answerTo(`"${action}"`, `{${others}}`);
    expect(missing).toMatchObject(refusal(action, 'INVALID_FIELD', field));
  });

  it('an unknown market, an unknown action, another mode', async () => {
    for (const market of ['"BTC-PERP"', '"sol-perp"', '"__proto__"']) {
      const open = await answerTo('"DRIFT_OPEN_POSITION"', `{"market":${market},"direction":"short","size":1}`);
      expect(open).toMatchObject(refusal('DRIFT_OPEN_POSITION', 'UNKNOWN_MARKET', 'market'));
      const close = await answerTo('"DRIFT_CLOSE_POSITION"', `{"market":${market}}`);
      expect(close).toMatchObject(refusal('DRIFT_CLOSE_POSITION', 'UNKNOWN_MARKET', 'market'));
    }
    for (const action of ['"DEPOSIT"', '"drift_deposit"', '"constructor"', '""', 'null', '1', '[]', '{}']) {
      const answer = await answerTo(action, '{}');
      expect(answer).toMatchObject({ success: false, error: { code: 'UNKNOWN_ACTION', details: { field: 'action' } } });
    }
    const live = await answerTo('"START_ENGINE"', '{"mode":"live"}');
    expect(live).toMatchObject({ success: false, error: { code: 'ENGINE_RUNNING_OTHER_MODE' } });
    const deposit = await answerTo('"DRIFT_DEPOSIT"', '{"amount":1,"mode":"live"}');
    expect(deposit).toMatchObject({ success: false, error: { code: 'ENGINE_RUNNING_OTHER_MODE' } });
  });

  it('data, and a command_id, of another type', async () => {
    for (const data of ['null', '[]', '1', '"x"', 'true']) {
      expect(await answerTo('"GET_STATE"', data)).toMatchObject(refusal('GET_STATE', 'INVALID_FIELD', 'data'));
    }
    for (const id of ['null', '1', '""', '[]', '{}', `"${'x'.repeat(1_000)}"`, '"a b"']) {
      await paced();
      client.send(`{"type":"COMMAND","action":"GET_STATE","command_id":${id},"data":{}}`);
      const answer = await client.next(({ type, success }) => type === 'COMMAND_RESULT' && success === false);
      expect(answer.error).toMatchObject({ code: 'INVALID_FIELD', details: { field: 'command_id' } });
    }
  });
});

describe('what is no message', () => {
  it('is an ERROR, and the connection stays open', async () => {
    const notMessages: readonly (string | Buffer)[] = [
      ...['', ' ', 'hello', '{', '{"type":"COMMAND"', 'NaN', 'undefined', '[]', '[[]]', 'null', '1', '"COMMAND"', '{}'],
      ...['{"type":"command"}', '{"type":null}', '{"type":"COMMAND_RESULT"}', '{"type":["COMMAND"]}', '\u0000'],
      ...[`${'['.repeat(100_000)}`, '{"type":"COMMAND","action":"GET_STATE","action":"REBALANCE"}'],
      ...['{"type":"COMMAND","action":"DRIFT_DEPOSIT","data":{"amount":NaN}}'],
      ...[Buffer.from([0, 1, 2, 255]), Buffer.from('{"type":"COMMAND","action":"GET_STATE"}')],
    ];
    for (const message of notMessages) {
      await paced();
      client.send(message);
      const answer = await client.ofType('ERROR', WITHIN_MS);
      expect(answer).toMatchObject({ level: 'warning', error: { code: 'INVALID_MESSAGE' } });
    }
    expect(client.closedWith).toBeNull();
  });

  it('over a megabyte, or ten, ends its own connection only', async () => {
    for (const bytes of [1024 * 1024 + 1, 10 * 1024 * 1024]) {
      const big = await connect();
      big.send('x'.repeat(bytes));
      expect((await big.ofType('ERROR', WITHIN_MS)).error?.code).toBe('MESSAGE_TOO_LARGE');
      expect((await big.closed(WITHIN_MS)).code).toBe(1009);
    }
    const other = await connect();
    other.socket.send(Buffer.alloc(10 * 1024 * 1024));
    if (other.closedWith === null) await once(other.socket, 'close');
    expect(other.closedWith?.code).toBe(1009);
    expect(client.closedWith).toBeNull();
  });

  it('has changed nothing, and the product goes on', async () => {
    const { account, engine } = await run.state();
    expect(account.wallet_sol_base).toBe(before.account.wallet_sol_base);
    expect(account.perp_sol_base).toBe('0');
    expect(engine).toMatchObject({ state: 'running', trading_state: 'active', operation: null, holds: [] });
    expect(await run.list('operations')).toEqual([]);
    expect(await run.isReady()).toBe(true);
    const deposited = await (await run.caller()).end('DRIFT_DEPOSIT', { amount: 1 });
    expect(deposited).toMatchObject({ success: true, message: 'Deposited 1 SOL', data: { status: 'done' } });
  });
});
