import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  canonicalJson,
  engineChain,
  engineIdOf,
  hashJson,
  operationIdOf,
  operationWorkflowId,
  parseEngineId,
} from '../../src/lib/ids.ts';

const PROGRAM = 'dRiftyHA39MWEi3m9aunc5MzRF1JYuBsbn6VPcn33UH';
const WALLET = '7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU';

describe('derived identities', () => {
  it('are the same for equal data, whatever the order of its members', () => {
    expect(hashJson({ a: 1, b: [1, { d: null, c: 'x' }] })).toBe(hashJson({ b: [1, { c: 'x', d: null }], a: 1 }));
    expect(hashJson({ a: 1, b: undefined })).toBe(hashJson({ a: 1 }));
    expect(hashJson({ a: 1 })).not.toBe(hashJson({ a: '1' }));
    expect(hashJson([1, 2])).not.toBe(hashJson([2, 1]));
    expect(canonicalJson(undefined)).toBe('null');
  });

  it('read back as the same data (property)', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(canonicalJson(value as never))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('give one operation per engine and command', () => {
    const id = operationIdOf('engine:paper:synthetic:7:0', 'c-1');
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    expect(operationIdOf('engine:paper:synthetic:7:0', 'c-1')).toBe(id);
    expect(operationIdOf('engine:paper:synthetic:8:0', 'c-1')).not.toBe(id);
    expect(operationIdOf('engine:paper:synthetic:7:0', 'c-2')).not.toBe(id);
    expect(operationWorkflowId(id)).toBe(`operation:${id}`);
  });

  it('of an engine are taken apart as they were put together, colons in the feed included', () => {
    for (const authority of ['synthetic:7', 'replay:/data/funding.csv', '7xKX']) {
      const parts = { venue: 'paper' as const, authority, subAccount: 3 };
      expect(parseEngineId(engineIdOf(parts))).toEqual(parts);
    }
    const chain = engineChain('5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d', PROGRAM);
    const live = { venue: 'drift' as const, authority: WALLET, subAccount: 3, chain };
    expect(engineIdOf(live)).toBe(`engine:drift:5eykt4Us:${PROGRAM}:${WALLET}:3`);
    expect(parseEngineId(engineIdOf(live))).toEqual(live);
    // Of a version that did not name the chain.
    const former = { venue: 'drift' as const, authority: WALLET, subAccount: 3 };
    expect(parseEngineId(`engine:drift:${WALLET}:3`)).toEqual(former);
    expect(parseEngineId('operation:abc')).toBeNull();
    expect(parseEngineId('engine:paper:x:y')).toBeNull();
  });
});
