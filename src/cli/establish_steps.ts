/** The establish steps that settings ask for. Their rooms are imported only then. */
import { type EstablishStep } from "../mod.ts";
import { firstLine, usageFailure } from "./failure.ts";
import { type Given, originText } from "./given.ts";
import type { PlaceSteps } from "./listen_targets.ts";
import type { SettingName } from "./settings.ts";

/** The settings of `admission`, by the names that its options have. */
const ADMISSION = {
  allow: "allow",
  deny: "deny",
  maxPerAddress: "maxConnectionsPerAddress",
  connectsPerSecond: "connectsPerSecond",
} as const satisfies Record<string, SettingName>;

/**
 * Returns the steps, in their order: the PROXY header, the rules of admission, TLS.
 *
 * @throws {Failure} a value that the step refuses, or a file that cannot be loaded
 */
export async function loadSteps(given: Given): Promise<PlaceSteps> {
  const plain = [...(await proxyStep(given)), ...(await admissionStep(given))];
  return { plain, tls: plain };
}

async function proxyStep(given: Given): Promise<EstablishStep[]> {
  const { proxyFrom: from } = given.settings;
  if (from === undefined) return [];
  const { proxyProtocol } = await import("../proxy_protocol/mod.ts");
  return [made(() => proxyProtocol({ from }), { from: "proxyFrom" }, given)];
}

async function admissionStep(given: Given): Promise<EstablishStep[]> {
  const options: Record<string, unknown> = {};
  for (const [option, setting] of Object.entries(ADMISSION)) {
    const value = given.settings[setting];
    if (value !== undefined && value !== Infinity) options[option] = value;
  }
  if (Object.keys(options).length === 0) return [];
  const { admission } = await import("../admission/mod.ts");
  return [made(() => admission(options), ADMISSION, given)];
}

/** Makes a step. `settings` has, for each option of the step, the setting that it is called here. */
function made(make: () => EstablishStep, settings: Readonly<Record<string, SettingName>>, given: Given): EstablishStep {
  try {
    return make();
  } catch (error) {
    const message = firstLine(error);
    const [, option = "", rest = ""] = /^(\w+)(?:\[\d+\])? (.*)$/s.exec(message) ?? [];
    const setting = Object.hasOwn(settings, option) ? settings[option] : undefined;
    throw usageFailure(setting === undefined ? message : `${originText(setting, given)} ${rest}`, { cause: error });
  }
}
