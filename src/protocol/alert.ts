/** Alerts. */
import * as z from '../lib/codec.ts';
import { time, webUrl } from './units.ts';

export const AlertInfo = z.object({
  id: z.string().about('The same alert has the same id, however often it is sent.'),
  kind: z.enum(['alert', 'recovered']).about('recovered: what the alert of this code told of is over.'),
  severity: z.enum(['info', 'warning', 'critical']),
  code: z.string().about('Stable, such as HEALTH_CRITICAL.'),
  message: z.string().about('What happened.'),
  action: z.string().about('What a person should do. Empty: nothing.'),
  operation_id: z.string().optional().about('The operation that it is about.'),
  signature: z.string().nullable().optional(),
  explorer_url: webUrl.nullable().optional(),
  temporal_url: webUrl.nullable().optional(),
  signal_command: z.string().optional().about('The command that gives a verdict from a terminal.'),
  details: z.json().about('Figures, by code.'),
  ts: time,
  acknowledged_at: time.optional().about('In /api/alerts, once a person has seen it.'),
  deliveries: z
    .array(
      z.object({
        channel: z.string().about('Such as Telegram or webhook.'),
        times: z.number().about('How often it was sent there.'),
        sent_at: time.nullable().about('The last time. Null: it has not arrived yet, and is tried again.'),
      }),
    )
    .optional()
    .about('In /api/alerts: which messengers have taken it.'),
});
export type AlertInfo = z.output<typeof AlertInfo>;
