/** The bridge's own figures for /metrics. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

export interface BridgeMetrics {
  readonly sockets: Gauge;
  readonly commands: Counter<'action' | 'status'>;
  readonly commandSeconds: Histogram;
  readonly notUnderstood: Counter;
  readonly rateLimited: Counter;
  readonly skippedStats: Counter;
  readonly closedByUs: Counter<'reason'>;
  readonly gatesBlocked: Counter<'code'>;
  readonly wrongTokens: Counter;
}

export function bridgeMetrics(registry: Registry): BridgeMetrics {
  const registers = [registry];
  return {
    sockets: new Gauge({ name: 'driftless_sockets', help: 'Open WebSocket connections', registers }),
    commands: new Counter({
      name: 'driftless_commands_total',
      help: 'Commands answered, by action and status',
      labelNames: ['action', 'status'],
      registers,
    }),
    commandSeconds: new Histogram({
      name: 'driftless_command_seconds',
      help: 'From a command to its first answer',
      buckets: [0.01, 0.03, 0.1, 0.3, 1, 3, 4.5, 5],
      registers,
    }),
    notUnderstood: new Counter({
      name: 'driftless_messages_not_understood_total',
      help: 'Messages that were no command',
      registers,
    }),
    rateLimited: new Counter({
      name: 'driftless_messages_rate_limited_total',
      help: 'Messages dropped over the rate',
      registers,
    }),
    skippedStats: new Counter({
      name: 'driftless_stats_skipped_total',
      help: 'SYSTEM_STATS that a slow reader missed',
      registers,
    }),
    closedByUs: new Counter({
      name: 'driftless_sockets_closed_total',
      help: 'Connections that the bridge closed, by reason',
      labelNames: ['reason'],
      registers,
    }),
    gatesBlocked: new Counter({
      name: 'driftless_gates_blocked_total',
      help: 'Commands that a gate blocked, by gate',
      labelNames: ['code'],
      registers,
    }),
    wrongTokens: new Counter({
      name: 'driftless_wrong_tokens_total',
      help: 'Requests with a wrong token',
      registers,
    }),
  };
}
