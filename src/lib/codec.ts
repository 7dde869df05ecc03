/**
 * Schemas of what our own processes write for each other: one gives the type in code, the type as JSON, and the
 * conversion both ways, checked. In the words of zod, which guards the edges, and without its weight: a workflow's
 * context is made anew for each operation, and making schemas was the longest part of its first task. The page reads the
 * engine's messages with them, and the reference of the protocol is printed from them.
 * Use as `import * as z from './codec.ts'`.
 */
import { type Json as AnyJson, CriticalError } from './errors.ts';

/** What was found is not what the schema says; the path grows as it passes outward. */
class Mismatch extends Error {
  readonly path: (string | number)[] = [];
  readonly expected: string;

  constructor(expected: string) {
    super(expected);
    this.expected = expected;
  }
}

/** A mismatch within `convert` is one under `key`. */
function inside<To>(key: string | number, convert: () => To): To {
  try {
    return convert();
  } catch (error) {
    if (error instanceof Mismatch) error.path.unshift(key);
    throw error;
  }
}

/** How strictly JSON is read. */
export type Reading =
  /** Fields that the schema does not name are left out. */
  | 'plain'
  /** A field that the schema does not name is a mismatch. */
  | 'exact'
  /** As `plain`, and what may be null or absent becomes so where it cannot be read. */
  | 'forgiving';

export abstract class Codec<Value, Json> {
  declare readonly value: Value;
  declare readonly json: Json;
  readonly isOptional: boolean = false;
  readonly description: string | undefined;
  readonly unitName: string | undefined;
  abstract decode(json: unknown, reading?: Reading): Value;
  abstract encode(value: unknown): Json;

  /** The same schema with a sentence for whoever reads the reference. */
  about(description: string): this {
    return this.with({ description });
  }

  /** The same schema with the unit of its figure. */
  unit(unitName: string): this {
    return this.with({ unitName });
  }

  protected with(more: object): this {
    return Object.assign(Object.create(Object.getPrototypeOf(this)), this, more);
  }

  nullable(): Codec<Value | null, Json | null> {
    return new Nullable(this);
  }

  optional(): Optional<Value, Json> {
    return new Optional(this);
  }
}

export type output<C extends Codec<unknown, unknown>> = C['value'];
export type input<C extends Codec<unknown, unknown>> = C['json'];

export class Nullable<Value, Json> extends Codec<Value | null, Json | null> {
  readonly inner: Codec<Value, Json>;

  constructor(inner: Codec<Value, Json>) {
    super();
    this.inner = inner;
  }

  decode(json: unknown, reading?: Reading): Value | null {
    return json === null ? null : orElse(null, reading, () => this.inner.decode(json, reading));
  }

  encode(value: unknown): Json | null {
    return value === null ? null : this.inner.encode(value);
  }
}

/** What cannot be read is `missing` for a forgiving reader. */
function orElse<Value, Missing>(missing: Missing, reading: Reading | undefined, read: () => Value): Value | Missing {
  if (reading !== 'forgiving') return read();
  try {
    return read();
  } catch (error) {
    if (error instanceof Mismatch) return missing;
    throw error;
  }
}

/** May be absent from an object. */
export class Optional<Value, Json> extends Codec<Value | undefined, Json | undefined> {
  override readonly isOptional = true as const;
  readonly inner: Codec<Value, Json>;

  constructor(inner: Codec<Value, Json>) {
    super();
    this.inner = inner;
  }

  decode(json: unknown, reading?: Reading): Value | undefined {
    return json === undefined ? undefined : orElse(undefined, reading, () => this.inner.decode(json, reading));
  }

  encode(value: unknown): Json | undefined {
    return value === undefined ? undefined : this.inner.encode(value);
  }
}

/** The same in code and as JSON. */
export class Plain<Value> extends Codec<Value, Value> {
  readonly matches: (value: unknown) => boolean;
  readonly expected: string;

  constructor(expected: string, matches: (value: unknown) => boolean) {
    super();
    this.expected = expected;
    this.matches = matches;
  }

  decode(json: unknown): Value {
    if (!this.matches(json)) throw new Mismatch(this.expected);
    return json as Value;
  }

  encode(value: unknown): Value {
    return this.decode(value);
  }
}

class NumberCodec extends Plain<number> {
  int(): NumberCodec {
    return new NumberCodec(`a whole ${this.expected}`, (value) => this.matches(value) && Number.isSafeInteger(value));
  }

  positive(): NumberCodec {
    return new NumberCodec(`${this.expected} above 0`, (value) => this.matches(value) && (value as number) > 0);
  }
}

export const string = (): Codec<string, string> => new Plain('text', (value) => typeof value === 'string');
export const boolean = (): Codec<boolean, boolean> => new Plain('true or false', (value) => typeof value === 'boolean');
/** Finite: what cannot be said in JSON must not become null on its way. */
export const number = (): NumberCodec => new NumberCodec('number', (value) => Number.isFinite(value));
export const literal = <const Value extends string | number | boolean>(value: Value): Codec<Value, Value> =>
  new Plain(JSON.stringify(value), (given) => given === value);

const oneOf = <const Values extends readonly string[]>(values: Values): Codec<Values[number], Values[number]> =>
  new Plain(`one of ${values.join(', ')}`, (value) => values.includes(value as string));

export { oneOf as enum };

/** Another type in code than as JSON. */
export class Converted<Value, Json> extends Codec<Value, Json> {
  readonly expected: string;
  private readonly read: (json: unknown) => Value | undefined;
  private readonly write: (value: unknown) => Json | undefined;

  constructor(
    expected: string,
    read: (json: unknown) => Value | undefined,
    write: (value: unknown) => Json | undefined,
  ) {
    super();
    this.expected = expected;
    this.read = read;
    this.write = write;
  }

  decode(json: unknown): Value {
    return this.found(this.read(json));
  }

  encode(value: unknown): Json {
    return this.found(this.write(value));
  }

  private found<To>(found: To | undefined): To {
    if (found === undefined) throw new Mismatch(this.expected);
    return found;
  }
}

const DECIMAL_INTEGER = /^-?\d{1,60}$/;

/** A bigint in code, a decimal string as JSON. */
export const integerText = <Value extends bigint>(): Codec<Value, string> =>
  new Converted(
    'an integer as text',
    (json) => (typeof json === 'string' && DECIMAL_INTEGER.test(json) ? (BigInt(json) as Value) : undefined),
    (value) => (typeof value === 'bigint' ? value.toString() : undefined),
  );

/** Milliseconds since 1970 in code, ISO 8601 as JSON. */
export const isoTime = (): Codec<number, string> =>
  new Converted(
    'a time (ISO 8601)',
    (json) => {
      const ms = typeof json === 'string' && /^\d{4}-\d{2}-\d{2}/.test(json) ? Date.parse(json) : Number.NaN;
      return Number.isNaN(ms) ? undefined : ms;
    },
    (value) => (typeof value === 'number' && Number.isFinite(value) ? new Date(value).toISOString() : undefined),
  );

/** Whatever JSON holds. */
export const json = (): Codec<AnyJson, AnyJson> => new Plain('JSON', (value) => value !== undefined);

export class List<Value, Json> extends Codec<Value[], readonly Json[]> {
  readonly item: Codec<Value, Json>;

  constructor(item: Codec<Value, Json>) {
    super();
    this.item = item;
  }

  decode(json: unknown, reading?: Reading): Value[] {
    return this.each(json, (one) => this.item.decode(one, reading));
  }

  encode(value: unknown): readonly Json[] {
    return this.each(value, (one) => this.item.encode(one));
  }

  private each<To>(all: unknown, convert: (one: unknown) => To): To[] {
    if (!Array.isArray(all)) throw new Mismatch('a list');
    return all.map((one, place) => inside(place, () => convert(one)));
  }
}

export const array = <Value, Json>(item: Codec<Value, Json>): List<Value, Json> => new List(item);

/** An object whose fields have names of their own, each with the same kind of value. */
export class Dictionary<Value, Json> extends Codec<Record<string, Value>, Readonly<Record<string, Json>>> {
  readonly item: Codec<Value, Json>;

  constructor(item: Codec<Value, Json>) {
    super();
    this.item = item;
  }

  decode(json: unknown, reading?: Reading): Record<string, Value> {
    return this.each(json, (one) => this.item.decode(one, reading));
  }

  encode(value: unknown): Readonly<Record<string, Json>> {
    return this.each(value, (one) => this.item.encode(one));
  }

  private each<To>(all: unknown, convert: (one: unknown) => To): Record<string, To> {
    const entries = Object.entries(anObject(all)).filter(([, one]) => one !== undefined);
    return Object.fromEntries(entries.map(([key, one]) => [key, inside(key, () => convert(one))]));
  }
}

export const record = <Value, Json>(item: Codec<Value, Json>): Dictionary<Value, Json> => new Dictionary(item);

function anObject(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Mismatch('an object');
  return value as Readonly<Record<string, unknown>>;
}

/** The first member that matches. */
export class Union<Members extends readonly Codec<unknown, unknown>[]> extends Codec<
  Members[number]['value'],
  Members[number]['json']
> {
  readonly members: Members;

  constructor(members: Members) {
    super();
    this.members = members;
  }

  decode(json: unknown, reading?: Reading): Members[number]['value'] {
    return this.first((member) => member.decode(json, reading));
  }

  encode(value: unknown): Members[number]['json'] {
    return this.first((member) => member.encode(value));
  }

  private first(convert: (member: Codec<unknown, unknown>) => unknown): unknown {
    const expected: string[] = [];
    for (const member of this.members) {
      try {
        return convert(member);
      } catch (error) {
        if (!(error instanceof Mismatch)) throw error;
        expected.push([...error.path, error.expected].join(': '));
      }
    }
    throw new Mismatch(expected.join(' or '));
  }
}

export const union = <const Members extends readonly Codec<unknown, unknown>[]>(members: Members): Union<Members> =>
  new Union(members);

export type Shape = Readonly<Record<string, Codec<unknown, unknown>>>;
type OptionalKeys<S extends Shape> = {
  [Key in keyof S]: S[Key] extends { readonly isOptional: true } ? Key : never;
}[keyof S];
type FieldsOf<S extends Shape, Side extends 'value' | 'json'> = {
  -readonly [Key in Exclude<keyof S, OptionalKeys<S>>]: S[Key][Side];
} & { -readonly [Key in OptionalKeys<S>]?: S[Key][Side] };
type Flat<T> = { [Key in keyof T]: T[Key] };

export class ObjectCodec<S extends Shape> extends Codec<Flat<FieldsOf<S, 'value'>>, Flat<FieldsOf<S, 'json'>>> {
  readonly shape: S;
  readonly isOpen: boolean = false;
  readonly formerNames: { readonly [Key in keyof S]?: string } = {};

  constructor(shape: S) {
    super();
    this.shape = shape;
  }

  /** The same schema, where other fields are no mismatch for an exact reader either. */
  open(): this {
    return this.with({ isOpen: true });
  }

  /** The same schema, where a field that is absent is read under the name that it had before. */
  formerly(names: { readonly [Key in keyof S]?: string }): this {
    return this.with({ formerNames: names });
  }

  decode(json: unknown, reading?: Reading): Flat<FieldsOf<S, 'value'>> {
    const from = this.withPresentNames(anObject(json));
    if (reading === 'exact' && !this.isOpen) {
      const unknown = Object.keys(from).find((key) => !Object.hasOwn(this.shape, key));
      if (unknown !== undefined) inside(unknown, () => no('a field that the schema names'));
    }
    return this.convert(from, (codec, field) => codec.decode(field, reading)) as Flat<FieldsOf<S, 'value'>>;
  }

  encode(value: unknown): Flat<FieldsOf<S, 'json'>> {
    return this.convert(anObject(value), (codec, field) => codec.encode(field)) as Flat<FieldsOf<S, 'json'>>;
  }

  extend<More extends Shape>(more: More): ObjectCodec<Flat<Omit<S, keyof More> & More>> {
    return new ObjectCodec({ ...this.shape, ...more }) as never;
  }

  omit<Key extends keyof S & string>(keys: Readonly<Record<Key, true>>): ObjectCodec<Flat<Omit<S, Key>>> {
    const kept = Object.entries(this.shape).filter(([key]) => !(key in keys));
    return new ObjectCodec(Object.fromEntries(kept)) as never;
  }

  private withPresentNames(from: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
    const old = Object.entries(this.formerNames).filter(([key, former]) => !(key in from) && String(former) in from);
    if (old.length === 0) return from;
    const present = { ...from };
    for (const [key, former] of old) {
      present[key] = from[String(former)];
      delete present[String(former)];
    }
    return present;
  }

  private convert(
    from: Readonly<Record<string, unknown>>,
    convert: (codec: Codec<unknown, unknown>, field: unknown) => unknown,
  ): Record<string, unknown> {
    const converted: Record<string, unknown> = {};
    for (const key of Object.keys(this.shape)) {
      const codec = this.shape[key] as Codec<unknown, unknown>;
      const field = from[key];
      if (field === undefined && codec.isOptional) continue;
      converted[key] = inside(key, () => convert(codec, field));
    }
    return converted;
  }
}

function no(expected: string): never {
  throw new Mismatch(expected);
}

export const object = <S extends Shape>(shape: S): ObjectCodec<S> => new ObjectCodec(shape);

function told<T>(convert: () => T): T {
  try {
    return convert();
  } catch (error) {
    if (!(error instanceof Mismatch)) throw error;
    const field = error.path.join('.');
    throw new CriticalError('DATA_INVALID', `${field}: expected ${error.expected}`, {
      field,
      expected: error.expected,
    });
  }
}

/** @throws CriticalError DATA_INVALID, with the field and what was expected */
export const decode = <Value, Json>(codec: Codec<Value, Json>, json: Json): Value => told(() => codec.decode(json));

/**
 * What came from elsewhere, where a field more is a fault too.
 * @throws CriticalError DATA_INVALID, with the field and what was expected
 */
export const decodeExactly = <Value>(codec: Codec<Value, unknown>, json: unknown): Value =>
  told(() => codec.decode(json, 'exact'));

export interface Misfit {
  readonly field: string;
  readonly expected: string;
}

/** Every field of the object that is not what its schema says, in the schema's order. */
export function misfits(codec: ObjectCodec<Shape>, json: Readonly<Record<string, unknown>>): readonly Misfit[] {
  return Object.entries(codec.shape).flatMap(([field, schema]): readonly Misfit[] => {
    try {
      schema.decode(json[field]);
      return [];
    } catch (error) {
      if (!(error instanceof Mismatch)) throw error;
      return [{ field, expected: error.expected }];
    }
  });
}

/** What came from elsewhere, perhaps of another version: what may be null is null where it cannot be read. Null: unreadable. */
export const read = <Value>(codec: Codec<Value, unknown>, json: unknown): Value | null =>
  orElse(null, 'forgiving', () => codec.decode(json, 'forgiving'));

/** @throws CriticalError DATA_INVALID, with the field and what was expected */
export const encode = <Value, Json>(codec: Codec<Value, Json>, value: Value): Json => told(() => codec.encode(value));
