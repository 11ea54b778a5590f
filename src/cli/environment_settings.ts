/** Reads settings from environment variables. */
import { nearest } from "../core/mod.ts";
import { firstLine, usageFailure } from "./failure.ts";
import type { ReadSetting } from "./given.ts";
import { ROLE_VARIABLES } from "./role_variables.ts";
import { SETTINGS } from "./settings.ts";

/** Environment variables by name. */
export type Variables = Readonly<Record<string, string | undefined>>;

const PREFIX = "SPILLWAY_";

/** The variable that names the configuration file, unless `--config` does. */
export const CONFIG_VARIABLE = "SPILLWAY_CONFIG";

/** The variable in which hosting platforms pass the port to listen on. `SPILLWAY_PORT` takes precedence. */
const PORT_VARIABLE = "PORT";

const KNOWN: ReadonlySet<string> = new Set([...SETTINGS.map(({ variable }) => variable), CONFIG_VARIABLE]);

/** Variables that Kubernetes sets for each Service, and Docker for each link, of which one may be called "spillway". */
const LINK = /^SPILLWAY_(?:\w+_)?(?:SERVICE_(?:HOST|PORT)|PORT_\d+_(?:TCP|UDP|SCTP))(?:_\w+)?$/;
const LINK_ADDRESS = /^(?:tcp|udp|sctp):\/\//;
const LINK_NAME = /_PORT$/;

/**
 * Returns the settings that environment variables give. An empty variable counts as not set.
 *
 * @throws {Failure} an invalid value, or an unknown name that begins with `SPILLWAY_`
 */
export function environmentSettings(variables: Variables): ReadSetting[] {
  checkNames(variables);
  return SETTINGS.flatMap((setting) => {
    const source = setting.name === "port" ? portVariable(variables) : setting.variable;
    // The platform's port is a proposal, which another place to listen on replaces.
    if (source === PORT_VARIABLE && (variables.SPILLWAY_LISTEN ?? "") !== "") return [];
    const text = variables[source] ?? "";
    return text === "" ? [] : [readVariable(setting, source, text)];
  });
}

function readVariable({ name, parse }: (typeof SETTINGS)[number], source: string, text: string): ReadSetting {
  const origin = { source, text: `environment variable ${source}` };
  try {
    return { name, value: parse(text), origin };
  } catch (error) {
    throw usageFailure(`${origin.text} cannot be '${text}': ${firstLine(error)}`);
  }
}

function portVariable(variables: Variables): string {
  const own = "SPILLWAY_PORT";
  const value = variables[own] ?? "";
  return value === "" || LINK_ADDRESS.test(value) ? PORT_VARIABLE : own;
}

function checkNames(variables: Variables): void {
  for (const [name, value = ""] of Object.entries(variables)) {
    if (!name.startsWith(PREFIX) || KNOWN.has(name) || ROLE_VARIABLES.includes(name) || LINK.test(name)) continue;
    if (LINK_NAME.test(name) && LINK_ADDRESS.test(value)) continue;
    const meant = nearest(
      name.slice(PREFIX.length),
      [...KNOWN].map((known) => known.slice(PREFIX.length)),
    );
    const hint = meant === undefined ? "" : ` (did you mean ${PREFIX}${meant}?)`;
    throw usageFailure(`unknown environment variable ${name}${hint}`);
  }
}
