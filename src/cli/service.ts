import type { Output } from "../core/codecs/mod.ts";
import type { Service } from "../mod.ts";
import { type CodecSpec, parseCodecSpec } from "./codec_spec.ts";
import { firstLine, usageFailure } from "./failure.ts";
import type { ServeFlags } from "./serve_flags.ts";
import { isModulePath, loadServiceModule, type ServiceOptions } from "./service_module.ts";
import { compute, DEFAULT_DELAY_MS } from "./services/compute.ts";
import { echo } from "./services/echo.ts";

/** The flags that only some services have. */
const OWN_FLAGS = {
  delay: "--delay",
  codec: "--codec",
  prefix: "--prefix",
  maxFrameBytes: "--max-frame-bytes",
  pool: "--pool",
} as const;

type OwnFlag = keyof typeof OWN_FLAGS;

/** The service of that name, or in the module at that path, with the flags that are its own. */
export async function chooseService(name: string, flags: ServeFlags, cwd: string): Promise<ServiceOptions> {
  if (name === "compute") {
    checkOwnFlags("compute", flags, ["delay", "maxFrameBytes"]);
    return chooseCompute(flags);
  }
  if (name === "echo") {
    checkOwnFlags("echo", flags, ["codec", "prefix", "maxFrameBytes"]);
    return chooseEcho(flags);
  }
  if (isModulePath(name)) {
    checkOwnFlags("a service module", flags, ["pool"]);
    return loadServiceModule(name, cwd);
  }
  throw usageFailure(`unknown service '${name}': use compute, echo, or the path of a module such as ./${name}.js`);
}

function chooseCompute(flags: ServeFlags): ServiceOptions {
  const { delay = DEFAULT_DELAY_MS, handlerTimeout } = flags;
  if (handlerTimeout !== undefined && handlerTimeout <= delay) {
    throw usageFailure(
      `--handler-timeout (${handlerTimeout} ms) must be longer than the --delay of compute (${delay} ms): every computation would be cut off`,
    );
  }
  return compute({ ...frameLimits(flags), delayMs: delay }) as Service<unknown>;
}

function chooseEcho(flags: ServeFlags): ServiceOptions {
  const { codec: spec = parseCodecSpec("lines"), prefix = "" } = flags;
  if (spec.fixed) checkOwnFlags(`--codec ${spec.text}`, flags, ["codec"]);
  const codec = spec.codec(frameLimits(flags));
  if (prefix !== "") checkPrefix(spec, prefix);
  return echo({ codec, prefix }) as Service<unknown>;
}

function frameLimits({ maxFrameBytes }: ServeFlags): { readonly maxFrameBytes?: number } {
  return maxFrameBytes === undefined ? {} : { maxFrameBytes };
}

/** The echo of an empty frame is the prefix alone. */
function checkPrefix(spec: CodecSpec, prefix: string): void {
  const nowhere: Output = { text: () => undefined, bytes: () => undefined };
  try {
    spec.codec({}).encoder().encode(new TextEncoder().encode(prefix), nowhere);
  } catch (error) {
    throw usageFailure(
      `option '--prefix' cannot be ${JSON.stringify(prefix)} with --codec ${spec.text}: ${firstLine(error)}`,
    );
  }
}

function checkOwnFlags(service: string, flags: ServeFlags, own: readonly OwnFlag[]): void {
  for (const flag of Object.keys(OWN_FLAGS) as OwnFlag[]) {
    if (flags[flag] === undefined || own.includes(flag)) continue;
    throw usageFailure(`option '${OWN_FLAGS[flag]}' does not apply to ${service}`);
  }
}
