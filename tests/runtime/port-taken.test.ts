import { createServer } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { onTestFinished } from '../../localnet/tests/support/on-test-finished.ts';
import { requireFreePort } from '../../src/runtime/port-taken.ts';
import { freePorts } from '../support/free-ports.ts';

describe('an address that cannot be listened on', () => {
  it.each(['8.8.8.8', 'no-such-host.invalid'])('is blamed on HOST=%s, not on its port', async (host) => {
    const [port] = await freePorts(1);
    await expect(requireFreePort(port as number, host, 'PORT')).rejects.toMatchObject({
      code: 'HOST_UNUSABLE',
      message: expect.stringMatching(/HOST/),
      details: { setting: 'HOST' },
    });
  });

  it('is blamed on the port when that is taken', async () => {
    const [port] = await freePorts(1);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    await expect(requireFreePort(port as number, '127.0.0.1', 'PORT')).rejects.toMatchObject({
      code: 'PORT_TAKEN',
      details: { setting: 'PORT' },
    });
  });
});
