import { usageFailure } from "./failure.ts";
import type { SettingName, Settings } from "./setting.ts";

/** Settings, and the origin of each. */
export interface Given {
  readonly settings: Settings;
  readonly origins: Readonly<Partial<Record<SettingName, Origin>>>;
}

/** The place where a setting was written. */
interface Origin {
  /** `--port`, `SPILLWAY_PORT`, `PORT`, or the path of a file. */
  readonly source: string;
  /** The origin in the wording of a message: `option '--port'`. */
  readonly text: string;
}

/** One setting that was read, and its origin. */
export interface ReadSetting {
  readonly name: SettingName;
  readonly value: unknown;
  readonly origin: Origin;
}

/** The settings that `listen` replaces, and that replace it. */
const ONE_PORT: readonly SettingName[] = ["hostname", "port"];

/**
 * Merges the settings of several places; later places take precedence. The addresses of a server are one setting, `listen`, or
 * `hostname` and `port`.
 *
 * @throws {Failure} one place has both
 */
export function given(...places: readonly (readonly ReadSetting[])[]): Given {
  const settings: Partial<Record<SettingName, unknown>> = {};
  const origins: Partial<Record<SettingName, Origin>> = {};
  for (const place of places) {
    for (const name of replacedBy(place)) {
      delete settings[name];
      delete origins[name];
    }
    for (const { name, value, origin } of place) {
      settings[name] = value;
      origins[name] = origin;
    }
  }
  return { settings: settings as Settings, origins };
}

function replacedBy(place: readonly ReadSetting[]): readonly SettingName[] {
  const listen = place.find(({ name }) => name === "listen");
  const onePort = place.find(({ name }) => ONE_PORT.includes(name));
  if (listen !== undefined && onePort !== undefined) {
    throw usageFailure(
      `${listen.origin.text} and ${onePort.origin.text} do not go together: write the port as tcp://host:port in the former`,
    );
  }
  if (listen !== undefined) return ONE_PORT;
  return onePort === undefined ? [] : ["listen"];
}

/** Returns the origin of a setting in the wording of a message. */
export function originText(name: SettingName, { origins }: Given): string {
  return origins[name]?.text ?? name;
}
