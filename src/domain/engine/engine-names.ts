/** What a person calls the engines of a process, in alerts, messages and commands: by the names of ENGINES_FILE. */

export interface EngineName {
  readonly engineId: string;
  readonly name: string;
}

export type EngineFound =
  | { readonly kind: 'found'; readonly engine: EngineName }
  /** `why` names the choices, never more than a message can hold. */
  | { readonly kind: 'not found'; readonly why: string };

/** The process's own engine, where there are others beside it. ENGINES_FILE cannot give this name to another. */
export const OWN_ENGINE = 'own';
/** Choices that a refusal names; a thousand engines do not fit into a message. */
const MOST_CHOICES = 12;
const MOST_QUOTED = 40;

export class EngineNames {
  /** The own engine first, then the others in the order of the file. */
  readonly all: readonly EngineName[];
  readonly #names: ReadonlyMap<string, string>;

  constructor(ownId: string, others: readonly EngineName[] = []) {
    this.all = [{ engineId: ownId, name: OWN_ENGINE }, ...others];
    this.#names = new Map(this.all.map(({ engineId, name }) => [engineId, name]));
  }

  get own(): EngineName {
    return this.all[0] as EngineName;
  }

  /** There is something to tell apart. */
  get areSeveral(): boolean {
    return this.all.length > 1;
  }

  /** Null: it is the only engine of this process. An engine of another process, or of an earlier start, has its id alone. */
  nameOf(engineId: string): string | null {
    const name = this.#names.get(engineId);
    if (name === undefined) return engineId;
    return this.areSeveral ? name : null;
  }

  /** By its name, in capitals or not, or by its id. */
  find(written: string): EngineFound {
    const exact = this.all.find(({ engineId, name }) => name === written || engineId === written);
    if (exact !== undefined) return { kind: 'found', engine: exact };
    const lower = written.toLowerCase();
    const [alike, ...more] = this.all.filter(({ name }) => name.toLowerCase() === lower);
    if (alike === undefined)
      return { kind: 'not found', why: `There is no engine ${quoted(written)}. ${this.choices(lower)}` };
    if (more.length === 0) return { kind: 'found', engine: alike };
    const both = [alike, ...more].map(({ name }) => name).join(', ');
    return { kind: 'not found', why: `Several engines are called so but for capitals: ${both}. Write it exactly.` };
  }

  /** The names to choose from: first those that begin with `near`, then in the order of the file. */
  choices(near = ''): string {
    const names = this.all.map(({ name }) => name);
    const nearest = near === '' ? [] : names.filter((name) => name.toLowerCase().startsWith(near.slice(0, 2)));
    const shown = [...new Set([...nearest, ...names])].slice(0, MOST_CHOICES);
    const rest = names.length - shown.length;
    return `Engines: ${shown.join(', ')}${rest === 0 ? '' : ` and ${rest} more (driftless engines lists them)`}.`;
  }
}

const quoted = (text: string): string => (text.length > MOST_QUOTED ? `${text.slice(0, MOST_QUOTED)}…` : text);
