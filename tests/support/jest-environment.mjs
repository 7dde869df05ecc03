import { TestEnvironment } from 'jest-environment-node';

const ERRORS = [
  'Error',
  'AggregateError',
  'EvalError',
  'RangeError',
  'ReferenceError',
  'SyntaxError',
  'TypeError',
  'URIError',
];

const ordinary = Function.prototype[Symbol.hasInstance];

/**
 * Jest runs a test file in a realm of its own, with its own `Error`. What Node itself throws (a refused connection, a
 * missing file) is made outside of it, so that `error instanceof Error` would be false in the tests and true in the
 * product. Here it is true in both.
 */
export default class OneKindOfError extends TestEnvironment {
  constructor(...args) {
    super(...args);
    for (const name of ERRORS) {
      const inside = this.global[name];
      const outside = globalThis[name];
      Object.defineProperty(inside, Symbol.hasInstance, {
        value(error) {
          return ordinary.call(this, error) || (this === inside && error instanceof outside);
        },
      });
    }
  }
}
