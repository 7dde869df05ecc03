import { describe, expect, it } from '@jest/globals';
import { type Incoming, parseMessage } from '../../src/bridge/protocol.ts';

const MARKETS = ['SOL-PERP'];
const parse = (text: string): Incoming => parseMessage(text, { markets: MARKETS, quoteAsset: () => 'USDC' });
const command = (action: string, data: string, more = ''): Incoming =>
  parse(`{"type":"COMMAND","action":"${action}","data":${data}${more}}`);

const badField = (incoming: Incoming) => {
  if (incoming.kind !== 'bad_command') throw new Error(`it was taken as ${incoming.kind}`);
  return { code: incoming.answer.error?.code, ...incoming.answer.error?.details } as Record<string, unknown>;
};

/** Every wrong input of one amount, as JSON text, and what `got` says of it. */
const WRONG_AMOUNTS: readonly (readonly [string, string, string])[] = [
  ['null', 'null', 'null'],
  ['negative', '-1', '-1'],
  ['negative text', '"-1.5"', '"-1.5"'],
  ['zero', '0', '0'],
  ['zero with decimals', '0.000', '0.000'],
  ['negative zero', '-0', '-0'],
  ['too small for a lamport', '1e-10', '1e-10'],
  ['NaN as text', '"NaN"', '"NaN"'],
  ['Infinity as text', '"Infinity"', '"Infinity"'],
  ['1e400', '1e400', '1e400'],
  ['1e400 as text', '"1e400"', '"1e400"'],
  ['1e999999999999', '1e999999999999', '1e999999999999'],
  ['19 decimals', '1.0000000000000000001', '1.0000000000000000001'],
  ['ten decimals', '0.1234567891', '0.1234567891'],
  ['hexadecimal', '"0x10"', '"0x10"'],
  ['a comma', '"1,5"', '"1,5"'],
  ['space', '" 1.5"', '" 1.5"'],
  ['a sign', '"+1.5"', '"+1.5"'],
  ['empty text', '""', '""'],
  ['a word', '"all"', '"all"'],
  ['other digits', '"١"', '"١"'],
  ['a boolean', 'true', 'true'],
  ['an array', '[1.5]', 'an array of 1'],
  ['an object', '{"value":1}', 'an object'],
  ['an object that poses as a number', '{"isLosslessNumber":true,"value":"1"}', 'an object'],
  ['a megabyte of digits', `1${'0'.repeat(900_000)}`, 'a number of 900001 characters'],
  ['a megabyte of text', `"${'9'.repeat(900_000)}"`, 'a text of 900000 characters'],
];

describe.each([
  ['DRIFT_DEPOSIT', 'amount', ''],
  ['DRIFT_WITHDRAW', 'amount', ''],
  ['DRIFT_OPEN_POSITION', 'size', '"market":"SOL-PERP","direction":"long",'],
])('%s %s', (action, field, others) => {
  it.each(WRONG_AMOUNTS)('refuses %s', (_name, json, got) => {
    const details = badField(command(action, `{${others}"${field}":${json}}`));
    expect(details).toMatchObject({ code: 'INVALID_FIELD', field, got });
    expect(typeof details.expected).toBe('string');
  });

  it('refuses a missing one', () => {
    const data = others === '' ? '{}' : `{${others.slice(0, -1)}}`;
    expect(badField(command(action, data))).toMatchObject({ code: 'INVALID_FIELD', field, got: 'nothing' });
  });

  it.each([
    ['1.5', '1500000000'],
    ['"1.5"', '1500000000'],
    ['0.000000001', '1'],
    ['1e-9', '1'],
    ['12E2', '1200000000000'],
    ['1.500000000', '1500000000'],
    ['123456789.123456789', '123456789123456789'],
  ])('reads %s exactly', (json, base) => {
    const incoming = command(action, `{${others}"${field}":${json}}`);
    expect(incoming).toMatchObject({ kind: 'command', request: { [field]: base } });
  });
});

describe('an asset', () => {
  it('is SOL when none is given, and gives USDC six decimals', () => {
    expect(command('DRIFT_DEPOSIT', '{"amount":1}')).toMatchObject({ request: { asset: 'SOL', amount: '1000000000' } });
    expect(command('DRIFT_WITHDRAW', '{"amount":1.25,"asset":"USDC"}')).toMatchObject({
      request: { asset: 'USDC', amount: '1250000' },
    });
    expect(badField(command('DRIFT_DEPOSIT', '{"amount":0.0000001,"asset":"USDC"}'))).toMatchObject({
      field: 'amount',
    });
  });

  it.each(['null', '"BTC"', '"sol"', '7', '[]', '{}', 'true', '""'])('is refused as %s', (json) => {
    expect(badField(command('DRIFT_DEPOSIT', `{"amount":1,"asset":${json}}`))).toMatchObject({
      code: 'INVALID_FIELD',
      field: 'asset',
      expected: '"SOL" or "USDC"',
    });
  });
});

describe('an asset of an account whose quote asset is another', () => {
  const given = (asset: string, quoteAsset: string | null): Incoming =>
    parseMessage(
      `{"type":"COMMAND","action":"DRIFT_DEPOSIT","command_id":"c","data":{"amount":1.25,"asset":"${asset}"}}`,
      { markets: MARKETS, quoteAsset: () => quoteAsset },
    );

  it('is taken by its symbol, and another is refused by the name of the right one', () => {
    expect(given('USDT', 'USDT')).toMatchObject({ request: { asset: 'USDT', amount: '1250000' } });
    expect(given('SOL', 'USDT')).toMatchObject({ request: { asset: 'SOL', amount: '1250000000' } });
    for (const asset of ['USDC', 'usdt', 'USD']) {
      expect(badField(given(asset, 'USDT'))).toMatchObject({ field: 'asset', expected: '"SOL" or "USDT"' });
    }
  });

  it('goes to the engine while the quote asset is not known, which then refuses another', () => {
    expect(given('USDC', null)).toMatchObject({ kind: 'command', request: { asset: 'USDC', amount: '1250000' } });
    expect(badField(given('', null))).toMatchObject({
      field: 'asset',
      expected: '"SOL" or the symbol of the account\'s quote asset',
    });
  });
});

describe('a market', () => {
  const ACTIONS = ['DRIFT_CLOSE_POSITION', 'SETTLE_PNL', 'ADOPT_POSITION'];
  it.each(ACTIONS)('is needed by %s', (action) => {
    for (const data of ['{}', '{"market":null}', '{"market":7}', '{"market":""}', '{"market":["SOL-PERP"]}']) {
      expect(badField(command(action, data))).toMatchObject({ code: 'INVALID_FIELD', field: 'market' });
    }
  });

  it.each(ACTIONS)('must exist for %s', (action) => {
    for (const market of ['BTC-PERP', 'sol-perp', '__proto__', 'SOL-PERP ']) {
      expect(badField(command(action, `{"market":"${market}"}`))).toMatchObject({
        code: 'UNKNOWN_MARKET',
        field: 'market',
        expected: MARKETS,
      });
    }
    expect(command(action, '{"market":"SOL-PERP"}')).toMatchObject({
      kind: 'command',
      request: { market: 'SOL-PERP' },
    });
  });
});

describe('a direction, a mode, a verdict', () => {
  it('makes a direction the sign of the size, and nothing else of it', () => {
    const open = (direction: string) =>
      command('DRIFT_OPEN_POSITION', `{"market":"SOL-PERP","size":1.5,"direction":"${direction}"}`);
    const request = { kind: 'open', market: 'SOL-PERP' };
    expect(open('short')).toMatchObject({ request: { ...request, size: '-1500000000' } });
    expect(open('long')).toMatchObject({ request: { ...request, size: '1500000000' } });
  });

  it.each(['null', '"up"', '"SHORT"', '1', '[]', 'false'])('is refused as %s', (json) => {
    const open = command('DRIFT_OPEN_POSITION', `{"market":"SOL-PERP","size":1,"direction":${json}}`);
    expect(badField(open)).toMatchObject({ code: 'INVALID_FIELD', field: 'direction' });
    expect(badField(command('START_ENGINE', `{"mode":${json}}`))).toMatchObject({
      code: 'INVALID_FIELD',
      field: 'mode',
    });
    expect(badField(command('STOP_ENGINE', `{"mode":${json}}`))).toMatchObject({
      code: 'INVALID_FIELD',
      field: 'mode',
    });
    const verdict = command('RESOLVE_TRANSACTION', `{"operation_id":"a","verdict":${json}}`);
    expect(badField(verdict)).toMatchObject({ code: 'INVALID_FIELD', field: 'verdict' });
  });

  it.each(['null', '""', '7', '"../x"', `"${'a'.repeat(65)}"`, '[]'])('an operation id is refused as %s', (json) => {
    const verdict = command('RESOLVE_TRANSACTION', `{"operation_id":${json},"verdict":"landed"}`);
    expect(badField(verdict)).toMatchObject({ code: 'INVALID_FIELD', field: 'operation_id' });
  });

  it('bounds the note', () => {
    const verdict = (note: string) =>
      command('RESOLVE_TRANSACTION', `{"operation_id":"a","verdict":"landed","note":${note}}`);
    expect(badField(verdict(`"${'x'.repeat(501)}"`))).toMatchObject({ field: 'note' });
    expect(badField(verdict('7'))).toMatchObject({ field: 'note' });
    expect(verdict('"seen"')).toMatchObject({ request: { operationId: 'a', verdict: 'landed', note: 'seen' } });
  });
});

describe('the envelope', () => {
  it.each([
    ['null', 'null'],
    ['a number', '7'],
    ['empty', '""'],
    ['too long', `"${'x'.repeat(129)}"`],
    ['with a space', '"a b"'],
    ['with a line break', '"a\\nb"'],
    ['an array', '["a"]'],
    ['an object', '{}'],
  ])('refuses a command_id that is %s', (_name, json) => {
    const incoming = parse(`{"type":"COMMAND","action":"STOP_ENGINE","command_id":${json}}`);
    expect(badField(incoming)).toMatchObject({ code: 'INVALID_FIELD', field: 'command_id' });
  });

  it('takes the ids that programs make', () => {
    for (const id of ['7', 'a-b_c.d:e', 'F47AC10B-58CC-4372-A567-0E02B2C3D479', 'x'.repeat(128)]) {
      expect(parse(`{"type":"COMMAND","action":"STOP_ENGINE","command_id":"${id}"}`)).toMatchObject({ commandId: id });
    }
  });

  it.each(['missing', '"FLY"', '"start_engine"', '"__proto__"', '"constructor"', 'null', '7', '[]', '{}', 'true'])(
    'refuses the action %s with the list of actions',
    (json) => {
      const incoming = parse(`{"type":"COMMAND","command_id":"a"${json === 'missing' ? '' : `,"action":${json}`}}`);
      expect(badField(incoming)).toMatchObject({ code: 'UNKNOWN_ACTION', field: 'action' });
      expect(incoming).toMatchObject({ commandId: 'a' });
    },
  );

  it.each(['null', '7', '"x"', '[]', '[{"amount":1}]', 'true'])('refuses data that is %s', (json) => {
    expect(badField(command('DRIFT_DEPOSIT', json))).toMatchObject({ code: 'INVALID_FIELD', field: 'data' });
    expect(badField(command('STOP_ENGINE', json))).toMatchObject({ code: 'INVALID_FIELD', field: 'data' });
  });

  it('tells of every bad field at once', () => {
    const details = badField(command('DRIFT_OPEN_POSITION', '{"market":7,"direction":"up","size":-1}'));
    expect((details.fields as { field: string }[]).map(({ field }) => field).sort()).toEqual([
      'direction',
      'market',
      'size',
    ]);
  });

  it.each([
    ['{"amount":1,"Asset":"USDC"}', 'Asset'],
    ['{"amount":1,"confirmationToken":"x"}', 'confirmationToken'],
    ['{"amount":1,"size":2}', 'size'],
    ['{"amount":1,"max_price":150}', 'max_price'],
    ['{"amount":1,"__proto__":{"asset":"USDC"}}', '__proto__'],
  ])('refuses %s, since ignoring %s would do something else than was meant', (data, field) => {
    expect(badField(command('DRIFT_DEPOSIT', data))).toMatchObject({ code: 'INVALID_FIELD', field });
  });

  it.each([
    ['REBALANCE', '{"market":"SOL-PERP"}'],
    ['FLATTEN', '{"market":"SOL-PERP"}'],
    ['DRIFT_DEPOSIT', '{"amount":1,"market":"SOL-PERP"}'],
    ['RESOLVE_TRANSACTION', '{"operation_id":"a","verdict":"landed","operator":"me"}'],
  ])('takes %s %s: what clients send with every command changes nothing', (action, data) => {
    expect(command(action, data)).toMatchObject({ kind: 'command' });
  });

  it.each(['REBALANCE', 'FLATTEN', 'STOP_ENGINE'])('refuses %s for a market that is not there', (action) => {
    for (const market of ['"BTC-PERP"', '7', '""']) {
      const refused = badField(command(action, `{"market":${market}}`));
      expect(refused).toMatchObject({ code: 'UNKNOWN_MARKET', field: 'market', expected: MARKETS });
    }
  });

  it('refuses a misspelt command_id, since ignoring it would lose what it protects from', () => {
    const incoming = parse('{"type":"COMMAND","action":"STOP_ENGINE","commandId":"a"}');
    expect(badField(incoming)).toMatchObject({ code: 'INVALID_FIELD', field: 'commandId' });
  });

  it("lets a client's own fields through beside the data", () => {
    const incoming = command('DRIFT_DEPOSIT', '{"amount":1}', ',"trace":"7","timestamp":1');
    expect(incoming).toMatchObject({ kind: 'command', request: { kind: 'deposit' } });
  });

  it('takes no field from a prototype that the message sets', () => {
    const { fields } = badField(command('DRIFT_DEPOSIT', '{"__proto__":{"amount":1}}'));
    expect((fields as { field: string }[]).map(({ field }) => field)).toEqual(['__proto__', 'amount']);
    expect(parse('{"__proto__":{"type":"COMMAND","action":"STOP_ENGINE"}}')).toMatchObject({ kind: 'not_understood' });
    expect(({} as Record<string, unknown>).amount).toBeUndefined();
  });
});

describe('what is no command', () => {
  it.each([
    ['nothing', ''],
    ['words', 'hello'],
    ['half an object', '{"type":"COMMAND"'],
    ['a bare NaN', '{"type":"COMMAND","action":"DRIFT_DEPOSIT","data":{"amount":NaN}}'],
    ['a bare Infinity', '{"type":"COMMAND","action":"DRIFT_DEPOSIT","data":{"amount":-Infinity}}'],
    ['a leading zero', '{"type":"COMMAND","action":"DRIFT_DEPOSIT","data":{"amount":01}}'],
    ['a trailing comma', '{"type":"COMMAND",}'],
    ['single quotes', "{'type':'COMMAND'}"],
    ['two objects', '{}{}'],
    ['the same name twice', '{"type":"COMMAND","action":"DRIFT_DEPOSIT","data":{"amount":1,"amount":2}}'],
    ['an array', '[{"type":"COMMAND"}]'],
    ['null', 'null'],
    ['a number', '7'],
    ['a text', '"COMMAND"'],
    ['true', 'true'],
    ['no type', '{}'],
    ['another type', '{"type":"PING"}'],
    ['a type that is no text', '{"type":["COMMAND"]}'],
    ['a nesting bomb of arrays', '['.repeat(500_000)],
    ['a nesting bomb of objects', '{"a":'.repeat(150_000)],
    ['a nesting bomb in data', `{"type":"COMMAND","action":"STOP_ENGINE","data":{"a":${'['.repeat(400_000)}`],
    ['a megabyte of spaces', ' '.repeat(1_000_000)],
  ])('is refused as INVALID_MESSAGE: %s', (_name, text) => {
    const incoming = parse(text);
    if (incoming.kind !== 'not_understood') throw new Error(`it was taken as ${incoming.kind}`);
    expect(incoming.error.code).toBe('INVALID_MESSAGE');
    expect(JSON.stringify(incoming.error).length).toBeLessThan(400);
  });
});

describe('what is told back', () => {
  const SECRET = '4wBqpZM9xaSheZzJSMawUKKwhdpChKbZ5eu5ky4Vigw6vQyAtRFmZLRcX1F8GJmMxrwJdJ7cPDgzHjzJDjKDk3M1';

  it.each([
    ['an action', `{"type":"COMMAND","action":"${SECRET}"}`],
    ['an amount', `{"type":"COMMAND","action":"DRIFT_DEPOSIT","data":{"amount":"${SECRET}"}}`],
    ['a market', `{"type":"COMMAND","action":"SETTLE_PNL","data":{"market":"${SECRET.slice(0, 60)}"}}`],
    ['a field name', `{"type":"COMMAND","action":"STOP_ENGINE","data":{"size":1,"${SECRET}":1}}`],
    ['a type', `{"type":"${SECRET}"}`],
    ['no JSON at all', SECRET],
    ['a broken text', `{"type":"${SECRET}`],
  ])('never holds a key that was pasted as %s', (_name, text) => {
    expect(JSON.stringify(parse(text))).not.toContain(SECRET.slice(0, 40));
  });

  it('is short, however long the message was', () => {
    const names = Array.from({ length: 20_000 }, (_, index) => `"size${index}":${index}`).join(',');
    const incoming = command('DRIFT_OPEN_POSITION', `{${names},"market":"${'m'.repeat(100_000)}"}`);
    expect(JSON.stringify(incoming).length).toBeLessThan(2_000);
  });
});

describe('100,000 malformed messages', () => {
  it('leave nothing behind', () => {
    const junk = [
      '{',
      '[]',
      'null',
      '{"type":"COMMAND"}',
      '{"type":"COMMAND","action":"DRIFT_DEPOSIT","data":{"amount":"x"}}',
      '{"type":"COMMAND","action":"STOP_ENGINE","command_id":[]}',
      '['.repeat(200),
    ];
    const run = (count: number) => {
      for (let index = 0; index < count; index += 1) parse(junk[index % junk.length] ?? '');
      return process.memoryUsage().heapUsed;
    };
    const before = run(10_000);
    expect((run(100_000) - before) / 1024 / 1024).toBeLessThan(64);
  });
});
