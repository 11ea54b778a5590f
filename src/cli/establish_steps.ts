/** The establish steps that settings ask for. Their rooms are imported only then. */
import type { Logger } from "@logtape/logtape";
import type { AdmissionStep } from "../admission/mod.ts";
import type { EstablishStep } from "../mod.ts";
import { firstLine, usageFailure } from "./failure.ts";
import { type Given, originText } from "./given.ts";
import type { PlaceSteps } from "./listen_targets.ts";
import type { SettingName } from "./setting.ts";
import { type TlsSettings, tlsSettings } from "./tls_settings.ts";

/** The settings of `admission`, by the names that its options have. */
const ADMISSION = {
  allow: "allow",
  deny: "deny",
  maxPerAddress: "maxConnectionsPerAddress",
  connectsPerSecond: "connectsPerSecond",
} as const satisfies Record<string, SettingName>;

/** The steps, and what goes on beside them. */
export interface LoadedSteps {
  readonly steps: PlaceSteps;
  /** The step that judges who may connect, if a setting asks for one. */
  readonly admission: AdmissionStep | undefined;
  /** Loads certificates that change, and logs that. Returns a function that ends this. */
  readonly watch: (logger: Logger) => () => void;
}

/**
 * Returns the steps, in their order: the PROXY header, the rules of admission, TLS.
 *
 * @throws {Failure} a setting that needs another one, a value that a step refuses, or a file that cannot be loaded
 */
export async function loadSteps(given: Given, cwd: string): Promise<LoadedSteps> {
  const settings = tlsSettings(given);
  const proxy = await proxyStep(given);
  const admission = await admissionStep(given);
  const plain = admission === undefined ? proxy : [...proxy, admission];
  if (settings === undefined) return { steps: { plain, tls: plain }, admission, watch: () => () => undefined };
  const { step, watch } = await tlsStep(settings, cwd);
  return { steps: { plain, tls: [...plain, step] }, admission, watch };
}

async function tlsStep(
  settings: TlsSettings,
  cwd: string,
): Promise<{ step: EstablishStep; watch: LoadedSteps["watch"] }> {
  const { tlsCert, tlsKey, tlsCa, tlsClientCertificate, tlsAlpn, tlsMinVersion } = settings;
  const [{ tls }, { CertificateFiles, readPem }] = await Promise.all([
    import("../tls/mod.ts"),
    import("./certificate_files.ts"),
  ]);
  const files = new CertificateFiles(tlsCert, tlsKey, cwd);
  const options = {
    ...(await files.load()),
    ...(tlsCa !== undefined && { ca: await readPem("certificate", tlsCa, cwd) }),
    ...(tlsClientCertificate !== undefined && { clientCertificate: tlsClientCertificate }),
    ...(tlsAlpn !== undefined && { alpn: tlsAlpn }),
    ...(tlsMinVersion !== undefined && { minVersion: `TLSv${tlsMinVersion}` as const }),
  };
  try {
    const step = tls(options);
    return { step, watch: (logger) => files.watch({ step, logger }) };
  } catch (cause) {
    const reason = files.reason(cause).replace(/^ca\b/, tlsCa ?? "ca");
    throw usageFailure(`cannot speak TLS: ${reason}; check the files of --tls-cert, --tls-key and --tls-ca`, { cause });
  }
}

async function proxyStep(given: Given): Promise<EstablishStep[]> {
  const { proxyFrom: from } = given.settings;
  if (from === undefined) return [];
  const { proxyProtocol } = await import("../proxy_protocol/mod.ts");
  return [made(() => proxyProtocol({ from }), { from: "proxyFrom" }, given)];
}

async function admissionStep(given: Given): Promise<AdmissionStep | undefined> {
  const options: Record<string, unknown> = {};
  for (const [option, setting] of Object.entries(ADMISSION)) {
    const value = given.settings[setting];
    if (value !== undefined && value !== Infinity) options[option] = value;
  }
  if (Object.keys(options).length === 0) return undefined;
  const { admission } = await import("../admission/mod.ts");
  return made(() => admission(options), ADMISSION, given);
}

/** Makes a step. `settings` has, for each option of the step, the setting that it is called here. */
function made<Step>(make: () => Step, settings: Readonly<Record<string, SettingName>>, given: Given): Step {
  try {
    return make();
  } catch (error) {
    const message = firstLine(error);
    const [, option = "", rest = ""] = /^(\w+)(?:\[\d+\])? (.*)$/s.exec(message) ?? [];
    const setting = Object.hasOwn(settings, option) ? settings[option] : undefined;
    throw usageFailure(setting === undefined ? message : `${originText(setting, given)} ${rest}`, { cause: error });
  }
}
