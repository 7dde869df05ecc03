/** What happened, as the page lists it: from the journal, paged, filtered, and each condition once. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Activities, withResult, withSent, withSilence } from '../../dashboard/src/state/activity.ts';
import { alertConditions, isStanding, isWorthNotifying } from '../../dashboard/src/state/alert-list.ts';
import { dayRange } from '../../dashboard/src/state/day-range.ts';
import { gatesThenAndNow, operationFacts } from '../../dashboard/src/state/entry-facts.ts';
import { extended, joined, type Paged, refreshed } from '../../dashboard/src/state/paged-list.ts';
import { settingGroups } from '../../dashboard/src/state/setting-groups.ts';
import { evidence, meaningOf, stuckTitle } from '../../dashboard/src/state/stuck.ts';
import {
  type Books,
  type Entry,
  matches,
  NO_BOOKS,
  nextBook,
  operationWords,
  requestWords,
  timeline,
  withoutRepeats,
} from '../../dashboard/src/state/timeline.ts';
import * as z from '../../src/lib/codec.ts';
import { AlertInfo } from '../../src/protocol/alert.ts';
import { LISTS } from '../../src/protocol/api.ts';
import { ANSWER_EXAMPLES, MESSAGE_EXAMPLES } from '../../src/protocol/examples.ts';
import type { CommandInfo, PastDecision } from '../../src/protocol/history.ts';
import type { OperationInfo } from '../../src/protocol/operation.ts';
import { CommandResult } from '../../src/protocol/result.ts';

const first = <Item>(items: readonly Item[]): Item => {
  const [item] = items;
  if (item === undefined) throw new Error('an empty example');
  return item;
};
const COMMAND = first(z.decode(LISTS.commands, ANSWER_EXAMPLES['/api/commands']).items);
const OPERATION = first(z.decode(LISTS.operations, ANSWER_EXAMPLES['/api/operations']).items);
const DECISION = first(z.decode(LISTS.decisions, ANSWER_EXAMPLES['/api/decisions']).items);

const command = (id: string, at: number, more: Partial<CommandInfo> = {}): CommandInfo => ({
  ...COMMAND,
  ...{ command_id: id, received_at: at, ...more },
});
const accepted = (id: string, at: number): CommandInfo => {
  const { error: _, ...done } = command(id, at, { status: 'done', message: 'Done.', operation_id: 'op1' });
  return done;
};
const operation = (id: string, at: number, more: Partial<OperationInfo> = {}): OperationInfo => ({
  ...OPERATION,
  ...{ operation_id: id, command_id: null, created_at: at, ...more },
});
const decision = (at: number, more: Partial<PastDecision> = {}): PastDecision => ({ ...DECISION, ts: at, ...more });
const page = <Row>(rows: readonly Row[], next: string | null = null): Paged<Row> => ({ rows, next });
const keys = (entries: readonly Entry[]) => entries.map(({ key }) => key);

describe('the activity', () => {
  const books: Books = {
    commands: page([command('c2', 40), accepted('c1', 10)]),
    operations: page([operation('op2', 30), operation('op1', 10, { command_id: 'c1' })]),
    decisions: page([decision(20)]),
  };

  it('has commands, refusals, engine trades and decisions in one order', () => {
    const entries = timeline(books, []);
    expect(keys(entries)).toEqual(['command/c2', 'operation/op2', 'decision/20', 'command/c1']);
    expect(entries.map(({ kind }) => kind)).toEqual(['refusal', 'engine', 'decision', 'command']);
    expect(entries[3]?.operation?.operation_id).toBe('op1');
    expect(entries[2]).toMatchObject({ title: 'Did not trade', message: 'The cooldown has 1200 s left.' });
  });

  it('has a refusal after a reload, in every tab, with its reason', () => {
    const [refusal] = timeline({ ...NO_BOOKS, commands: page([command('c9', 5)]) }, []);
    expect(refusal).toMatchObject({
      status: 'rejected',
      title: 'Withdraw 5 SOL',
      error: { code: 'INSUFFICIENT_FUNDS' },
      local: null,
    });
  });

  it('ends "no answer" of this tab with the answer that the journal has', () => {
    const sent = withSent([], { commandId: 'c9', action: 'DRIFT_WITHDRAW', data: { amount: '5', asset: 'SOL' } }, 5);
    const silent = withSilence(sent, 10_000, 6_000);
    expect(timeline(NO_BOOKS, silent)[0]?.status).toBe('unanswered');
    const told = timeline({ ...NO_BOOKS, commands: page([command('c9', 5)]) }, silent);
    expect(told.map(({ status }) => status)).toEqual(['rejected']);
  });

  it('keeps what only this tab knows: that a confirmation is asked for', () => {
    const sent = withSent([], { commandId: 'c9', action: 'DRIFT_WITHDRAW', data: { amount: '5' } }, 5);
    const asked: Activities = withResult(
      sent,
      z.decode(CommandResult, {
        ...{ type: 'COMMAND_RESULT', action: 'DRIFT_WITHDRAW', command_id: 'c9', success: false, message: 'Confirm.' },
        data: { status: 'confirmation_required', engine_id: 'e', mode: 'paper', confirmation_token: 't' },
      }),
      6,
    );
    const open = page([command('c9', 5, { status: 'open', message: null })]);
    expect(timeline({ ...NO_BOOKS, commands: open }, asked)[0]?.status).toBe('confirmation_required');
    expect(timeline({ ...NO_BOOKS, commands: open }, [])[0]?.status).toBe('open');
    const running = { ...NO_BOOKS, commands: page([command('c9', 5, { status: 'open', operation_id: 'op1' })]) };
    const operations = page([operation('op1', 5, { command_id: 'c9', status: 'unresolved' })]);
    expect(timeline({ ...running, operations }, [])[0]?.status).toBe('unresolved');
  });

  it('shows nothing older than the shortest list reaches back, and reads that one on', () => {
    const cut: Books = { ...books, decisions: page([decision(20)], 'older') };
    expect(keys(timeline(cut, []))).toEqual(['command/c2', 'operation/op2', 'decision/20']);
    expect(nextBook(cut)).toBe('decisions');
    expect(nextBook(books)).toBeNull();
    expect(nextBook({ ...cut, commands: page([command('c2', 40)], 'older') })).toBe('commands');
  });

  it('is searched by words, codes and ids, and filtered by kind', () => {
    const entries = timeline(books, []);
    const found = (kind: Parameters<typeof matches>[1]['kind'], text: string) =>
      keys(entries.filter((entry) => matches(entry, { kind, text })));
    expect(found('all', 'withdraw insufficient')).toEqual(['command/c2']);
    expect(found('all', 'COOLDOWN')).toEqual(['decision/20']);
    expect(found('all', 'op2')).toEqual(['operation/op2']);
    expect(found('refusal', '')).toEqual(['command/c2']);
    expect(found('command', '')).toEqual(['command/c2', 'command/c1']);
    expect(found('engine', 'nothing like this')).toEqual([]);
  });

  it('tells the same decision to do nothing once, however often it was made', () => {
    const idle = (at: number, code = 'WITHIN_TOLERANCE') =>
      decision(at, { action: 'none', reasons: [{ code, text: `${at}`, figures: {} }] });
    const decisions = page([idle(60), idle(50), idle(45, 'COOLDOWN'), idle(25), idle(20), idle(15)]);
    const entries = withoutRepeats(timeline({ ...books, decisions }, []));
    expect(entries.map(({ key, atMs, sinceMs, times }) => [key, atMs, sinceMs, times])).toEqual([
      ['decision/50', 60, 50, 2],
      ['decision/45', 45, null, 1],
      ['command/c2', 40, null, 1],
      ['operation/op2', 30, null, 1],
      ['decision/15', 25, 15, 3],
      ['command/c1', 10, null, 1],
    ]);
    // It is the same entry while it goes on, and says what was decided last.
    const later = withoutRepeats(timeline({ ...books, decisions: page([idle(70), ...decisions.rows]) }, []));
    expect(later[0]).toMatchObject({ key: 'decision/50', message: '70', times: 3 });
    const trades = page([decision(2, { action: 'correct' }), decision(1, { action: 'correct' })]);
    expect(withoutRepeats(timeline({ ...NO_BOOKS, decisions: trades }, []))).toHaveLength(2);
  });

  it('names commands of any client, and operations, in words', () => {
    const open = { kind: 'open', market: 'SOL-PERP', size: -2.5, size_base: '-2500000000' };
    expect(requestWords('DRIFT_OPEN_POSITION', open)).toBe('Open short 2.5 SOL on SOL-PERP');
    expect(requestWords('START_ENGINE', { mode: 'paper' })).toBe('Start engine (paper)');
    expect(requestWords('RESUME', {})).toBe('Resume trading');
    const words = (intent: object) => operationWords({ kind: 'rebalance', intent: intent as OperationInfo['intent'] });
    expect(words({ kind: 'deposit', amount: 0.5, asset: 'SOL' })).toBe('Deposit of 0.5 SOL');
    expect(words({ kind: 'open', size_base: -2_500_000_000n })).toBe('Open short 2.5 SOL');
    expect(words({ kind: 'correct', size_base: 200_000_000n })).toBe('Correct the hedge: buy 0.2 SOL');
    expect(words({ kind: 'close', market: 'SOL-PERP' })).toBe('Close SOL-PERP');
  });

  it('tells of an operation what it filled and cost, and of a gate how it stands now', () => {
    const facts = operationFacts(
      operation('op', 1, { result: { message: '', filled_size: -2.5, average_price: 150.1, fee: 0.1 } }),
    );
    expect(Object.fromEntries(facts)).toMatchObject({ Filled: '2.5000 SOL', 'Average price': '$150.10', Fee: '$0.10' });
    const gate = { code: 'LEVERAGE', pass: false, blocks: true, have: 6, need: 5, unit: 'x', remedy: 'Less.' };
    const [row] = gatesThenAndNow([gate], [{ ...gate, have: 2, pass: true, blocks: false }]);
    expect(row).toMatchObject({ failed: true, before: '6 x', now: '2 x', need: '5 x' });
  });
});

describe('a list read page by page', () => {
  const keyOf = (row: number) => String(row);
  /** A server with `total` rows, numbered; the newest has the highest number. */
  const server = (total: number, size: number) => async (cursor: string | null) => {
    const from = cursor === null ? total : Number(cursor);
    const rows = Array.from({ length: Math.min(size, from) }, (_, index) => from - index);
    return { rows, next: from - size > 0 ? String(from - size) : null };
  };

  it('stays as long as it was read while new rows come', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 7 }),
        fc.integer({ min: 0, max: 4 }),
        fc.integer({ min: 0, max: 12 }),
        async (total, size, pages, news) => {
          fc.pre(news <= size * 5);
          let list = await server(total, size)(null);
          for (let count = 0; count < pages; count += 1) {
            list = (await extended(list, server(total, size), keyOf)) as typeof list;
          }
          const length = list.rows.length;
          const after = await refreshed(list, server(total + news, size), keyOf);
          if (typeof after === 'string') throw new Error(after);
          expect(after.rows).toEqual(Array.from({ length: after.rows.length }, (_, index) => total + news - index));
          expect(after.rows.length).toBeGreaterThanOrEqual(length);
          expect(after.next === null).toBe(after.rows.at(-1) === 1);
        },
      ),
    );
  });

  it('begins anew where rows may lie between, and takes a changed row in its place', () => {
    expect(joined(page([3, 2, 1]), page([9, 8], 'x'), keyOf)).toBeNull();
    const row = (id: string, status: string) => ({ id, status });
    const whole = joined(page([row('b', 'running'), row('a', 'done')]), page([row('b', 'done')], 'x'), ({ id }) => id);
    expect(whole).toEqual(page([row('b', 'done'), row('a', 'done')]));
  });

  it('says why it cannot be read', async () => {
    expect(await refreshed(null, async () => 'away', keyOf)).toBe('away');
    expect(await extended(page([1], 'x'), async () => 'away', keyOf)).toBe('away');
  });
});

describe('alerts', () => {
  const alert = (id: string, ts: number, more: Partial<AlertInfo> = {}): AlertInfo => ({
    ...z.decode(AlertInfo, MESSAGE_EXAMPLES.ALERT.data),
    ...{ id, ts, code: 'HEALTH_LOW', kind: 'alert', severity: 'warning', operation_id: undefined as never, ...more },
  });
  const over = (id: string, ts: number, code: string) => alert(id, ts, { code, kind: 'recovered', severity: 'info' });

  it('stand before what is over, the gravest first, each condition once', () => {
    const conditions = alertConditions(
      [
        alert('1', 10),
        alert('2', 20),
        over('3', 15, 'FEED_STALE'),
        alert('4', 12, { code: 'FEED_STALE' }),
        alert('5', 5, { code: 'NAKED', severity: 'critical' }),
      ],
      [],
    );
    expect(conditions.map(({ alert: { code }, times }) => [code, times])).toEqual([
      ['NAKED', 1],
      ['HEALTH_LOW', 2],
      ['FEED_STALE', 1],
    ]);
    expect(conditions.map(({ overAt }) => overAt)).toEqual([null, null, 15]);
    expect(conditions.filter(isStanding)).toHaveLength(2);
  });

  it('are over by a later recovery only', () => {
    const of = (...all: AlertInfo[]) => first(alertConditions(all, [])).overAt;
    expect(of(alert('1', 10))).toBeNull();
    expect(of(alert('1', 10), over('2', 5, 'HEALTH_LOW'))).toBeNull();
    expect(of(alert('1', 10), over('2', 20, 'HEALTH_LOW'))).toBe(20);
  });

  it('of a stuck transaction ask no more once it is answered', () => {
    const stuck = alert('1', 10, { code: 'TRANSACTION_UNKNOWN', operation_id: 'op1', severity: 'critical' });
    expect(alertConditions([stuck], ['op1']).filter(isStanding)).toHaveLength(1);
    expect(alertConditions([stuck], null).filter(isStanding)).toHaveLength(1);
    expect(alertConditions([stuck], []).filter(isStanding)).toHaveLength(0);
  });

  it('are worth a notification while they ask for attention', () => {
    expect(isWorthNotifying(alert('1', 1))).toBe(true);
    expect(isWorthNotifying(alert('1', 1, { severity: 'info' }))).toBe(false);
    expect(isWorthNotifying(over('1', 1, 'HEALTH_LOW'))).toBe(false);
  });
});

describe('a stuck transaction', () => {
  const intent = { kind: 'deposit', amount: 0.5, amount_base: '500000000', asset: 'SOL' };
  const stuck = operation('op1', 1, { kind: 'deposit', status: 'unresolved', intent });

  it('is said in words, with what is known and by whom', () => {
    expect(stuckTitle(stuck)).toBe('Deposit of 0.5 SOL: not known yet whether it happened');
    expect(stuckTitle(null)).toBe('A transaction: not known yet whether it happened');
    const known = evidence(stuck, 'No node knows its signature.').join(' ');
    expect(known).toMatch(/Attempt 1 was signed here/);
    expect(known).toMatch(/The engine: No node knows its signature\./);
    expect(evidence(null, null)).toEqual(['The journal has not told yet which operation it is.']);
    expect(evidence({ ...stuck, attempts: [] }, null)).toEqual(['The journal has no signed transaction of it.']);
  });

  it('has the meaning of each outcome for this operation', () => {
    expect(meaningOf('landed', stuck)).toMatch(/Deposit of 0.5 SOL counts as done, and/);
    expect(meaningOf('failed', stuck)).toMatch(/counts as not done/);
    expect(meaningOf('retry', stuck)).toMatch(/^Deposit of 0.5 SOL is sent again/);
    const trade = operation('op2', 1, { intent: { kind: 'open', size: -2, size_base: -2_000_000_000n } });
    expect(meaningOf('landed', trade)).toMatch(/sold 2.0000 SOL/);
  });
});

describe('days', () => {
  it('are whole, in the reader’s zone, in either order', () => {
    const { from, to } = dayRange('2026-01-15', '2026-01-16');
    expect(from).toBe(new Date(2026, 0, 15).getTime());
    expect(to).toBe(new Date(2026, 0, 17).getTime() - 1);
    expect(dayRange('2026-01-16', '2026-01-15')).toEqual({ from, to });
    expect(dayRange('', '')).toEqual({ from: null, to: null });
    expect(dayRange('yesterday', '')).toEqual({ from: null, to: null });
  });
});

describe('settings', () => {
  it('are grouped, and those at their default are left out unless asked for', () => {
    const of = (name: string, group: string, source: '.env' | 'default' | 'not set') => ({
      ...{ name, group, source, value: null, fallback: null, help: '' },
    });
    const all = [of('PORT', 'General', 'default'), of('GUARD', 'Policy', '.env'), of('AUTHORITY', 'Live', 'not set')];
    expect(settingGroups(all, true).map(([group]) => group)).toEqual(['Policy']);
    expect(settingGroups(all, false).map(([group, items]) => [group, items.length])).toEqual([
      ['General', 1],
      ['Policy', 1],
      ['Live', 1],
    ]);
  });
});
