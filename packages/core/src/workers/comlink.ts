import { type Endpoint, expose, type Remote, transfer, wrap } from 'comlink';
import nodeAdapter, { type NodeEndpoint } from 'comlink/dist/umd/node-adapter.js';

// The adapter's types describe its CommonJS build, under which the default import is not callable.
const adapt = nodeAdapter as unknown as (port: NodeEndpoint) => Endpoint;

export type { Remote };

/** Answers the calls that arrive at a port by an object's methods. */
export function serve(service: object, port: NodeEndpoint): void {
  expose(service, adapt(port));
}

/** The object that is served at the other end of a port; each method returns a promise. */
export function connect<Service>(port: NodeEndpoint): Remote<Service> {
  return wrap<Service>(adapt(port));
}

/** Marks a value whose vectors are to be handed over instead of copied; they are empty here afterwards. */
export function handOver<T>(value: T, vectors: readonly Float64Array[]): T {
  const buffers = new Set(vectors.map((vector) => vector.buffer));
  return transfer(
    value,
    [...buffers].filter((buffer) => buffer instanceof ArrayBuffer),
  );
}
