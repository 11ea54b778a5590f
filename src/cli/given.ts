import type { SettingName, Settings } from "./settings.ts";

/** Settings, and for each of them where it was written. */
export interface Given {
  readonly settings: Settings;
  readonly origins: Readonly<Partial<Record<SettingName, Origin>>>;
}

/** Where a setting was written. */
interface Origin {
  /** `--port`, `SPILLWAY_PORT`, `PORT`, or the path of a file. */
  readonly source: string;
  /** For a message: `option '--port'`. */
  readonly text: string;
}

/** One setting that was read. */
export interface ReadSetting {
  readonly name: SettingName;
  readonly value: unknown;
  readonly origin: Origin;
}

/** Puts together what was read; what comes later wins. */
export function given(read: Iterable<ReadSetting>): Given {
  const settings: Partial<Record<SettingName, unknown>> = {};
  const origins: Partial<Record<SettingName, Origin>> = {};
  for (const { name, value, origin } of read) {
    settings[name] = value;
    origins[name] = origin;
  }
  return { settings: settings as Settings, origins };
}

/** Where it was written, for a message. */
export function originText(name: SettingName, { origins }: Given): string {
  return origins[name]?.text ?? name;
}
