import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { loadSettings } from '../../src/runtime/config.ts';
import { SETTING_NAMES, SETTINGS } from '../../src/runtime/setting-table.ts';
import { envExample, withSettingsTable } from '../../src/runtime/settings-text.ts';
import { withContext } from '../support/with-context.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

interface Service {
  readonly image?: string;
  readonly build?: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly ports?: readonly string[];
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly container_name?: string;
  readonly restart?: string;
}

describe('what people read', () => {
  it('README’s table of settings is the program’s own', () => {
    const readme = read('README.md');
    expect(withSettingsTable(readme)).toBe(readme);
    for (const name of SETTING_NAMES) expect(readme).toContain(`\`${name}\``);
  });

  it('.env.example names every setting, and can be copied as it is', () => {
    const example = read('.env.example');
    expect(example).toBe(envExample());
    expect(loadSettings({ env: {}, dotenv: example, cwd: '/' })).toEqual(
      loadSettings({ env: {}, dotenv: null, cwd: '/' }),
    );
    const taken = example.replace(/^#(?=[A-Z_]+=)/gm, '');
    expect(() => loadSettings({ env: {}, dotenv: taken, cwd: '/' })).not.toThrow();
  });

  it('the licence is Apache 2.0, in the file and in package.json', () => {
    expect(read('LICENSE')).toContain('Apache License');
    expect(read('LICENSE')).toContain('Version 2.0, January 2004');
    expect(JSON.parse(read('package.json'))).toMatchObject({ license: 'Apache-2.0' });
  });

  it('SECURITY.md names every secret that the program can be given', () => {
    const text = read('SECURITY.md');
    const secrets = SETTING_NAMES.filter((name) => SETTINGS[name].secret);
    expect(secrets.length).toBeGreaterThan(3);
    for (const name of [...secrets, 'SOLANA_KEYPAIR_PATH', 'TEMPORAL_TLS_KEY']) expect(text).toContain(`\`${name}\``);
  });

  it('CHANGELOG.md has an entry for the present version', () => {
    const { version } = JSON.parse(read('package.json')) as { version: string };
    expect(read('CHANGELOG.md')).toMatch(
      new RegExp(`^## ${version.replaceAll('.', '\\.')} - \\d{4}-\\d\\d-\\d\\d$`, 'm'),
    );
  });

  it('.nvmrc names a Node that package.json allows', () => {
    expect(Number(read('.nvmrc'))).toBeGreaterThanOrEqual(22);
  });

  it('README names the two commands and its links lead somewhere', () => {
    const readme = read('README.md');
    expect(readme).toContain('npm start');
    expect(readme).toContain('npm test');
    for (const [, target] of readme.matchAll(/\]\((?!https?:)([^)#]+)\)/g)) {
      withContext(target, () => expect(existsSync(join(ROOT, target ?? ''))).toBe(true));
    }
  });
});

describe('package-lock.json', () => {
  interface Entry {
    readonly version?: string;
    readonly resolved?: string;
    readonly optionalDependencies?: Readonly<Record<string, string>>;
  }
  const { packages } = JSON.parse(read('package-lock.json')) as { packages: Readonly<Record<string, Entry>> };

  it('names what every system needs, or `npm ci` fails on some', () => {
    const wanted = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).map((name) => ({ path, name })),
    );
    const known = ({ path, name }: { path: string; name: string }): boolean =>
      packages[`${path}/node_modules/${name}`] !== undefined || packages[`node_modules/${name}`] !== undefined;
    expect(wanted.filter((one) => !known(one))).toEqual([]);
  });

  it('names no host', () => {
    expect(Object.entries(packages).filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
  });
});

describe('docker-compose.yml', () => {
  const { services, volumes } = parse(read('docker-compose.yml'), { merge: true }) as {
    services: Readonly<Record<string, Service>>;
    volumes: object;
  };
  const service = (name: string): Service => {
    const found = services[name];
    if (found === undefined) throw new Error(`no service ${name}`);
    return found;
  };

  it('has Temporal on Postgres with its UI, worker and bridge', () => {
    expect(Object.keys(services).sort()).toEqual(['bridge', 'postgres', 'temporal', 'temporal-ui', 'worker']);
    expect(service('temporal').environment).toMatchObject({ DB: 'postgres12', POSTGRES_SEEDS: 'postgres' });
    expect(Object.keys(volumes)).toEqual(['postgres']);
  });

  it('starts worker and bridge from one image by their roles', () => {
    expect(service('worker')).toMatchObject({ build: '.', command: ['worker'] });
    expect(service('bridge')).toMatchObject({ build: '.', command: ['bridge'] });
    expect(read('Dockerfile')).toContain('ENTRYPOINT ["node", "scripts/start.mjs"]');
  });

  it('can scale the worker by count: no name and no port of its own', () => {
    expect(service('worker').container_name).toBeUndefined();
    expect(service('worker').ports).toBeUndefined();
  });

  it('waits for what each needs and knows when it is healthy', () => {
    for (const name of ['worker', 'bridge']) {
      expect(service(name).depends_on).toEqual({
        postgres: { condition: 'service_healthy' },
        temporal: { condition: 'service_healthy' },
      });
    }
    for (const name of ['postgres', 'temporal', 'bridge'])
      expect(service(name).healthcheck?.test.length).toBeGreaterThan(0);
  });

  it('publishes on loopback only, and pins every image', () => {
    for (const [name, { ports = [], image }] of Object.entries(services)) {
      for (const port of ports) withContext(name, () => expect(port).toMatch(/^127\.0\.0\.1:/));
      if (image !== undefined && name !== 'worker' && name !== 'bridge') expect(image).toMatch(/:\d+[\d.]*$/);
    }
  });

  it('gives settings that the program accepts', () => {
    for (const name of ['worker', 'bridge']) {
      const env: Record<string, string> = {};
      for (const [key, value] of Object.entries(service(name).environment ?? {})) {
        // ${NAME:-default} and ${NAME:?message}
        env[key] = String(value)
          .replace(/\$\{\w+:-([^}]*)\}/g, '$1')
          .replace(/\$\{\w+:\?[^}]*\}/g, 'a-token-of-the-tests');
      }
      const settings = loadSettings({ env, dotenv: null, cwd: '/' });
      expect(settings.temporal.address).toBe('temporal:7233');
      expect(settings.databaseUrl).toContain('@postgres:5432/');
      expect(Object.keys(env).filter((key) => !(SETTING_NAMES as readonly string[]).includes(key))).toEqual([]);
    }
  });
});
