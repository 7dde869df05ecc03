/** Policies as a person writes them: `mean:hours=168,enter_apr_pct=5`. */
import { ValidationError } from '../../lib/errors.ts';
import { DEFAULT_CONFIDENCE } from './confidence.ts';
import {
  alwaysPolicy,
  type CarryPolicy,
  confidencePolicy,
  ewmaPolicy,
  type GateExit,
  gatePolicy,
  meanPolicy,
  neverPolicy,
} from './policies.ts';

/** A policy that decides by the rates alone. */
export interface RulePlan {
  readonly kind: 'rule';
  readonly text: string;
  /** A fresh one: some policies remember what they saw. */
  readonly make: () => CarryPolicy;
}

export type PolicyPlan =
  | RulePlan
  /** The trades of a file, whatever the rates. */
  | { readonly kind: 'trades'; readonly text: string; readonly path: string }
  /** Chosen anew each month among these, on the past only; none: the caller's own. */
  | { readonly kind: 'walk_forward'; readonly text: string; readonly candidates: readonly RulePlan[] };

export const POLICY_FORMS =
  'never, always, mean:hours,enter_apr_pct,exit_apr_pct, ewma:half_life_hours,enter_apr_pct,exit_apr_pct, ' +
  'gate:exit=none|horizon|mean_negative, confidence:hours,block_hours,z,exit_apr_pct, trades:<file>, ' +
  'walk_forward[:<policy>|<policy>…]';

type Parameters = ReadonlyMap<string, string>;

interface RuleForm {
  /** In the order in which values without a name are taken, each with its default. */
  readonly names: Readonly<Record<string, string>>;
  readonly make: (text: string, value: (name: string) => string) => () => CarryPolicy;
  /** What walk_forward tries of it. */
  readonly grid: readonly string[];
}

const LIMITS = { enter_apr_pct: '0', exit_apr_pct: '0' } as const;

const RULES: Readonly<Record<string, RuleForm>> = {
  never: { names: {}, make: (text) => () => neverPolicy(text), grid: [''] },
  always: { names: {}, make: (text) => () => alwaysPolicy(text), grid: [''] },
  mean: {
    names: { hours: '168', ...LIMITS },
    make: (text, value) => {
      const hours = hoursOf(text, 'hours', value);
      const limits = limitsOf(text, value);
      return () => meanPolicy(text, hours, limits);
    },
    grid: grid('hours', [72, 168, 336, 720]),
  },
  ewma: {
    names: { half_life_hours: '168', ...LIMITS },
    make: (text, value) => {
      const hours = hoursOf(text, 'half_life_hours', value);
      const limits = limitsOf(text, value);
      return () => ewmaPolicy(text, hours, limits);
    },
    grid: grid('half_life_hours', [24, 72, 168, 336]),
  },
  gate: {
    names: { exit: 'none' },
    make: (text, value) => {
      const exit = value('exit');
      if (!(['none', 'horizon', 'mean_negative'] as const).includes(exit as GateExit)) {
        refuse(text, 'exit', exit, 'none, horizon or mean_negative');
      }
      return () => gatePolicy(text, exit as GateExit);
    },
    grid: ['exit=none', 'exit=horizon', 'exit=mean_negative'],
  },
  confidence: {
    names: {
      hours: String(DEFAULT_CONFIDENCE.hours),
      block_hours: String(DEFAULT_CONFIDENCE.blockHours),
      z: String(DEFAULT_CONFIDENCE.z),
      exit_apr_pct: String(DEFAULT_CONFIDENCE.exitAprPct),
    },
    make: (text, value) => {
      const rule = {
        hours: hoursOf(text, 'hours', value),
        blockHours: hoursOf(text, 'block_hours', value),
        z: numberOf(text, 'z', value),
        exitAprPct: numberOf(text, 'exit_apr_pct', value),
      };
      if (rule.z < 0) refuse(text, 'z', value('z'), 'zero or more');
      if (rule.hours < 2 * rule.blockHours || rule.hours % rule.blockHours !== 0) {
        refuse(text, 'block_hours', value('block_hours'), 'a part of hours that fits it twice or more, whole');
      }
      return () => confidencePolicy(text, rule);
    },
    grid: [168, 336, 720].flatMap((hours) =>
      [0, 1, 2].map((z) => `hours=${hours},block_hours=${hours === 168 ? 24 : hours === 336 ? 48 : 120},z=${z}`),
    ),
  },
};

function grid(name: string, windows: readonly number[]): readonly string[] {
  return windows.flatMap((hours) =>
    [0, 5, 10].flatMap((enter) =>
      [0, -5].map((exit) => `${name}=${hours},enter_apr_pct=${enter},exit_apr_pct=${exit}`),
    ),
  );
}

/** @throws ValidationError INVALID_FIELD, naming the policy and what it may be */
export function parsePolicy(text: string): PolicyPlan {
  const [name, rest] = splitOnce(text, ':');
  if (name === 'trades') {
    if (rest === '') refuse(text, 'policy', text, 'trades:<file>');
    return { kind: 'trades', text, path: rest };
  }
  if (name === 'walk_forward') {
    const words = rest.replace(/^candidates=/, '');
    return { kind: 'walk_forward', text, candidates: words === '' ? [] : words.split('|').flatMap(candidatesOf) };
  }
  return ruleOf(text);
}

/** What walk_forward tries when it is given no candidates. */
export const defaultCandidates = (): readonly RulePlan[] =>
  ['never', 'mean', 'ewma', 'confidence'].flatMap((family) => candidatesOf(family));

const formOf = (name: string): RuleForm | undefined => (Object.hasOwn(RULES, name) ? RULES[name] : undefined);

/** A family's name alone stands for its grid. */
function candidatesOf(word: string): readonly RulePlan[] {
  const form = formOf(word);
  if (form === undefined) return [ruleOf(word)];
  return form.grid.map((parameters) => ruleOf(parameters === '' ? word : `${word}:${parameters}`));
}

function ruleOf(text: string): RulePlan {
  const [name, rest] = splitOnce(text, ':');
  const form = formOf(name);
  if (form === undefined) refuse(text, 'policy', text, POLICY_FORMS);
  const given = parametersOf(text, rest, Object.keys(form.names));
  const value = (key: string): string => given.get(key) ?? (form.names[key] as string);
  return { kind: 'rule', text, make: form.make(text, value) };
}

function parametersOf(text: string, rest: string, names: readonly string[]): Parameters {
  const given = new Map<string, string>();
  if (rest === '') return given;
  for (const [place, word] of rest.split(',').entries()) {
    const [left, right] = splitOnce(word, '=');
    const name = word.includes('=') ? left : (names[place] ?? '');
    if (!names.includes(name)) refuse(text, word, word, names.length === 0 ? 'no parameters' : names.join(', '));
    if (given.has(name)) refuse(text, name, word, `${name} once`);
    given.set(name, word.includes('=') ? right : word);
  }
  return given;
}

function splitOnce(text: string, mark: string): readonly [string, string] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

function numberOf(text: string, name: string, value: (name: string) => string): number {
  const word = value(name);
  if (!/^-?\d{1,9}(\.\d{1,9})?$/.test(word)) refuse(text, name, word, 'a number');
  return Number(word);
}

function hoursOf(text: string, name: string, value: (name: string) => string): number {
  const hours = numberOf(text, name, value);
  if (!Number.isInteger(hours) || hours < 1 || hours > 87_660) {
    refuse(text, name, value(name), 'whole hours, at least 1 and at most ten years');
  }
  return hours;
}

const limitsOf = (text: string, value: (name: string) => string) => ({
  enterAprPct: numberOf(text, 'enter_apr_pct', value),
  exitAprPct: numberOf(text, 'exit_apr_pct', value),
});

function refuse(policy: string, field: string, got: string, expected: string): never {
  throw new ValidationError(
    'INVALID_FIELD',
    `--policy ${policy}: ${field}: expected ${expected}, got ${got || 'nothing'}`,
    {
      field,
      got,
      expected,
    },
  );
}
