import type { Output } from "../core/codecs/mod.ts";
import type { Service } from "../mod.ts";
import { type CodecSpec, parseCodecSpec } from "./codec_spec.ts";
import { firstLine, usageFailure } from "./failure.ts";
import { type Given, originText } from "./given.ts";
import { isModulePath, loadServiceModule, type ServiceOptions } from "./service_module.ts";
import { unknownService } from "./service_path.ts";
import { compute, DEFAULT_DELAY_MS } from "./services/compute.ts";
import { echo } from "./services/echo.ts";
import type { SettingName, Settings } from "./setting.ts";

/** The settings that apply to some services only. */
const OWN: readonly SettingName[] = ["delayMs", "codec", "prefix", "maxFrameBytes", "pool", "compute"];

const OWN_OF: Readonly<Record<string, readonly SettingName[]>> = {
  compute: ["delayMs", "maxFrameBytes"],
  echo: ["codec", "prefix", "maxFrameBytes"],
};
const OWN_OF_MODULES: readonly SettingName[] = ["pool", "compute"];

/** Returns the service with that name, or in the module at that path, configured with the settings that only it has. */
export async function chooseService(name: string, given: Given, cwd: string): Promise<ServiceOptions> {
  if (!Object.hasOwn(OWN_OF, name) && !isModulePath(name)) throw await unknownService(name, cwd, Object.keys(OWN_OF));
  for (const own of OWN) {
    const what = given.settings[own] === undefined ? undefined : doesNotApply(own, name, given.settings);
    if (what !== undefined) throw usageFailure(`${originText(own, given)} does not apply to ${what}`);
  }
  if (name === "compute") return chooseCompute(given);
  return name === "echo" ? chooseEcho(given) : loadServiceModule(name, cwd);
}

/** Names the service or the codec that a setting does not apply to; returns `undefined` if the setting applies. */
export function doesNotApply(setting: SettingName, service: string, { codec }: Settings): string | undefined {
  if (!OWN.includes(setting)) return undefined;
  const own = Object.hasOwn(OWN_OF, service) ? OWN_OF[service] : undefined;
  if (!(own ?? OWN_OF_MODULES).includes(setting)) return own === undefined ? "a service module" : service;
  return service === "echo" && codec?.fixed === true && setting !== "codec" ? `--codec ${codec.text}` : undefined;
}

function chooseCompute(given: Given): ServiceOptions {
  const { delayMs = DEFAULT_DELAY_MS, handlerTimeoutMs } = given.settings;
  if (handlerTimeoutMs !== undefined && handlerTimeoutMs <= delayMs) {
    throw usageFailure(
      `${originText("handlerTimeoutMs", given)} (${handlerTimeoutMs} ms) must be longer than the --delay of compute (${delayMs} ms): every computation would be cut off`,
    );
  }
  return compute({ ...frameLimits(given.settings), delayMs }) as Service<unknown>;
}

function chooseEcho(given: Given): ServiceOptions {
  const { codec: spec = parseCodecSpec("lines"), prefix = "" } = given.settings;
  const codec = spec.codec(frameLimits(given.settings));
  if (prefix !== "") checkPrefix(spec, prefix, given);
  return echo({ codec, prefix }) as Service<unknown>;
}

function frameLimits({ maxFrameBytes }: Settings): { readonly maxFrameBytes?: number } {
  return maxFrameBytes === undefined ? {} : { maxFrameBytes };
}

/** Checks that the codec can encode the prefix: the echo of an empty frame is the prefix alone. */
function checkPrefix(spec: CodecSpec, prefix: string, given: Given): void {
  const nowhere: Output = { text: () => undefined, bytes: () => undefined };
  try {
    spec.codec({}).encoder().encode(new TextEncoder().encode(prefix), nowhere);
  } catch (error) {
    throw usageFailure(
      `${originText("prefix", given)} cannot be ${JSON.stringify(prefix)} with --codec ${spec.text}: ${firstLine(error)}`,
    );
  }
}
