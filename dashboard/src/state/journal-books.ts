/** The lists that the activity is made of, read again when the journal has news, and from time to time for other tabs. */
import { computed, signal } from '@preact/signals';
import { fetchList } from '../socket/lists.ts';
import { extended, type Paged, type ReadPage, refreshed } from './paged-list.ts';
import { activities } from './store.ts';
import { BOOK_KEYS, type Books, NO_BOOKS, nextBook, timeline } from './timeline.ts';

const PAGE_ROWS = 30;
/** A fast market brings news all the time; one read in this time is enough. */
const LEAST_GAP_MS = 1_500;
/** What another tab or program was refused comes by no message. */
const LOOK_AGAIN_MS = 5_000;

export const books = signal<Books>(NO_BOOKS);
/** Why the newest read failed; null: it did not. */
export const booksProblem = signal<string | null>(null);
export const booksLoaded = signal(false);
export const entries = computed(() => timeline(books.value, activities.value));

type RowOf<Name extends keyof Books> = Books[Name]['rows'][number];

const pageOf =
  <Name extends keyof Books>(name: Name): ReadPage<RowOf<Name>> =>
  async (cursor) => {
    const page = await fetchList(name, PAGE_ROWS, cursor);
    return typeof page === 'string' ? page : { rows: page.items as readonly RowOf<Name>[], next: page.next };
  };

function put<Name extends keyof Books>(name: Name, book: Paged<RowOf<Name>> | string): void {
  if (typeof book === 'string') {
    booksProblem.value = book;
    return;
  }
  books.value = { ...books.value, [name]: book };
}

async function refresh<Name extends keyof Books>(name: Name): Promise<void> {
  const known = booksLoaded.value ? (books.value[name] as Paged<RowOf<Name>>) : null;
  put(name, await refreshed(known, pageOf(name), BOOK_KEYS[name] as (row: RowOf<Name>) => string));
}

let reading = false;
let lastReadMs = Number.NEGATIVE_INFINITY;
let timer: ReturnType<typeof setTimeout> | null = null;

async function readBooks(): Promise<void> {
  if (reading) return;
  reading = true;
  booksProblem.value = null;
  await Promise.all([refresh('commands'), refresh('operations'), refresh('decisions')]);
  reading = false;
  booksLoaded.value = booksLoaded.value || booksProblem.value === null;
  lastReadMs = Date.now();
}

/** Soon, but not again and again. */
export function readBooksSoon(): void {
  if (timer !== null) return;
  const waitMs = Math.max(0, lastReadMs + LEAST_GAP_MS - Date.now());
  timer = setTimeout(() => {
    timer = null;
    void readBooks();
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

/** Null: everything has been read. */
export const olderBook = computed(() => nextBook(books.value));

export async function readOlder(): Promise<void> {
  const name = olderBook.value;
  if (name === null) return;
  await extend(name);
}

async function extend<Name extends keyof Books>(name: Name): Promise<void> {
  const known = books.value[name] as Paged<RowOf<Name>>;
  put(name, await extended(known, pageOf(name), BOOK_KEYS[name] as (row: RowOf<Name>) => string));
}
