/** GET /api/tax: what the tax file is made of, read from the journal. */
import { type TaxLine, type TaxRecords, taxLines } from '../domain/figures/tax.ts';
import type { Journal, ListQuery, Page } from '../journal/journal.ts';
import type { EquityRecord, FundingRecord, TradeRecord } from '../journal/records.ts';
import { MAX_PAGE_ITEMS } from './limits.ts';

/** Every row of a list, oldest first. */
async function every<Row>(
  read: (query: ListQuery) => Promise<Page<Row>>,
  query: Omit<ListQuery, 'limit'>,
): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page = await read({ ...query, limit: MAX_PAGE_ITEMS, ...(cursor === undefined ? {} : { cursor }) });
    rows.push(...page.items);
    cursor = page.nextCursor;
  }
  return rows.reverse();
}

const fillOf = ({ tsMs, market, side, size, price, fee, signature, index }: TradeRecord) => ({
  ...{ tsMs, market, side, size: BigInt(size), price: BigInt(price), fee: BigInt(fee) },
  reference: index === 0 ? signature : `${signature}/${index}`,
});

const paymentOf = ({ periodTsMs, market, amount }: FundingRecord) => ({
  ...{ tsMs: periodTsMs, market, amount: BigInt(amount) },
  reference: `${market} ${new Date(periodTsMs).toISOString()}`,
});

const accrualOf = ({ tsMs, interest, gas, quotePrice }: EquityRecord) => ({
  ...{ tsMs, interest: BigInt(interest), gas: BigInt(gas) },
  quotePrice: quotePrice === undefined ? null : BigInt(quotePrice),
});

/** @param query a range of time; its limit and cursor do not count */
export async function taxFile(
  journal: Journal,
  { engineId, fromMs, toMs }: ListQuery,
  quoteAsset: string | null,
): Promise<readonly TaxLine[]> {
  const own = engineId === undefined ? {} : { engineId };
  const until = { ...own, ...(toMs === undefined ? {} : { toMs }) };
  const range = { ...until, ...(fromMs === undefined ? {} : { fromMs }) };
  const [fills, payments, equity, before] = await Promise.all([
    every((query) => journal.trades(query), until),
    every((query) => journal.funding(query), range),
    every((query) => journal.equity(query), range),
    fromMs === undefined ? null : journal.equity({ ...own, toMs: fromMs - 1, limit: 1 }),
  ]);
  // Before the first record of all, nothing had accrued.
  const [first] = equity;
  const start = before?.items[0] ?? (first === undefined ? null : { ...first, interest: '0', gas: '0' });
  const records: TaxRecords = {
    fills: fills.map(fillOf),
    payments: payments.map(paymentOf),
    accruals: [...(start === null ? [] : [start]), ...equity].map(accrualOf),
    fromMs: fromMs ?? null,
    quoteAsset,
  };
  return taxLines(records);
}
