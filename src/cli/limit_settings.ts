/** The settings that are limits and policies of `serve()`. The compiler keeps them complete: a new one needs its entry here. */
import { resolveLimits } from "../core/mod.ts";
import type { Limits, Service } from "../mod.ts";
import { durationText, parseCount, parseTimeout } from "./option_values.ts";
import { choiceOf, type PolicyName, type Setting, setting } from "./setting.ts";

const LIMITS: Readonly<Record<keyof Limits, string>> = {
  idleTimeoutMs: "close a connection without traffic while nothing is in flight",
  silenceTimeoutMs: "close a connection from which no byte is received",
  keepAliveMs: "probe a connection after this time without a byte; not on Deno",
  frameTimeoutMs: "time to receive a whole frame",
  handlerTimeoutMs: "time to answer a frame; for compute, more than --delay",
  writeTimeoutMs: "how far a peer may fall behind in reading",
  minWriteBytesPerSecond: "average rate at which a peer must read; off accepts any progress",
  authenticationTimeoutMs: "time to authenticate, where a service requires it",
  lifetimeMs: "longest lifetime of a connection",
  lingerTimeoutMs: "after FIN, time to wait without a sign of the peer",
  maxLingerMs: "after FIN, time to wait in total",
  drainTimeoutMs: "time to drain before the remaining connections are aborted",
  maxConnections: "connections served at once",
  establishTimeoutMs: "time for TLS, PROXY headers and rules, before a connection is served",
  maxEstablishing: "connections in those steps at once",
  concurrency: "frames of one connection in the handler at once",
  maxConcurrentHandlers: "asynchronous handlers of all connections at once",
  maxOutboundBytes: "bytes waiting to be sent on one connection",
  maxOutboundFrames: "pushes waiting to be sent on one connection",
  maxTotalOutboundBytes: "bytes waiting to be sent on all connections",
  maxTotalInboundBytes: "received bytes waiting on all connections",
  backlog: "connections waiting to be accepted",
};

interface Policy<Choice extends string> {
  readonly description: string;
  /** The allowed words; the first is the default. The compiler keeps them complete. */
  readonly choices: Readonly<Record<Choice, true>>;
}

const POLICIES: { readonly [Name in PolicyName]: Policy<NonNullable<Service[Name]>> } = {
  invalidFrame: {
    description: "how to handle a malformed or oversized frame",
    choices: { close: true, skip: true, truncate: true },
  },
  afterReset: {
    description: "how to handle received frames when their connection breaks",
    choices: { drop: true, finish: true },
  },
  slowConsumer: {
    description: "how to handle a push without room",
    choices: { reset: true, drop: true, "drop-oldest": true },
  },
  beyondMaxConnections: {
    description: "how to handle connections beyond --max-connections",
    choices: { wait: true, reject: true },
  },
};

/** The heading of the limits. */
export const LIMIT = "Limits (durations such as 250ms, 5s, 5m, 1h; off disables a limit):";
const POLICY = "Policies:";

/** Limits and policies: the settings that are options of `serve()`, and that a service module may contain. */
export const SERVE_OPTIONS: readonly (keyof Limits | PolicyName)[] = [
  ...(Object.keys(LIMITS) as (keyof Limits)[]),
  ...(Object.keys(POLICIES) as PolicyName[]),
];

/** Returns the limits, in the order of the help. */
export function limitSettings(): Setting[] {
  const defaults = resolveLimits({});
  return (Object.keys(LIMITS) as (keyof Limits)[]).map((name) => {
    const timeout = name.endsWith("Ms");
    const value = defaults[name];
    return setting(LIMIT, name, {
      sets: `spillway ServeOptions.${name}`,
      placeholder: timeout ? "<duration>" : "<count>",
      description: LIMITS[name],
      fallback: timeout || value === Infinity ? durationText(value) : `${value}`,
      numeric: true,
      parse: timeout ? parseTimeout : parseCount,
    });
  });
}

/** Returns the policies, in the order of the help. */
export function policySettings(): Setting[] {
  return (Object.keys(POLICIES) as PolicyName[]).map((name) => {
    const { description, choices } = POLICIES[name];
    const [fallback, ...others] = Object.keys(choices) as [string, ...string[]];
    return setting(POLICY, name, {
      sets: `spillway ServeOptions.${name}`,
      placeholder: "<policy>",
      description: `${description}: ${[fallback, ...others].join(", ")}`,
      fallback,
      ...choiceOf([fallback, ...others]),
    });
  });
}
