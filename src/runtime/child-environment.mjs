/**
 * What a program that we start may see of our environment: an allow-list, since a key, a token or a database's password
 * stands in some variable of ours, and the next secret setting must not need a line here to stay with us. Plain
 * JavaScript on Node's builtins: the set-up needs it before anything is installed.
 */

/** To find programs and folders, to speak the person's language, and to reach the network as this machine does. */
const NAMES = new Set([
  ...['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'LANG', 'LANGUAGE', 'TZ', 'TERM', 'TMPDIR', 'TMP', 'TEMP'],
  ...['XDG_CACHE_HOME', 'XDG_CONFIG_HOME', 'XDG_DATA_HOME', 'XDG_RUNTIME_DIR'],
  ...['USERPROFILE', 'HOMEDRIVE', 'HOMEPATH', 'APPDATA', 'LOCALAPPDATA', 'PROGRAMDATA', 'PROGRAMFILES'],
  ...['SYSTEMROOT', 'SYSTEMDRIVE', 'WINDIR', 'COMSPEC', 'PATHEXT', 'PROCESSOR_ARCHITECTURE', 'NUMBER_OF_PROCESSORS'],
  ...['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'NO_PROXY'],
  ...['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'SSL_CERT_DIR', 'REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE'],
]);
const LOCALE = /^LC_[A-Z]+$/;

/** Settings of the program itself, its registry's password included: npm and pip take them by name from here. */
const OWN = { npm: /^NPM_CONFIG_/, pip: /^PIP_/ };

/**
 * @param {NodeJS.ProcessEnv} env
 * @param {'npm' | 'pip' | null} program whose own settings go with it
 * @returns {NodeJS.ProcessEnv}
 */
export function childEnvironment(env, program = null) {
  const own = program === null ? null : OWN[program];
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => {
      // Windows tells no upper case from lower, and proxies are written in both everywhere.
      const upper = name.toUpperCase();
      return NAMES.has(upper) || LOCALE.test(upper) || own?.test(upper) === true;
    }),
  );
}
