import { usageFailure } from "./failure.ts";
import { type Given, originText } from "./given.ts";
import type { SettingName, Settings } from "./setting.ts";

/** The settings of TLS, when there are a certificate and its key. */
export type TlsSettings = Settings & Required<Pick<Settings, "tlsCert" | "tlsKey">>;

/**
 * Returns the settings of TLS, or `undefined` where nothing speaks it.
 *
 * @throws {Failure} a setting needs another one, or has no effect
 */
export function tlsSettings(given: Given): TlsSettings | undefined {
  const { settings } = given;
  const { listen, tlsCert, tlsKey, tlsCa, tlsClientCertificate = "none" } = settings;
  const refusal = (name: SettingName, why: string) => usageFailure(`${originText(name, given)} ${why}`);
  if (tlsCert !== undefined && tlsKey === undefined) {
    throw refusal("tlsCert", "requires --tls-key (the same file, if it has both)");
  }
  if (tlsCert === undefined && tlsKey !== undefined) throw refusal("tlsKey", "requires --tls-cert");
  const place = listen?.find(({ tls }) => tls);
  if (tlsCert === undefined || tlsKey === undefined) {
    if (place !== undefined) throw refusal("listen", `names ${place.text}, which requires --tls-cert and --tls-key`);
    for (const name of withEffect(settings)) throw refusal(name, "has no effect without --tls-cert and --tls-key");
    return undefined;
  }
  if (listen !== undefined && place === undefined) {
    throw refusal("tlsCert", "has no effect: no place of --listen speaks TLS; write tls://host:port");
  }
  if (tlsClientCertificate !== "none" && tlsCa === undefined) {
    throw refusal(
      "tlsClientCertificate",
      "requires --tls-ca, the authorities that have signed the clients' certificates",
    );
  }
  if (tlsClientCertificate === "none" && tlsCa !== undefined) {
    throw refusal("tlsCa", "has no effect without --tls-client-certificate optional or required");
  }
  return { ...settings, tlsCert, tlsKey };
}

/** Returns the settings that ask for something: the defaults, as `--print-config` prints them, do not. */
function withEffect(settings: Settings): SettingName[] {
  const { tlsCa, tlsClientCertificate = "none", tlsAlpn, tlsMinVersion = "1.2" } = settings;
  const names: SettingName[] = [];
  if (tlsCa !== undefined) names.push("tlsCa");
  if (tlsClientCertificate !== "none") names.push("tlsClientCertificate");
  if (tlsAlpn !== undefined) names.push("tlsAlpn");
  if (tlsMinVersion !== "1.2") names.push("tlsMinVersion");
  return names;
}
