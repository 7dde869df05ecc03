/**
 * Schemas of what our own processes write for each other: one gives the type in code, the type as JSON, and the
 * conversion both ways, checked. In the words of zod, which guards the edges, and without its weight: a workflow's
 * context is made anew for each operation, and making schemas was the longest part of its first task.
 * Use as `import * as z from './codec.ts'`.
 */
import { CriticalError } from './errors.ts';

/** What was found is not what the schema says; the path grows as it passes outward. */
class Mismatch extends Error {
  readonly path: (string | number)[] = [];
  readonly expected: string;

  constructor(expected: string) {
    super(expected);
    this.expected = expected;
  }
}

function within(error: unknown, key: string | number): unknown {
  if (error instanceof Mismatch) error.path.unshift(key);
  return error;
}

export abstract class Codec<Value, Json> {
  declare readonly value: Value;
  declare readonly json: Json;
  readonly isOptional: boolean = false;
  abstract decode(json: unknown): Value;
  abstract encode(value: unknown): Json;

  nullable(): Codec<Value | null, Json | null> {
    return new Nullable(this);
  }

  optional(): Optional<Value, Json> {
    return new Optional(this);
  }
}

export type output<C extends Codec<unknown, unknown>> = C['value'];
export type input<C extends Codec<unknown, unknown>> = C['json'];

class Nullable<Value, Json> extends Codec<Value | null, Json | null> {
  readonly inner: Codec<Value, Json>;

  constructor(inner: Codec<Value, Json>) {
    super();
    this.inner = inner;
  }

  decode(json: unknown): Value | null {
    return json === null ? null : this.inner.decode(json);
  }

  encode(value: unknown): Json | null {
    return value === null ? null : this.inner.encode(value);
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

  decode(json: unknown): Value | undefined {
    return json === undefined ? undefined : this.inner.decode(json);
  }

  encode(value: unknown): Json | undefined {
    return value === undefined ? undefined : this.inner.encode(value);
  }
}

/** The same in code and as JSON. */
class Plain<Value> extends Codec<Value, Value> {
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
export const literal = <const Value extends string | number>(value: Value): Codec<Value, Value> =>
  new Plain(JSON.stringify(value), (given) => given === value);

const oneOf = <const Values extends readonly string[]>(values: Values): Codec<Values[number], Values[number]> =>
  new Plain(`one of ${values.join(', ')}`, (value) => values.includes(value as string));

export { oneOf as enum };

class Converted<Value, Json> extends Codec<Value, Json> {
  readonly decode: (json: unknown) => Value;
  readonly encode: (value: unknown) => Json;

  constructor(decodeOne: (json: unknown) => Value, encodeOne: (value: unknown) => Json) {
    super();
    this.decode = decodeOne;
    this.encode = encodeOne;
  }
}

const DECIMAL_INTEGER = /^-?\d{1,60}$/;

/** A bigint in code, a decimal string as JSON. */
export const integerText = <Value extends bigint>(): Codec<Value, string> =>
  new Converted(
    (json) => {
      if (typeof json !== 'string' || !DECIMAL_INTEGER.test(json)) throw new Mismatch('an integer as text');
      return BigInt(json) as Value;
    },
    (value) => {
      if (typeof value !== 'bigint') throw new Mismatch('an integer');
      return value.toString();
    },
  );

export function array<Value, Json>(item: Codec<Value, Json>): Codec<Value[], Json[]> {
  const each =
    <To>(convert: (one: unknown) => To) =>
    (all: unknown): To[] => {
      if (!Array.isArray(all)) throw new Mismatch('a list');
      return all.map((one, place) => {
        try {
          return convert(one);
        } catch (error) {
          throw within(error, place);
        }
      });
    };
  return new Converted(
    each((json) => item.decode(json)),
    each((value) => item.encode(value)),
  );
}

/** The first that matches. */
export function union<const Members extends readonly Codec<unknown, unknown>[]>(
  members: Members,
): Codec<Members[number]['value'], Members[number]['json']> {
  const first = (convert: (member: Codec<unknown, unknown>) => unknown): unknown => {
    const expected: string[] = [];
    for (const member of members) {
      try {
        return convert(member);
      } catch (error) {
        if (!(error instanceof Mismatch)) throw error;
        expected.push(error.expected);
      }
    }
    throw new Mismatch(expected.join(' or '));
  };
  return new Converted(
    (json) => first((member) => member.decode(json)),
    (value) => first((member) => member.encode(value)),
  );
}

type Shape = Readonly<Record<string, Codec<unknown, unknown>>>;
type OptionalKeys<S extends Shape> = {
  [Key in keyof S]: S[Key] extends { readonly isOptional: true } ? Key : never;
}[keyof S];
type FieldsOf<S extends Shape, Side extends 'value' | 'json'> = {
  -readonly [Key in Exclude<keyof S, OptionalKeys<S>>]: S[Key][Side];
} & { -readonly [Key in OptionalKeys<S>]?: S[Key][Side] };
type Flat<T> = { [Key in keyof T]: T[Key] };

/** Fields that it does not name are left out. */
class ObjectCodec<S extends Shape> extends Codec<Flat<FieldsOf<S, 'value'>>, Flat<FieldsOf<S, 'json'>>> {
  readonly shape: S;
  readonly #fields: readonly (readonly [string, Codec<unknown, unknown>])[];

  constructor(shape: S) {
    super();
    this.shape = shape;
    this.#fields = Object.entries(shape);
  }

  decode(json: unknown): Flat<FieldsOf<S, 'value'>> {
    return this.#convert(json, true) as Flat<FieldsOf<S, 'value'>>;
  }

  encode(value: unknown): Flat<FieldsOf<S, 'json'>> {
    return this.#convert(value, false) as Flat<FieldsOf<S, 'json'>>;
  }

  extend<More extends Shape>(more: More): ObjectCodec<Flat<Omit<S, keyof More> & More>> {
    return new ObjectCodec({ ...this.shape, ...more }) as never;
  }

  omit<Key extends keyof S & string>(keys: Readonly<Record<Key, true>>): ObjectCodec<Flat<Omit<S, Key>>> {
    const kept = Object.entries(this.shape).filter(([key]) => !(key in keys));
    return new ObjectCodec(Object.fromEntries(kept)) as never;
  }

  #convert(from: unknown, inward: boolean): Record<string, unknown> {
    if (typeof from !== 'object' || from === null) throw new Mismatch('an object');
    const converted: Record<string, unknown> = {};
    for (const [key, codec] of this.#fields) {
      const field = (from as Readonly<Record<string, unknown>>)[key];
      if (field === undefined && codec.isOptional) continue;
      try {
        converted[key] = inward ? codec.decode(field) : codec.encode(field);
      } catch (error) {
        throw within(error, key);
      }
    }
    return converted;
  }
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

/** @throws CriticalError DATA_INVALID, with the field and what was expected */
export const encode = <Value, Json>(codec: Codec<Value, Json>, value: Value): Json => told(() => codec.encode(value));
