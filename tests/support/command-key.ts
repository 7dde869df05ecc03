/** What test harnesses that send commands to an engine sign them with, and their workers check them by. */
import { commandKeyOf } from '../../src/domain/order/signed-command.ts';
import { payloadKeyOf } from '../../src/runtime/payload-signatures.ts';

export const TEST_COMMAND_KEY = commandKeyOf('a-token-of-the-tests');
export const TEST_COMMAND_PORTS = {
  commandKeys: () => [TEST_COMMAND_KEY],
  sharedClock: { nowMs: () => Date.now() },
} as const;
export const TEST_PAYLOAD_KEYS = [payloadKeyOf('a-token-of-the-tests')] as const;
