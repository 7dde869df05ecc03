/**
 * What the engine does, as log lines, from the journal's events: trades, funding, state, gate blocks with their figures,
 * alerts, operations, and the account's figures as debug dumps.
 */

import { z } from 'zod';
import { decodeSnapshot } from '../domain/account/snapshot.ts';
import { driftState } from '../domain/figures/figures.ts';
import { decodePolicy, type PolicyJson } from '../domain/hedge/policy.ts';
import { formatAmount } from '../domain/money/amounts.ts';
import type { CommandAnswer } from '../domain/order/command.ts';
import type { Journal, JournalEvent } from '../journal/journal.ts';
import { withoutLogIds } from './log-ids.ts';
import type { Logger } from './logger.ts';

/**
 * Events that wait to be read; beyond it the newest are dropped and counted: the journal has them. Figures do not count: of
 * each engine only the latest waits, so that a thousand engines take no place of what happened.
 */
const MAX_WAITING = 1_000;
/** How far back a reported row is searched. */
const LOOKED_AT = 50;
/** Events are read together this long after the first, so that logging takes little from the engine. */
const GATHER_MS = 500;
const FIGURES: ReadonlySet<JournalEvent['table']> = new Set(['snapshots', 'funding', 'engines']);
const STATE_EVERY_MS = 60_000;
/** Dumps in what is read together: those of a thousand engines would be the most of what the process does. */
const DUMPS_AT_ONCE = 5;
const RETRY_MS = 5_000;
const SOL_DECIMALS = 9;
const USD_DECIMALS = 6;

/** A gate as answers and alerts carry it. */
const GateLine = z.looseObject({ code: z.string(), pass: z.boolean(), blocks: z.boolean().default(true) });
const Gates = z.looseObject({ gates: z.array(GateLine) });

interface ActivityLogPorts {
  readonly journal: Journal;
  readonly logger: Logger;
  readonly policy: PolicyJson;
  readonly nowMs: () => number;
}

export interface ActivityLog {
  stop(): Promise<void>;
}

export function startActivityLog({ journal, logger, policy, nowMs }: ActivityLogPorts): ActivityLog {
  const log = logger.child({ part: 'engine' });
  const decoded = decodePolicy(policy);
  const waiting = new Map<string, JournalEvent>();
  const figures = new Map<string, JournalEvent>();
  const stateToldAtMs = new Map<string, number>();
  let dropped = 0;
  let dumped = 0;
  let stopped = false;
  let timer: NodeJS.Timeout | null = null;
  let draining: Promise<void> | null = null;
  let unlisten: (() => Promise<void>) | null = null;
  let retry: NodeJS.Timeout | null = null;

  /** Each gate that blocks, with its figures; what the trade would earn and cost even when nothing blocks. */
  function tellGates(details: unknown, about: object): void {
    const parsed = Gates.safeParse(details);
    if (!parsed.success) return;
    for (const gate of parsed.data.gates) {
      if (!gate.pass && gate.blocks) log.warn({ ...about, gate }, `gate ${gate.code} blocks`);
      else if (gate.code === 'UNPROFITABLE') log.info({ ...about, profitability: gate }, 'profitability');
    }
  }

  async function tellSnapshot(engineId: string): Promise<void> {
    const due = nowMs() - (stateToldAtMs.get(engineId) ?? Number.NEGATIVE_INFINITY) >= STATE_EVERY_MS;
    const dumps = log.isLevelEnabled('debug') && dumped < DUMPS_AT_ONCE;
    if (!due && !dumps) return;
    const latest = await journal.latestSnapshot(engineId);
    if (latest === null) return;
    const snapshot = decodeSnapshot(latest.snapshot);
    const state = driftState(snapshot, decoded);
    if (dumps) {
      dumped += 1;
      log.debug({ engineId, slot: snapshot.slot, state, sources: latest.snapshot.sources }, 'state');
    }
    if (!due) return;
    stateToldAtMs.set(engineId, nowMs());
    const { health, leverage, total_collateral, free_collateral, net_delta, drift_pct } = state;
    log.info({ engineId, health, leverage, total_collateral, free_collateral, net_delta, drift_pct }, 'account');
  }

  async function tellTrade(engineId: string | null, key: string): Promise<void> {
    const { items } = await journal.trades({ ...of(engineId), limit: LOOKED_AT });
    const trade = items.find(({ signature, index }) => `${signature}/${index}` === key);
    if (trade === undefined) return;
    const { market, side, signature, operationId, tsMs } = trade;
    const size = formatAmount(BigInt(trade.size), SOL_DECIMALS);
    const price = formatAmount(BigInt(trade.price), USD_DECIMALS);
    const fee = formatAmount(BigInt(trade.fee), USD_DECIMALS);
    const at = new Date(tsMs).toISOString();
    log.info(
      { engineId, operationId, market, side, size, price, fee, signature, at },
      `trade: ${side} ${size} ${market} at ${price}`,
    );
  }

  async function tellFunding(engineId: string | null, key: string): Promise<void> {
    const { items } = await journal.funding({ ...of(engineId), limit: LOOKED_AT });
    const payment = items.find(({ market, periodTsMs }) => `${market}/${periodTsMs}` === key);
    if (payment === undefined) return;
    const amount = formatAmount(BigInt(payment.amount), USD_DECIMALS);
    const position = formatAmount(BigInt(payment.position), SOL_DECIMALS);
    log.info(
      { engineId, market: payment.market, period: payment.periodTsMs, rate: payment.rate, position, amount },
      'funding',
    );
  }

  async function tell({ table, engineId, key }: JournalEvent): Promise<void> {
    switch (table) {
      case 'trades':
        return await tellTrade(engineId, key);
      case 'funding':
        return await tellFunding(engineId, key);
      case 'snapshots':
        return engineId === null ? undefined : await tellSnapshot(engineId);
      case 'commands': {
        const command = await journal.command(key);
        const { error, data } = command?.answer ?? {};
        if (error === undefined) return;
        const about = { engineId, commandId: key, ...operationOf(data), action: command?.action };
        // An operation tells its end itself.
        if (data?.operation_id === undefined) log.warn({ ...about, error }, `${about.action}: ${error.message}`);
        tellGates(error.details, about);
        return;
      }
      case 'operations': {
        const operation = await journal.operation(key);
        if (operation === null) return;
        const { commandId, kind, status, error, attempts } = operation;
        const begun = commandId === null ? {} : { commandId };
        const about = { engineId, operationId: key, ...begun, kind, status, attempts: attempts.length };
        if (error === null) log.info(about, `operation ${kind}: ${status}`);
        else log.warn({ ...about, error }, `operation ${kind}: ${status}: ${error.message}`);
        if (error !== null) tellGates(error.details, about);
        return;
      }
      case 'engines': {
        const record = await journal.engine(key);
        if (record === null) return;
        const { state, tradingState, reason, holds, hedgeTarget, unresolved } = record;
        log.debug({ engineId: key, state, tradingState, reason, holds, hedgeTarget, unresolved }, 'engine');
        return;
      }
      default:
        return;
    }
  }

  /** What happened stands before figures. */
  function takeNext(): JournalEvent | null {
    for (const queue of [waiting, figures]) {
      for (const [name, event] of queue) {
        queue.delete(name);
        return event;
      }
    }
    return null;
  }

  async function drain(): Promise<void> {
    dumped = 0;
    for (let event = takeNext(); event !== null && !stopped; event = takeNext()) {
      try {
        await tell(event);
      } catch (error) {
        log.debug({ err: error, event }, 'an event could not be read for the log');
      }
    }
    if (dropped > 0) {
      log.warn({ dropped }, 'events came faster than they could be logged; the journal has them all');
      dropped = 0;
    }
  }

  function take(event: JournalEvent): void {
    // Figures that follow each other fast (a replay at full speed) are reduced to the latest; every other row is logged once.
    const name = `${event.table}/${event.key}`;
    if (FIGURES.has(event.table)) figures.set(`${event.table}/${event.engineId}`, event);
    else if (!waiting.has(name) && waiting.size >= MAX_WAITING) dropped += 1;
    else waiting.set(name, event);
    schedule();
  }

  function schedule(): void {
    if (timer !== null || stopped) return;
    timer = setTimeout(() => {
      draining = drain().finally(() => {
        timer = null;
        if (waiting.size + figures.size > 0) schedule();
      });
    }, GATHER_MS);
  }

  async function listen(): Promise<void> {
    try {
      // The embedded journal tells within the activity that wrote.
      unlisten = await journal.listen(
        (event) => withoutLogIds(() => take(event)),
        () => undefined,
      );
      if (stopped) await unlisten();
    } catch (error) {
      log.warn({ err: error }, 'cannot listen to the journal; trying again');
      if (!stopped) retry = setTimeout(() => void listen(), RETRY_MS);
    }
  }

  void listen();
  return {
    stop: async () => {
      stopped = true;
      if (retry !== null) clearTimeout(retry);
      if (timer !== null) clearTimeout(timer);
      await unlisten?.();
      await draining;
    },
  };
}

const of = (engineId: string | null): { readonly engineId?: string } => (engineId === null ? {} : { engineId });

const operationOf = (data: CommandAnswer['data'] | undefined): { readonly operationId?: string } =>
  typeof data?.operation_id === 'string' ? { operationId: data.operation_id } : {};
