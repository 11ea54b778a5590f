import { checkOptions } from "../../core/mod.ts";
import type { SimulatedParts, TrafficOptions } from "../../testing/mod.ts";
import { firstLine, usageFailure } from "../failure.ts";
import type { Given } from "../given.ts";
import { serveOptions } from "../serve_options.ts";
import { chooseService } from "../service.ts";
import { checkService, isModulePath, loadSimulatedModule, type ServiceOptions } from "../service_module.ts";

/** The export `simulate` of a module. */
type SimulateExport = TrafficOptions<unknown, unknown> & {
  readonly service?: (parts: SimulatedParts) => unknown;
};

/** Where a server listens, and its real network: a simulation has neither. */
const REAL: readonly (keyof ServiceOptions)[] = [
  "hostname",
  "port",
  "path",
  "mode",
  "fd",
  "ipv6Only",
  "reusePort",
  "listen",
  "noDelay",
  "keepAliveMs",
  "establish",
  "observer",
];

/** A service as `serve` would run it, made anew for each simulation. */
export class SimulatedService {
  /** The frames that clients send, by the module. */
  readonly traffic: TrafficOptions<unknown, unknown>;
  /** Whether connections take steps before their session, which a simulation leaves out. */
  readonly hasSteps: boolean;
  readonly #name: string;
  readonly #given: Given;
  readonly #cwd: string;
  readonly #handler: ServiceOptions["handler"] | undefined;
  #copies = 0;

  private constructor(
    name: string,
    given: Given,
    cwd: string,
    service: ServiceOptions,
    own: SimulateExport,
    handler: ServiceOptions["handler"] | undefined,
  ) {
    this.#name = name;
    this.#given = given;
    this.#cwd = cwd;
    this.#handler = handler;
    const { service: _, ...traffic } = own;
    this.traffic = traffic;
    this.hasSteps = (service.establish ?? []).length > 0;
  }

  /** `handler`, if there is one, replaces that of the service: it is a pool's. @throws {Failure} as `serve` */
  static async load(
    name: string,
    given: Given,
    cwd: string,
    handler: ServiceOptions["handler"] | undefined,
  ): Promise<SimulatedService> {
    const service = await chooseService(name, given, cwd);
    const simulate = isModulePath(name) ? (await loadSimulatedModule(name, cwd, 0)).simulate : undefined;
    return new SimulatedService(name, given, cwd, service, checkExport(name, simulate), handler);
  }

  /** Makes the service, with variables of the module that are its own. */
  async make(parts: SimulatedParts): Promise<ServiceOptions> {
    const service = isModulePath(this.#name)
      ? await this.#makeOfModule(parts)
      : await chooseService(this.#name, this.#given, this.#cwd);
    const options: Record<string, unknown> = {
      ...serveOptions(
        service,
        this.#given.settings,
        () => undefined,
        () => undefined,
      ),
      ...(this.#handler && { handler: this.#handler }),
    };
    for (const name of REAL) delete options[name];
    return options as unknown as ServiceOptions;
  }

  async #makeOfModule(parts: SimulatedParts): Promise<ServiceOptions> {
    this.#copies += 1;
    const { service, simulate } = await loadSimulatedModule(this.#name, this.#cwd, this.#copies);
    const own = checkExport(this.#name, simulate);
    return own.service === undefined ? service : checkService(this.#name, await own.service(parts));
  }
}

/** @throws {Failure} the export is not what it should be */
function checkExport(path: string, simulate: unknown): SimulateExport {
  if (simulate === undefined) return {};
  const refuse = (why: string) => usageFailure(`${path}: its export simulate ${why}`);
  if (typeof simulate !== "object" || simulate === null) throw refuse("is not an object");
  const { frames, codec, check, service } = simulate as Record<string, unknown>;
  try {
    checkOptions(simulate, { frames: true, codec: true, check: true, service: true });
  } catch (error) {
    throw refuse(`has an ${firstLine(error)}`);
  }
  if (frames !== undefined && typeof frames !== "function" && !Array.isArray(frames))
    throw refuse("has frames that are neither a list nor a function");
  if (check !== undefined && typeof check !== "function") throw refuse("has a check that is not a function");
  if (service !== undefined && typeof service !== "function") throw refuse("has a service that is not a function");
  if (codec !== undefined && !isCodec(codec)) throw refuse("has a codec without decoder() and encoder()");
  return simulate;
}

function isCodec(value: unknown): boolean {
  const { decoder, encoder } = (value ?? {}) as { decoder?: unknown; encoder?: unknown };
  return typeof decoder === "function" && typeof encoder === "function";
}
