import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { CommandEnvelope } from '../../../src/domain/order/command.ts';
import {
  commandDoubt,
  commandKeyOf,
  isSignedVerdict,
  signCommand,
  signVerdict,
} from '../../../src/domain/order/signed-command.ts';
import { hashJson } from '../../../src/lib/ids.ts';

const KEY = commandKeyOf('token-of-the-tests-0000');
const ENGINE = 'engine:paper:synthetic:1:0';

function envelopeOf(change: Partial<CommandEnvelope> = {}): CommandEnvelope {
  const request = { kind: 'deposit', asset: 'SOL', amount: '1500000000' } as const;
  return {
    commandId: 'command-1',
    request,
    requestHash: hashJson(request),
    operator: 'operator',
    receivedAtMs: 1_000,
    notAfterMs: 6_000,
    ...change,
  };
}

/** As Temporal carries it. */
const carried = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

describe('a command', () => {
  it('that the bridge signed is taken, as Temporal carries it', () => {
    for (const change of [{}, { confirmationToken: 'token' }]) {
      expect(commandDoubt(KEY, ENGINE, carried(signCommand(KEY, ENGINE, envelopeOf(change))))).toBeNull();
    }
  });

  it('without a signature, or signed with another key, says what is right', () => {
    const other = signCommand(commandKeyOf('another-token-of-tests'), ENGINE, envelopeOf());
    for (const envelope of [envelopeOf(), other]) {
      const doubt = commandDoubt(KEY, ENGINE, envelope);
      expect(doubt).toMatchObject({ code: 'UNAUTHORIZED', message: expect.stringContaining('Nothing was sent.') });
      expect(doubt?.details?.remedy).toMatch(/DRIFTLESS_TOKEN/);
    }
  });

  const larger = { kind: 'deposit', asset: 'SOL', amount: '9' } as const;
  it.each([
    ['another engine', envelopeOf(), 'engine:paper:synthetic:2:0'],
    ['another id', envelopeOf({ commandId: 'command-2' }), ENGINE],
    ['another request', envelopeOf({ request: larger }), ENGINE],
    ['another request with its hash', envelopeOf({ request: larger, requestHash: hashJson(larger) }), ENGINE],
    ['a confirmation', envelopeOf({ confirmationToken: 'token' }), ENGINE],
    ['more time', envelopeOf({ notAfterMs: 6_001 }), ENGINE],
    ['another operator', envelopeOf({ operator: 'mallory' }), ENGINE],
  ])('keeps its signature for itself: not for %s', (_, changed, engineId) => {
    const { mac } = signCommand(KEY, ENGINE, envelopeOf());
    expect(commandDoubt(KEY, engineId, { ...changed, mac: mac ?? '' })).toMatchObject({ code: 'UNAUTHORIZED' });
  });

  it('is not taken with any other text as its signature', () => {
    fc.assert(
      fc.property(fc.string(), (mac) => commandDoubt(KEY, ENGINE, { ...envelopeOf(), mac })?.code === 'UNAUTHORIZED'),
    );
  });
});

describe('a verdict', () => {
  const words = { verdict: 'landed', operator: 'ann', note: '' } as const;

  it('is signed for its operation and its words alone', () => {
    const signed = carried(signVerdict(KEY, 'operation-1', words));
    expect(isSignedVerdict(KEY, 'operation-1', signed)).toBe(true);
    expect(isSignedVerdict(KEY, 'operation-2', signed)).toBe(false);
    expect(isSignedVerdict(KEY, 'operation-1', { ...signed, verdict: 'retry' })).toBe(false);
    expect(isSignedVerdict(KEY, 'operation-1', words)).toBe(false);
  });
});

it('the key does not tell the token', () => {
  expect(KEY).toMatch(/^[0-9a-f]{64}$/);
  expect(KEY).not.toBe(commandKeyOf('token-of-the-tests-0001'));
});
