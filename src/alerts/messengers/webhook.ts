/**
 * Posts alerts as JSON to an endpoint of the person's own, signed in the form of Standard Webhooks
 * (https://www.standardwebhooks.com): the signature covers id, time and body, so that a receiver can refuse forgeries and
 * repetitions.
 */
import { createHmac } from 'node:crypto';
import { canonicalJson } from '../../lib/ids.ts';
import type { Message } from './message.ts';
import type { Messenger } from './messenger.ts';
import { post } from './post.ts';

const PREFIX = 'whsec_';

/** @param secret `whsec_` and base64 @returns base64 */
export function signatureOf(secret: string, id: string, seconds: number, body: string): string {
  const key = Buffer.from(secret.slice(secret.startsWith(PREFIX) ? PREFIX.length : 0), 'base64');
  return createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64');
}

export const webhookBody = ({ type, data, sentAtMs }: Message): string =>
  canonicalJson({ type, timestamp: new Date(sentAtMs).toISOString(), data });

export const webhook = (url: string, secret: string): Messenger => ({
  name: 'Webhook',
  async send(message) {
    const body = webhookBody(message);
    const seconds = Math.floor(message.sentAtMs / 1_000);
    return await post({
      url,
      body,
      sentAtMs: message.sentAtMs,
      headers: {
        'webhook-id': message.id,
        'webhook-timestamp': String(seconds),
        'webhook-signature': `v1,${signatureOf(secret, message.id, seconds, body)}`,
      },
      advice: (status) =>
        status === 401 || status === 403
          ? 'it did not accept the signature. Compare ALERT_WEBHOOK_SECRET with the secret of the receiver.'
          : undefined,
    });
  },
});
