/** The lists that the activity is made of: up to now, or up to a time in the past that a person asks about. */
import { computed, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import { ALL_TIME, fetchList, type TimeRange } from '../socket/lists.ts';
import type { Activities } from './activity.ts';
import { extended, type Paged, type ReadPage, refreshed } from './paged-list.ts';
import { activities } from './store.ts';
import { BOOK_KEYS, type Books, type Entry, NO_BOOKS, nextBook, timeline } from './timeline.ts';

const PAGE_ROWS = 30;
/** Of what is older, and read once. The engine decides every minute. */
const OLDER_ROWS = 200;
/** A fast market brings news all the time; one read in this time is enough. */
const LEAST_GAP_MS = 1_500;
/** What another tab or program was refused comes by no message. */
const LOOK_AGAIN_MS = 5_000;

type RowOf<Name extends keyof Books> = Books[Name]['rows'][number];

/** The three lists of one span of time. */
export class ActivityBooks {
  readonly books: Signal<Books> = signal(NO_BOOKS);
  /** Why the newest read failed; null: it did not. */
  readonly problem: Signal<string | null> = signal(null);
  readonly isLoaded: Signal<boolean> = signal(false);
  readonly entries: ReadonlySignal<readonly Entry[]>;
  /** Null: everything has been read. */
  readonly older: ReadonlySignal<keyof Books | null>;
  readonly #range: TimeRange;
  #reading = false;

  /** @param sent what this tab has sent and the journal may not have yet */
  constructor(range: TimeRange, sent: ReadonlySignal<Activities>) {
    this.#range = range;
    this.entries = computed(() => timeline(this.books.value, sent.value));
    this.older = computed(() => nextBook(this.books.value));
  }

  async read(): Promise<void> {
    if (this.#reading) return;
    this.#reading = true;
    this.problem.value = null;
    await Promise.all([this.#refresh('commands'), this.#refresh('operations'), this.#refresh('decisions')]);
    this.#reading = false;
    this.isLoaded.value = this.isLoaded.value || this.problem.value === null;
  }

  async readOlder(): Promise<void> {
    const name = this.older.value;
    if (name !== null) await this.#extend(name);
  }

  #pageOf<Name extends keyof Books>(name: Name): ReadPage<RowOf<Name>> {
    return async (cursor) => {
      const page = await fetchList(name, cursor === null ? PAGE_ROWS : OLDER_ROWS, cursor, this.#range);
      return typeof page === 'string' ? page : { rows: page.items as readonly RowOf<Name>[], next: page.next };
    };
  }

  #put<Name extends keyof Books>(name: Name, book: Paged<RowOf<Name>> | string): void {
    if (typeof book === 'string') this.problem.value = book;
    else this.books.value = { ...this.books.value, [name]: book };
  }

  async #refresh<Name extends keyof Books>(name: Name): Promise<void> {
    const known = this.isLoaded.value ? (this.books.value[name] as Paged<RowOf<Name>>) : null;
    this.#put(name, await refreshed(known, this.#pageOf(name), BOOK_KEYS[name] as (row: RowOf<Name>) => string));
  }

  async #extend<Name extends keyof Books>(name: Name): Promise<void> {
    const known = this.books.value[name] as Paged<RowOf<Name>>;
    this.#put(name, await extended(known, this.#pageOf(name), BOOK_KEYS[name] as (row: RowOf<Name>) => string));
  }
}

const NOTHING_SENT = signal<Activities>([]);
const live = new ActivityBooks(ALL_TIME, activities);
/** Up to now, whatever the activity shows. */
export const { books } = live;

/** The end of what the activity shows, in milliseconds; null: now. */
export const until = signal<number | null>(null);
export const shownBooks = computed(() =>
  until.value === null ? live : new ActivityBooks({ from: null, to: until.value }, NOTHING_SENT),
);

let lastReadMs = Number.NEGATIVE_INFINITY;
let timer: ReturnType<typeof setTimeout> | null = null;

/** Soon, but not again and again. */
export function readBooksSoon(): void {
  if (timer !== null) return;
  const waitMs = Math.max(0, lastReadMs + LEAST_GAP_MS - Date.now());
  timer = setTimeout(() => {
    timer = null;
    void live.read().then(() => {
      lastReadMs = Date.now();
    });
  }, waitMs);
}

/** Ends with the returned function. */
export function keepBooksRead(): () => void {
  readBooksSoon();
  const again = setInterval(() => {
    if (document.visibilityState === 'visible') readBooksSoon();
  }, LOOK_AGAIN_MS);
  return () => clearInterval(again);
}
