import { describe, expect, it } from '@jest/globals';
import * as z from '../../src/lib/codec.ts';
import { ANSWERS, HttpError } from '../../src/protocol/api.ts';
import {
  ANSWER_EXAMPLES,
  HTTP_ERROR_EXAMPLE,
  MESSAGE_EXAMPLES,
  STATE_EXAMPLE,
  STATE_RESULT_EXAMPLE,
} from '../../src/protocol/examples.ts';
import { checkMessage, MESSAGES, type MessageType, readMessage } from '../../src/protocol/messages.ts';
import { withContext } from '../support/with-context.ts';

const examples: readonly (readonly [string, z.Codec<unknown, unknown>, unknown])[] = [
  ...Object.entries(MESSAGE_EXAMPLES).map(
    ([type, example]) => [type, MESSAGES[type as MessageType] as z.Codec<unknown, unknown>, example] as const,
  ),
  ['COMMAND_RESULT of GET_STATE', MESSAGES.COMMAND_RESULT, STATE_RESULT_EXAMPLE],
  ...Object.entries(ANSWER_EXAMPLES).map(
    ([path, example]) => [path, ANSWERS[path as keyof typeof ANSWERS] as z.Codec<unknown, unknown>, example] as const,
  ),
  ['an error over HTTP', HttpError, HTTP_ERROR_EXAMPLE],
];

describe('a schema of the protocol', () => {
  it.each(examples)('%s takes its example, and gives it back as it was', (_name, codec, example) => {
    expect(codec.encode(z.decodeExactly(codec, example))).toEqual(example);
  });

  it.each(examples)('%s refuses an unknown field, a missing one and one of another type', (_name, codec, example) => {
    const fields = example as Record<string, unknown>;
    expect(() => z.decodeExactly(codec, { ...fields, surplus: 1 })).toThrow();
    for (const field of Object.keys(fields).filter((name) => name !== 'error')) {
      const { [field]: _, ...rest } = fields;
      withContext(field, () => expect(() => z.decodeExactly(codec, rest)).toThrow());
      withContext(field, () => expect(() => z.decodeExactly(codec, { ...fields, [field]: () => 1 })).toThrow());
    }
  });
});

describe('a message', () => {
  it('is checked down to its last field', () => {
    const message = (change: object) => ({ type: 'SYSTEM_STATS', data: { ...STATE_EXAMPLE, ...change } });
    expect(() => checkMessage(message({}))).not.toThrow();
    const { engine } = STATE_EXAMPLE;
    expect(() => checkMessage(message({ engine: { ...engine, surplus: 1 } }))).toThrow('data.engine.surplus');
    const hold = { code: 'x', since: 'yesterday', permits: 'nothing', cleared_by: 'person', reason: '' };
    expect(() => checkMessage(message({ engine: { ...engine, holds: [hold] } }))).toThrow('data.engine.holds.0.since');
    expect(() => checkMessage({ type: 'NEWS' })).toThrow();
    expect(() => checkMessage([])).toThrow();
  });

  it('is read into times and exact amounts', () => {
    const message = readMessage(JSON.stringify(MESSAGE_EXAMPLES.SYSTEM_STATS));
    expect(message).toMatchObject({
      data: { as_of: Date.UTC(2026, 0, 15, 12, 0, 3), account: { spot_sol_base: 10n ** 10n } },
    });
  });
});
