import type { SettingName, Settings } from "./settings.ts";

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

/** Merges settings; later ones take precedence. */
export function given(read: Iterable<ReadSetting>): Given {
  const settings: Partial<Record<SettingName, unknown>> = {};
  const origins: Partial<Record<SettingName, Origin>> = {};
  for (const { name, value, origin } of read) {
    settings[name] = value;
    origins[name] = origin;
  }
  return { settings: settings as Settings, origins };
}

/** Returns the origin of a setting in the wording of a message. */
export function originText(name: SettingName, { origins }: Given): string {
  return origins[name]?.text ?? name;
}
