/** A client of another version of the protocol: refused with the way out, and never misread. */
import { describe, expect, it } from '@jest/globals';
import { type Incoming, parseMessage, parsePreview } from '../../src/bridge/protocol.ts';
import { PROTOCOL, PROTOCOLS, refusalOfProtocol } from '../../src/protocol/version.ts';

const NAMEABLE = { markets: ['SOL-PERP'], quoteAsset: () => null };
const deposit = (protocol: string | null, action = 'DRIFT_DEPOSIT'): Incoming =>
  parseMessage(
    `{"type":"COMMAND","action":"${action}","command_id":"a","data":{"amount":1}${protocol === null ? '' : `,"protocol":${protocol}`}}`,
    NAMEABLE,
  );
const errorOf = (incoming: Incoming) => (incoming.kind === 'bad_command' ? incoming.answer.error : undefined);

describe('the version of the protocol', () => {
  it('that a client names is served as without one', () => {
    expect(deposit(String(PROTOCOL))).toEqual(deposit(null));
    expect(deposit(null).kind).toBe('command');
    expect(PROTOCOL).toBe(PROTOCOLS.newest);
  });

  it.each(['0', '2', '999999999'])(
    '%s is not served: under the command’s id, and before its action is judged',
    (version) => {
      for (const action of ['DRIFT_DEPOSIT', 'AN_ACTION_OF_THEN']) {
        const incoming = deposit(version, action);
        expect(incoming).toMatchObject({ kind: 'bad_command', action, commandId: 'a', named: true });
        expect(errorOf(incoming)).toMatchObject({
          code: 'PROTOCOL_NOT_SERVED',
          details: { field: 'protocol', got: version },
        });
      }
      const preview = parsePreview(`{"action":"DRIFT_DEPOSIT","data":{"amount":1},"protocol":${version}}`, NAMEABLE);
      expect(errorOf(preview)).toMatchObject({ code: 'PROTOCOL_NOT_SERVED' });
    },
  );

  it.each(['"1"', '1.0', '-1', 'null', '[]', '1e0', '12345678901'])('%s is no version', (version) => {
    expect(errorOf(deposit(version))).toMatchObject({ code: 'INVALID_FIELD', details: { field: 'protocol' } });
  });

  it('a refusal names what is understood, and who has to be upgraded', () => {
    const served = { oldest: 3, newest: 5 };
    for (const version of [3, 4, 5]) expect(refusalOfProtocol(version, served)).toBeNull();
    expect(refusalOfProtocol(2, served)).toMatchObject({
      message: 'This client speaks version 2 of the protocol, and this Driftless versions 3 to 5. Nothing was sent.',
      details: { expected: [3, 5], remedy: expect.stringContaining('Reload the page') },
    });
    expect(refusalOfProtocol(6, served)?.details?.remedy).toContain('older than its client');
    expect(refusalOfProtocol(0)?.message).toContain('and this Driftless version 1.');
  });
});
