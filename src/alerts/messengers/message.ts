/** What is sent to a person: one text for every messenger, short enough to understand half asleep. */
import type { Alert } from '../../domain/alerts/alert.ts';
import { type AlertSeverity, SEVERITY_RANK } from '../../domain/alerts/alert-row.ts';
import { alertTitle } from '../../domain/alerts/alert-table.ts';
import type { Json } from '../../lib/errors.ts';
import type { EnginePages } from '../engine-pages.ts';

export interface MessageItem {
  readonly alert: Alert;
  /** How often it was sent before. */
  readonly repeats: number;
}

/** What a messenger sends, whatever it is about. */
export interface Message {
  /** The same for the same content: a receiver can recognise a message that it gets twice. */
  readonly id: string;
  readonly sentAtMs: number;
  /** @param limit the most characters (UTF-16) that the messenger takes; the link at the end stays */
  readonly text: (limit: number) => string;
  /** For a program that receives it. */
  readonly type: 'driftless.alerts' | 'driftless.summary';
  readonly data: Json;
  /** A phone may ring. */
  readonly isUrgent: boolean;
}

const MOST_SHOWN = 8;
const WORD: Readonly<Record<AlertSeverity, string>> = { critical: 'CRITICAL', warning: 'Warning', info: 'Info' };

const wordOf = ({ kind, severity }: Alert): string => (kind === 'recovered' ? 'Over' : WORD[severity]);

/** The engine stands in front: whoever reads only the first words knows which account it is. */
function headingOf({ alert, repeats }: MessageItem, pages: EnginePages): string {
  const name = pages.nameOf(alert);
  const before = repeats === 0 ? '' : ` (sent ${repeats} ${repeats === 1 ? 'time' : 'times'} before)`;
  return `${wordOf(alert)}${name === null ? '' : `, ${name}`}: ${alertTitle(alert.code)}${before}`;
}

/** `2026-11-29 14:05 UTC` */
const timeText = (ms: number): string => `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;

const accountText = (engineId: string | null): string => (engineId === null ? '' : `Account: ${engineId}\n`);

function singleText(item: MessageItem, pages: EnginePages): string {
  const { alert } = item;
  const todo = alert.action === '' ? '' : `What to do: ${alert.action}\n`;
  const where = `${accountText(alert.engineId)}${timeText(alert.tsMs)} · ${pages.linkTo([alert])}`;
  return `${headingOf(item, pages)}\n${alert.message}\n${todo}${where}`;
}

/** The most severe first, and of those the newest. */
const inOrder = (items: readonly MessageItem[]): readonly MessageItem[] =>
  items.toSorted(
    (a, b) =>
      Number(a.alert.kind === 'recovered') - Number(b.alert.kind === 'recovered') ||
      SEVERITY_RANK[b.alert.severity] - SEVERITY_RANK[a.alert.severity] ||
      b.alert.tsMs - a.alert.tsMs,
  );

function groupText(items: readonly MessageItem[], pages: EnginePages): string {
  const ordered = inOrder(items);
  const lines = ordered
    .slice(0, MOST_SHOWN)
    .map(
      (item) =>
        `- ${headingOf(item, pages)}. ${item.alert.message}${item.alert.action === '' ? '' : ` ${item.alert.action}`}`,
    );
  const rest = ordered.length - lines.length;
  const more = rest === 0 ? '' : `- and ${rest} more, on the page\n`;
  const times = items.map(({ alert }) => alert.tsMs);
  const span = `${timeText(Math.min(...times))} to ${timeText(Math.max(...times))}`;
  return `${items.length} alerts, ${span}\n${lines.join('\n')}\n${more}${linkOf(items, pages)}`;
}

const linkOf = (items: readonly MessageItem[], pages: EnginePages): string =>
  pages.linkTo(items.map(({ alert }) => alert));

/** So that the link stays. */
export function shortened(text: string, limit: number, pageUrl: string): string {
  if (text.length <= limit) return text;
  const end = `…\n${pageUrl}`;
  return text.slice(0, limit - end.length) + end;
}

interface AlertsToSend {
  readonly id: string;
  readonly sentAtMs: number;
  readonly items: readonly MessageItem[];
  readonly pages: EnginePages;
}

/** @throws RangeError without an alert */
export function alertsMessage({ id, sentAtMs, items, pages }: AlertsToSend): Message {
  const [first] = items;
  if (first === undefined) throw new RangeError('a message without an alert');
  return {
    ...{ id, sentAtMs },
    text: (limit) =>
      shortened(items.length === 1 ? singleText(first, pages) : groupText(items, pages), limit, linkOf(items, pages)),
    type: 'driftless.alerts',
    data: { alerts: items.map((item) => wireOf(item, pages)) },
    isUrgent: items.some(({ alert }) => alert.kind === 'alert' && alert.severity !== 'info'),
  };
}

function wireOf({ alert, repeats }: MessageItem, pages: EnginePages): Json {
  const { id, engineId, kind, severity, code, message, action, operationId, details, tsMs } = alert;
  return {
    ...{ id, kind, severity, code, message, action, details, repeats },
    title: alertTitle(code),
    engine_id: engineId,
    engine_name: pages.nameOf(alert),
    url: pages.linkTo([alert]),
    operation_id: operationId,
    at: new Date(tsMs).toISOString(),
  };
}
