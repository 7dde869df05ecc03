/** How alerts reach a person; with --send-test, whether they do. */
import { randomUUID } from 'node:crypto';
import { callHeartbeat } from '../../alerts/heartbeat.ts';
import type { Message } from '../../alerts/messengers/message.ts';
import type { Messenger } from '../../alerts/messengers/messenger.ts';
import { messengersOf } from '../../runtime/alert-channels.ts';
import type { Check } from '../check.ts';
import { fail, type Judgement, pass, warn } from '../finding.ts';

const testMessage = (nowMs: number): Message => ({
  id: randomUUID(),
  sentAtMs: nowMs,
  text: (limit) => 'A test by driftless doctor: alerts reach you here. Nothing has to be done.'.slice(0, limit),
  type: 'driftless.summary',
  data: { test: true },
  isUrgent: false,
});

export async function judgeMessengers(
  messengers: readonly Messenger[],
  sendsTest: boolean,
  nowMs: number,
): Promise<readonly Judgement[]> {
  if (messengers.length === 0) {
    const remedy = 'Set ALERT_TELEGRAM_TOKEN and ALERT_TELEGRAM_CHAT, ALERT_DISCORD_URL, or ALERT_WEBHOOK_URL.';
    return [warn('Alerts reach the page and the log only: a critical one wakes nobody.', remedy)];
  }
  if (!sendsTest) return messengers.map(({ name }) => pass(`${name} is set; --send-test tries it.`));
  return await Promise.all(
    messengers.map(async (messenger) => {
      const sent = await messenger.send(testMessage(nowMs));
      if (sent.kind === 'sent') return pass(`${messenger.name} took a test message. See that it has arrived.`);
      const remedy =
        sent.kind === 'later' ? 'Try again in a while; it may be away.' : `Correct the settings of ${messenger.name}.`;
      return fail(`${messenger.name}: ${sent.why}${/[.!?]$/.test(sent.why) ? '' : '.'}`, remedy);
    }),
  );
}

/** A test is a call like any other: the service takes it for a sign of life. */
export async function judgeHeartbeat(url: string | null, sendsTest: boolean): Promise<Judgement> {
  if (url === null)
    return warn('Nobody notices when this machine is gone.', 'Set HEARTBEAT_URL to a service that misses the call.');
  if (!sendsTest) return pass('A heartbeat is set: its silence is noticed elsewhere; --send-test tries it.');
  const problem = await callHeartbeat(url);
  return problem === null
    ? pass('The heartbeat’s service took a call.')
    : fail(
        `The heartbeat’s service did not take a call: ${problem}.`,
        'Correct HEARTBEAT_URL, or look at that service.',
      );
}

export const channels: Check = {
  name: 'channels',
  needsSettings: true,
  async run({ settings: { alerts }, sendsTest, clock }) {
    const [said, heartbeat] = await Promise.all([
      judgeMessengers(messengersOf(alerts), sendsTest, clock.nowMs()),
      judgeHeartbeat(alerts.heartbeatUrl, sendsTest),
    ]);
    return [...said, heartbeat];
  },
};
