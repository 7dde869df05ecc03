/**
 * Posts alerts as JSON to an endpoint of the person's own, signed in the form of Standard Webhooks
 * (https://www.standardwebhooks.com): the signature covers id, time and body, so that a receiver can refuse forgeries and
 * repetitions.
 */
import { createHmac } from 'node:crypto';
import type { Alert } from '../../domain/alerts/alert.ts';
import { alertTitle } from '../../domain/alerts/alert-table.ts';
import { canonicalJson } from '../../lib/ids.ts';
import type { Message, MessageItem } from './message.ts';
import type { Messenger } from './messenger.ts';
import { post } from './post.ts';

const PREFIX = 'whsec_';

/** @param secret `whsec_` and base64 @returns base64 */
export function signatureOf(secret: string, id: string, seconds: number, body: string): string {
  const key = Buffer.from(secret.slice(secret.startsWith(PREFIX) ? PREFIX.length : 0), 'base64');
  return createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64');
}

const itemOf = ({ alert, repeats }: MessageItem, pageUrl: string) => ({
  ...wireOf(alert),
  title: alertTitle(alert.code),
  repeats,
  url: pageUrl,
});

const wireOf = ({ id, engineId, kind, severity, code, message, action, operationId, details, tsMs }: Alert) => ({
  ...{ id, kind, severity, code, message, action, details },
  engine_id: engineId,
  operation_id: operationId,
  at: new Date(tsMs).toISOString(),
});

export function webhookBody({ items, pageUrl, sentAtMs }: Message): string {
  const alerts = items.map((item) => itemOf(item, pageUrl));
  return canonicalJson({ type: 'driftless.alerts', timestamp: new Date(sentAtMs).toISOString(), data: { alerts } });
}

export const webhook = (url: string, secret: string): Messenger => ({
  name: 'Webhook',
  async send(message) {
    const body = webhookBody(message);
    const seconds = Math.floor(message.sentAtMs / 1_000);
    return await post({
      url,
      body,
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
