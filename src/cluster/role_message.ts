import { SpillwayError } from "../core/mod.ts";
import { type ClusterProtocol, versionConflict } from "./protocol_version.ts";
import { say, type WorkerHost } from "./worker_host.ts";

/** A variable that gives a process its role, and what it must say. */
export interface RoleVariable<Message> {
  readonly name: string;
  readonly protocol: ClusterProtocol;
  readonly fields: readonly (keyof Message & string)[];
}

/**
 * Returns what the variable of a role says. If it is not understood, the supervisor that has set it is told the version of this process.
 *
 * @throws {SpillwayError} `listen-failed`: the supervisor speaks another version, or the variable lacks a field
 */
export function readRoleMessage<Message extends object>(host: WorkerHost, role: RoleVariable<Message>): Message {
  const { name, protocol } = role;
  try {
    const message = parsed(name, host.env[name] ?? "");
    const conflict = versionConflict(protocol, message["version"]);
    if (conflict !== undefined) throw unreadable(`the supervisor ${conflict}`);
    const missing = role.fields.find((field) => message[field] === undefined);
    if (missing !== undefined) throw unreadable(`${name} has no field "${missing}"`);
    return message as Message;
  } catch (error) {
    say(host, { type: "up", version: protocol.version });
    throw error;
  }
}

function parsed(name: string, text: string): Readonly<Record<string, unknown>> {
  try {
    const message: unknown = JSON.parse(text);
    if (typeof message === "object" && message !== null) return message as Readonly<Record<string, unknown>>;
  } catch {
    // The same as other text that is no object.
  }
  throw unreadable(`${name} is no JSON object`);
}

function unreadable(message: string): SpillwayError {
  return new SpillwayError("listen-failed", message);
}
