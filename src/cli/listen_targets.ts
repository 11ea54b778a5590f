import { resolve } from "node:path";
import { addressText } from "../core/mod.ts";
import type { EstablishStep, ListenTarget } from "../mod.ts";
import type { Variables } from "./environment_settings.ts";
import { usageFailure } from "./failure.ts";
import { type Given, originText } from "./given.ts";
import type { ListenSpec } from "./listen_spec.ts";
import type { CliServeOptions } from "./serve_options.ts";
import { systemdListeners } from "./systemd_listeners.ts";

const DEFAULT_MODE = 0o600;

/** The surroundings that the places of `--listen` refer to. */
export interface Surroundings {
  /** The directory that relative paths start from. */
  readonly cwd: string;
  /** The environment variables, with those of systemd. */
  readonly variables: Variables;
  /** The number of this process. */
  readonly pid: number;
}

/** The options of a server, and which of the places where it listens speak TLS. */
export interface Places {
  readonly options: CliServeOptions;
  /** Gets the number of a place, in the order of `server.addresses`. */
  readonly speaksTls: (index: number) => boolean;
}

/** The steps of connections that come by plain places, and by those with TLS. */
export interface PlaceSteps {
  readonly plain: readonly EstablishStep[];
  readonly tls: readonly EstablishStep[];
}

/**
 * Puts the places of `--listen` into the options. Without `--listen`, the server listens where its options say; with a
 * certificate, it speaks TLS there.
 *
 * @throws {Failure} systemd has passed no sockets, a place is named twice, or `--unix-mode` has no effect
 */
export function resolvePlaces(options: CliServeOptions, given: Given, surroundings: Surroundings): Places {
  const { listen: specs, tlsCert, unixMode } = given.settings;
  if (specs === undefined) {
    if (options.path === undefined) checkMode(given, false);
    const speaksTls = tlsCert !== undefined;
    return { options, speaksTls: () => speaksTls };
  }
  const places = specs.flatMap((spec) =>
    targetsOf(spec, given, surroundings).map((target) => ({ tls: spec.tls, target })),
  );
  checkDistinct(
    places.map(({ target }) => target),
    given,
  );
  checkMode(
    given,
    places.some(({ target }) => hasMode(target)),
  );
  const { noDelay, ...others } = options;
  const listen = places.map(({ target }) => ({
    ...target,
    ...(unixMode !== undefined && hasMode(target) && { mode: unixMode }),
    ...(noDelay !== undefined && target.path === undefined && { noDelay }),
  }));
  return { options: { ...others, listen }, speaksTls: (index) => places[index]?.tls === true };
}

/** Puts the steps of the command line before those of the service. */
export function withSteps({ options, speaksTls }: Places, steps: PlaceSteps): CliServeOptions {
  const { listen, establish } = options;
  const stepsOf = (index: number) => (speaksTls(index) ? steps.tls : steps.plain);
  // The server refuses a value that is no list.
  if (!Array.isArray(listen)) return { ...options, ...before(stepsOf(0), establish) };
  return {
    ...options,
    listen: (listen as readonly ListenTarget[]).map((target, index) => ({
      ...target,
      ...before(stepsOf(index), target?.establish ?? establish),
    })),
  };
}

function before(
  steps: readonly EstablishStep[],
  own: readonly EstablishStep[] | undefined,
): { readonly establish?: readonly EstablishStep[] } {
  if (own === undefined) return steps.length === 0 ? {} : { establish: steps };
  return { establish: Array.isArray(own) ? [...steps, ...(own as readonly EstablishStep[])] : own };
}

function targetsOf({ place }: ListenSpec, given: Given, { cwd, variables, pid }: Surroundings): ListenTarget[] {
  switch (place.kind) {
    case "tcp":
      return [{ hostname: place.hostname, port: place.port }];
    case "unix":
      return [{ path: place.path.startsWith("\0") ? place.path : resolve(cwd, place.path) }];
    case "fd":
      return [{ fd: place.fd }];
    case "systemd":
      return systemdListeners(variables, pid, { name: place.name, origin: originText("listen", given) }).map((fd) => ({
        fd,
      }));
  }
}

function checkDistinct(targets: readonly ListenTarget[], given: Given): void {
  const seen = new Set<string>();
  for (const target of targets) {
    const text = targetText(target);
    if (seen.has(text) && target.port !== 0) throw usageFailure(`${originText("listen", given)} names ${text} twice`);
    seen.add(text);
  }
}

function targetText(target: ListenTarget): string {
  if (target.fd !== undefined) return `descriptor ${target.fd}`;
  if (target.path !== undefined) return addressText({ path: target.path });
  return addressText({ hostname: target.hostname ?? "", port: target.port });
}

function hasMode({ path }: ListenTarget): boolean {
  return path !== undefined && !path.startsWith("\0");
}

/** The default, as `--print-config` prints it, asks for nothing. */
function checkMode(given: Given, hasEffect: boolean): void {
  const { unixMode = DEFAULT_MODE } = given.settings;
  if (hasEffect || unixMode === DEFAULT_MODE) return;
  throw usageFailure(
    `${originText("unixMode", given)} has no effect: nothing listens at a path; use --listen unix:/path`,
  );
}
