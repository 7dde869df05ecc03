/** Sends alerts to every socket: those of the engine that this bridge shows, and those of the process itself. */
import type { AlertChannel } from '../alerts/channels.ts';
import type { Links } from './links.ts';
import { broadcastFrame } from './protocol.ts';
import { alertView } from './record-views.ts';

interface SocketsChannelPorts {
  readonly engineId: string;
  readonly links: Links;
  readonly send: (frame: string) => void;
}

export const socketsChannel = ({ engineId, links, send }: SocketsChannelPorts): AlertChannel => ({
  name: 'sockets',
  deliver(alert) {
    if (alert.engineId === null || alert.engineId === engineId) send(broadcastFrame('ALERT', alertView(alert, links)));
  },
});
