/**
 * What runs inside a thread. The first call says what the thread shall be; from then on it answers for that role. The
 * roles are given by the entry, so that this room knows neither the engine nor the indexes.
 */
import type { Endpoint } from 'comlink';
import { ElanusError } from '../util/error.ts';
import { exposeObject } from './expose.ts';
import type { ReadyMessage, RpcContext, RpcMethod, ThreadSetup } from './protocol.ts';

/** Takes up a role: prepares what the setup asks for and answers the methods to serve. */
export type StartRole = (
  setup: ThreadSetup,
  context: RpcContext & { readonly emit: (event: unknown) => void },
) => Promise<Readonly<Record<string, RpcMethod>>>;

/** Name of the first call. */
export const START = 'start';

/** Serves `roles` on the endpoint and says `ready`. The platform's own port: its owner is whoever started this thread. */
export function serveThread(endpoint: Endpoint, roles: Readonly<Record<string, StartRole>>, lifeLock?: string): void {
  let target: Promise<Readonly<Record<string, RpcMethod>>> | null = null;
  let methods: Readonly<Record<string, RpcMethod>> | null = null;

  const start: RpcMethod = async (request, context) => {
    const setup = request as ThreadSetup;
    const startRole = Object.hasOwn(roles, setup.role) ? roles[setup.role] : undefined;
    if (startRole === undefined) throw new ElanusError('INTERNAL', `"role" expected one of ${Object.keys(roles).join(', ')}, got ${setup.role}`);
    if (target !== null) throw new ElanusError('INTERNAL', 'this thread has a role already');
    target = startRole(setup, { ...context, emit: exposed.emit });
    methods = await target;
  };

  const exposed = exposeObject(endpoint, (name) => {
    if (name === START) return start;
    return methods !== null && Object.hasOwn(methods, name) ? methods[name] : undefined;
  });
  endpoint.postMessage({ elanus: 'ready', ...(lifeLock === undefined ? {} : { lifeLock }) } satisfies ReadyMessage);
}

/** The named methods of an object as a host serves them, bound to it. */
export function methodsOf<T extends object>(object: T, names: readonly (keyof T & string)[]): Record<string, RpcMethod> {
  return Object.fromEntries(names.map((name) => [name, (object[name] as RpcMethod).bind(object)]));
}
