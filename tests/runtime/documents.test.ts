import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse, parseAllDocuments } from 'yaml';
import { onTestFinished } from '../../localnet/tests/support/on-test-finished.ts';
import { loadSettings, type Role } from '../../src/runtime/config.ts';
import { NAMES_IN_ENV } from '../../src/runtime/secret-files.ts';
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
  readonly read_only?: boolean;
  readonly network_mode?: string;
  readonly volumes?: readonly string[];
  readonly user?: string;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly deploy?: { readonly resources: { readonly limits: object } };
  readonly secrets?: readonly string[];
  readonly configs?: readonly { readonly source: string }[];
}

/** Every part of a container that Kubernetes runs and that this test looks at. */
interface Container {
  readonly args: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value: string }[];
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string; readonly readOnly?: boolean }[];
  readonly securityContext: object;
  readonly resources: { readonly limits: object };
}
interface Manifest {
  readonly kind: string;
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: {
    readonly template: {
      readonly spec: { readonly securityContext: object; readonly containers: readonly Container[] };
    };
  };
}

/** The secrets of all set-ups, as the containers see them. */
function loadWithSecrets(env: Readonly<Record<string, string>>, role: Role = 'all') {
  const folder = mkdtempSync(join(tmpdir(), 'driftless-secrets-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const inFolder = (name: string, secret: string) => {
    writeFileSync(join(folder, name), `${secret}\n`, { mode: 0o600 });
    return join(folder, name);
  };
  const live =
    env.ENGINE_MODE === 'live'
      ? {
          RPC_URL_FILE: inFolder('rpc', 'https://node.invalid/key'),
          CODEC_KEYS_FILE: inFolder('codec', `2026-12 ${Buffer.alloc(32, 1).toString('base64')}`),
        }
      : {};
  const secrets = {
    DRIFTLESS_TOKEN_FILE: inFolder('token', 'a-token-of-the-tests'),
    DATABASE_URL_FILE: inFolder('url', 'postgres://driftless:secret@postgres:5432/driftless'),
    ...live,
  };
  return loadSettings({ env: { ...env, ...secrets }, dotenv: null, cwd: '/' }, { role });
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
  const { services, volumes, secrets, configs } = parse(read('docker-compose.yml'), { merge: true }) as {
    services: Readonly<Record<string, Service>>;
    volumes: object;
    secrets: object;
    configs: Readonly<Record<string, { readonly file: string }>>;
  };
  const JOBS = ['temporal-schema', 'temporal-namespace'];
  const service = (name: string): Service => {
    const found = services[name];
    if (found === undefined) throw new Error(`no service ${name}`);
    return found;
  };

  it('has Temporal on Postgres, its schema and namespace as jobs, its UI, worker and bridge', () => {
    const servers = ['bridge', 'postgres', 'temporal', 'temporal-ui', 'worker'];
    expect(Object.keys(services).sort()).toEqual([...servers, ...JOBS].sort());
    expect(service('temporal').environment).toMatchObject({ DB: 'postgres12', POSTGRES_SEEDS: 'postgres' });
    expect(service('temporal').depends_on).toEqual({
      'temporal-schema': { condition: 'service_completed_successfully' },
    });
    expect(Object.keys(volumes)).toEqual(['postgres', 'worker', 'bridge']);
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
        'temporal-namespace': { condition: 'service_completed_successfully' },
      });
    }
    for (const name of ['postgres', 'temporal', 'worker', 'bridge'])
      expect(service(name).healthcheck?.test.length).toBeGreaterThan(0);
  });

  it('publishes on loopback only, and pins every image', () => {
    for (const [name, { ports = [], image }] of Object.entries(services)) {
      for (const port of ports) withContext(name, () => expect(port).toMatch(/^127\.0\.0\.1:/));
      if (image !== undefined && name !== 'worker' && name !== 'bridge') expect(image).toMatch(/:\d+[\d.]*$/);
    }
  });

  it('runs each as somebody, on a root that is read-only, within limits', () => {
    for (const [name, one] of Object.entries(services)) {
      withContext(name, () => {
        expect(one.cap_drop).toEqual(['ALL']);
        expect(one.security_opt).toEqual(['no-new-privileges:true']);
        expect(one.deploy?.resources.limits).toMatchObject({ cpus: expect.anything(), memory: expect.anything() });
        // The UI's image writes its configuration at its start, and is there on demand only.
        if (name === 'temporal-ui') return;
        expect(one.read_only).toBe(true);
        expect(one.user).toMatch(/^(1000:1000|postgres)$/);
      });
    }
  });

  it('has secrets as files: none is in the environment', () => {
    const known = Object.keys(secrets);
    for (const [name, { environment = {}, secrets: own = [] }] of Object.entries(services)) {
      withContext(name, () => {
        expect(own.filter((one) => !known.includes(one))).toEqual([]);
        const open = Object.keys(environment).filter((key) => /TOKEN|PASSWORD|PWD|DATABASE_URL|KEY/.test(key));
        expect(open.filter((key) => !key.endsWith('_FILE'))).toEqual([]);
      });
    }
    expect(read('.gitignore').split('\n')).toContain('secrets/');
    expect(read('.dockerignore').split('\n')).toContain('secrets');
  });

  it('finds the scripts that it mounts', () => {
    for (const { file } of Object.values(configs)) expect(existsSync(join(ROOT, file))).toBe(true);
    for (const { configs: own = [] } of Object.values(services))
      for (const { source } of own) expect(Object.keys(configs)).toContain(source);
  });

  it('gives settings that the program accepts', () => {
    for (const name of ['worker', 'bridge']) {
      const env: Record<string, string> = {};
      for (const [key, value] of Object.entries(service(name).environment ?? {})) {
        // ${NAME:-default}
        env[key] = String(value).replace(/\$\{\w+:-([^}]*)\}/g, '$1');
      }
      const settings = loadWithSecrets(env);
      expect(settings.temporal.address).toBe('temporal:7233');
      expect(settings.databaseUrl).toContain('@postgres:5432/');
      expect(Object.keys(env).filter((key) => !NAMES_IN_ENV.includes(key))).toEqual([]);
    }
  });
});

describe('deploy/docker-compose.live.yml', () => {
  const inFile = (file: string) =>
    parse(read(file), { merge: true }) as {
      services: Readonly<Record<string, Service>>;
      volumes: object;
      secrets: object;
    };
  const base = inFile('docker-compose.yml');
  const live = inFile('deploy/docker-compose.live.yml');

  it('has the key in a signer without a network, under a user of its own, and the worker beside its socket', () => {
    expect(live.services.signer).toMatchObject({
      ...{ build: '.', user: '1001:1000', network_mode: 'none', read_only: true, cap_drop: ['ALL'] },
      security_opt: ['no-new-privileges:true'],
      command: ['signer', '--policy', '/etc/driftless-signer/policy.json'],
      deploy: { resources: { limits: { memory: expect.anything() } } },
    });
    expect(live.services.worker?.volumes).toEqual(['signer-socket:/run/driftless-signer:ro']);
    expect(live.services.bridge?.volumes).toBeUndefined();
    // A new volume takes owner and mode from the image: what the signer demands of its folders.
    expect(read('Dockerfile')).toContain('install -d -o 1001 -g 1000 -m 750 /run/driftless-signer');
    expect(read('Dockerfile')).toContain('install -d -o 1001 -g 1001 -m 700 /var/lib/driftless-signer');
  });

  it.each(['worker', 'bridge'] as const)('gives the %s settings that the program accepts, secrets as files', (role) => {
    const env: Record<string, string> = {};
    const all = { ...base.services[role]?.environment, ...live.services[role]?.environment };
    for (const [key, value] of Object.entries(all)) {
      // ${NAME:-default}, ${NAME:?what it is}
      env[key] = String(value)
        .replace(/\$\{\w+:-([^}]*)\}/g, '$1')
        .replace(/\$\{AUTHORITY:\?[^}]*\}/g, WALLET);
    }
    expect(Object.keys(env).filter((key) => !NAMES_IN_ENV.includes(key))).toEqual([]);
    expect(loadWithSecrets(env, role)).toMatchObject({
      ...{ mode: 'live', live: { authority: WALLET, permissions: 'trading', keypairPath: null } },
      codec: { keys: { encrypts: { id: '2026-12' } } },
    });
    expect(Object.keys(live.secrets)).toEqual(expect.arrayContaining([...(live.services[role]?.secrets ?? [])]));
  });
});

const WALLET = '9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusVFin';

describe('deploy/kubernetes/signing-worker.yaml', () => {
  interface Pod {
    readonly initContainers: readonly Container[];
    readonly containers: readonly Container[];
  }
  const [set] = parseAllDocuments(read('deploy/kubernetes/signing-worker.yaml')).map((one) => one.toJS());
  const pod = set.spec.template.spec as Pod;
  const [files] = pod.initContainers;
  const [signer, worker] = pod.containers;
  const mounted = (one: Container | undefined) => one?.volumeMounts?.map(({ name }) => name) ?? [];

  it('one signer counts the caps, as a user of its own, and the worker reaches its socket alone', () => {
    expect(set.spec.replicas).toBe(1);
    for (const one of [files, signer]) expect(one?.securityContext).toMatchObject({ runAsUser: 1001 });
    for (const one of [files, signer, worker]) {
      expect(one?.securityContext).toMatchObject({
        ...{ readOnlyRootFilesystem: true, allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
      });
      expect(one?.resources.limits).toMatchObject({ memory: expect.anything() });
    }
    expect(mounted(worker).filter((name) => name.startsWith('signer'))).toEqual(['signer-socket']);
    expect(mounted(signer)).not.toContain('signer-secret');
    expect(set.spec.volumeClaimTemplates[0].metadata.name).toBe('signer-state');
  });

  it('gives the worker settings that the program accepts', () => {
    const [config] = parseAllDocuments(read('deploy/kubernetes/driftless.yaml')).map((one) => one.toJS() as Manifest);
    const env = { ...config?.data, ...Object.fromEntries((worker?.env ?? []).map(({ name, value }) => [name, value])) };
    expect(Object.keys(env).filter((key) => !NAMES_IN_ENV.includes(key))).toEqual([]);
    expect(loadWithSecrets(env, 'worker').live).toMatchObject({ authority: WALLET, permissions: 'trading' });
  });
});

describe('deploy/kubernetes', () => {
  const manifests = parseAllDocuments(read('deploy/kubernetes/driftless.yaml')).map(
    (document) => document.toJS() as Manifest,
  );
  const containers = manifests
    .filter(({ kind }) => kind === 'Deployment')
    .flatMap(({ spec }) => spec?.template.spec.containers ?? []);

  it('runs both roles as nobody special, on a root that is read-only, within limits, and probes them', () => {
    expect(containers.map(({ args }) => args)).toEqual([['worker'], ['bridge']]);
    for (const container of containers) {
      expect(container.securityContext).toEqual({
        readOnlyRootFilesystem: true,
        allowPrivilegeEscalation: false,
        capabilities: { drop: ['ALL'] },
      });
      expect(container.resources.limits).toMatchObject({ memory: expect.anything() });
      for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe']) expect(container).toHaveProperty(probe);
    }
    for (const { spec } of manifests.filter(({ kind }) => kind === 'Deployment'))
      expect(spec?.template.spec.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 1000 });
    expect(read('Dockerfile')).toContain('USER 1000:1000');
  });

  it('gives settings that the program accepts', () => {
    const data = manifests.find(({ kind }) => kind === 'ConfigMap')?.data ?? {};
    for (const { env = [] } of containers) {
      const all = { ...data, ...Object.fromEntries(env.map(({ name, value }) => [name, value])) };
      expect(Object.keys(all).filter((key) => !NAMES_IN_ENV.includes(key))).toEqual([]);
      expect(loadWithSecrets(all).temporal.namespace).toBe('driftless');
    }
  });
});
