/** Reads settings from a file: a JSON object, or a module whose default export is one. */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { nearest } from "../core/mod.ts";
import { firstLine, usageFailure } from "./failure.ts";
import type { ReadSetting } from "./given.ts";
import { checkFile, importDefault } from "./module_file.ts";
import type { Setting } from "./setting.ts";
import { SETTINGS } from "./settings.ts";

/** Returns the settings in a file. @throws {Failure} the file cannot be read, or contains an invalid setting */
export async function configFileSettings(path: string, cwd: string): Promise<ReadSetting[]> {
  await checkFile("configuration file", path, cwd);
  const config = path.endsWith(".json") ? await readJson(path, cwd) : await importDefault(path, cwd);
  if (typeof config !== "object" || config === null || Array.isArray(config)) {
    throw usageFailure(
      `${path} is not a configuration: write an object such as { "port": 9000, "idleTimeoutMs": "5m" }`,
    );
  }
  return Object.entries(config).map(([name, value]) => readEntry(path, name, value));
}

async function readJson(path: string, cwd: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(resolve(cwd, path), "utf8")) as unknown;
  } catch (cause) {
    throw usageFailure(`cannot read ${path}: ${firstLine(cause)}`, { cause });
  }
}

function readEntry(path: string, name: string, value: unknown): ReadSetting {
  const setting = SETTINGS.find((candidate) => candidate.name === name);
  if (setting === undefined) {
    const meant = nearest(
      name,
      SETTINGS.map((candidate) => candidate.name),
    );
    throw usageFailure(`${path}: unknown setting '${name}'${meant === undefined ? "" : ` (did you mean ${meant}?)`}`);
  }
  const origin = { source: path, text: `'${setting.name}' in ${path}` };
  try {
    return { name: setting.name, value: parsed(setting, value), origin };
  } catch (error) {
    throw usageFailure(`${origin.text} cannot be ${shown(value)}: ${firstLine(error)}`);
  }
}

function parsed(setting: Setting, value: unknown): unknown {
  const { parse, parseElement } = setting;
  if (parseElement === undefined || typeof value === "string") return parse(written(setting, value));
  if (!Array.isArray(value) || value.length === 0) throw new TypeError("write a string, or an array of strings");
  return value.map((element) => parseElement(written(setting, element)));
}

/** Writes a value as on the command line. */
function written({ name, numeric }: Setting, value: unknown): string {
  if (typeof value === "string") return value;
  if (!numeric) throw new TypeError("write a string");
  if (typeof value !== "number") throw new TypeError("write a number or a string");
  if (value === Infinity) return "off";
  return name.endsWith("Ms") ? `${value}ms` : `${value}`;
}

function shown(value: unknown): string {
  return typeof value === "number" ? `${value}` : (JSON.stringify(value) ?? typeof value);
}
