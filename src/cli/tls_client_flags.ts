/** TLS of a command that connects: its options, and the establish step that they give. */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { type Command, Option } from "commander";
import type { EstablishStep } from "../mod.ts";
import { firstLine, usageFailure } from "./failure.ts";
import type { Target } from "./target.ts";

/** The options as commander parses them. */
export interface TlsClientFlags {
  readonly tls?: true;
  readonly tlsCa?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tlsServerName?: string;
  readonly tlsInsecure?: true;
}

const GROUP = "TLS:";

const OPTIONS: Readonly<Record<keyof TlsClientFlags, readonly [flags: string, description: string]>> = {
  tls: ["--tls", "speak TLS; implied by tls://"],
  tlsCa: ["--tls-ca <file>", "authorities to accept, in PEM (default: those of the runtime)"],
  tlsCert: ["--tls-cert <file>", "certificate of this side, in PEM"],
  tlsKey: ["--tls-key <file>", "private key of that certificate, in PEM"],
  tlsServerName: ["--tls-server-name <name>", "name that the certificate must have (default: the host)"],
  tlsInsecure: ["--tls-insecure", "accept any certificate"],
};

/** Declares the options on a command. */
export function addTlsClientFlags(command: Command): void {
  for (const [flags, description] of Object.values(OPTIONS)) {
    command.addOption(new Option(flags, description).helpGroup(GROUP));
  }
}

/**
 * Returns the establish steps of a connection: none without TLS.
 *
 * @throws {Failure} TLS options without TLS, a file that cannot be read or is not in PEM
 */
export async function tlsSteps(flags: TlsClientFlags, target: Target, cwd: string): Promise<readonly EstablishStep[]> {
  if (!target.tls && flags.tls !== true) {
    const given = (Object.keys(OPTIONS) as (keyof TlsClientFlags)[]).find((name) => flags[name] !== undefined);
    if (given === undefined) return [];
    throw usageFailure(`option '${nameOf(given)}' is for TLS: write tls://host:port, or add --tls`);
  }
  const { tlsServerName: serverName, tlsInsecure } = flags;
  if ((flags.tlsCert === undefined) !== (flags.tlsKey === undefined)) {
    throw usageFailure("options '--tls-cert' and '--tls-key' go together");
  }
  if (serverName === undefined && "path" in target.address) {
    throw usageFailure("TLS to a path requires --tls-server-name, the name that the certificate must have");
  }
  const [ca, cert, key] = await Promise.all([
    fileOf("tlsCa", flags, cwd),
    fileOf("tlsCert", flags, cwd),
    fileOf("tlsKey", flags, cwd),
  ]);
  // Imported only when TLS is asked for.
  const { tlsClient } = await import("../tls/mod.ts");
  try {
    return [
      tlsClient({
        ...(serverName !== undefined && { serverName }),
        ...(ca !== undefined && { ca }),
        ...(cert !== undefined && { cert }),
        ...(key !== undefined && { key }),
        ...(tlsInsecure === true && { verify: false }),
      }),
    ];
  } catch (cause) {
    throw usageFailure(`TLS: ${firstLine(cause)}`, { cause });
  }
}

function nameOf(name: keyof TlsClientFlags): string {
  return OPTIONS[name][0].replace(/ <.*/, "");
}

async function fileOf(
  name: "tlsCa" | "tlsCert" | "tlsKey",
  flags: TlsClientFlags,
  cwd: string,
): Promise<string | undefined> {
  const path = flags[name];
  if (path === undefined) return undefined;
  try {
    return await readFile(resolve(cwd, path), "utf8");
  } catch (cause) {
    throw usageFailure(`option '${nameOf(name)}': cannot read ${path}: ${firstLine(cause)}`, { cause });
  }
}
