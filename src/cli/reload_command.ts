import { readFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import type { Environment } from "./environment.ts";
import { firstLine, runFailure, usageFailure } from "./failure.ts";
import type { ReloadFlags } from "./reload_flags.ts";
import { AdminClient, AdminFailure } from "./top/admin_client.ts";
import { adminPlaceOf } from "./top/admin_place.ts";
import { readTokenFile } from "./top/token_file.ts";

const DEFAULT_PLACE = "127.0.0.1:9090";
const DEFAULT_TIMEOUT_MS = 600_000;

/** Runs `spillway reload`; fulfils with the exit code. @throws {Failure} an invalid call; the workers were not replaced */
export async function runReload(
  text: string | undefined,
  flags: ReloadFlags,
  environment: Environment,
): Promise<number> {
  const { cwd, stdio } = environment;
  const { pidFile, timeout = DEFAULT_TIMEOUT_MS, tokenFile, worker } = flags;
  if (pidFile !== undefined) {
    const other = text !== undefined ? "the endpoint" : Object.keys(flags).find((name) => name !== "pidFile");
    if (other !== undefined) {
      const name = other.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
      throw usageFailure(`${text === undefined ? `option '--${name}'` : name} has no effect with --pid-file`);
    }
    const pid = signalled(path.resolve(cwd, pidFile));
    await stdio.out(`sent SIGHUP to process ${pid}\n`);
    return 0;
  }
  const place = adminPlaceOf(text ?? DEFAULT_PLACE);
  if (tokenFile === undefined) {
    throw usageFailure("option '--token-file' is required: the endpoint changes nothing without its token");
  }
  const client = new AdminClient(place, await readTokenFile(tokenFile, cwd), timeout);
  try {
    await client.post("/reload", worker === undefined ? undefined : { worker });
  } catch (cause) {
    if (!(cause instanceof AdminFailure)) throw cause;
    throw runFailure(failureText(place.text, cause), { cause });
  } finally {
    client.close();
  }
  await stdio.out(worker === undefined ? "the workers are replaced\n" : `worker ${worker} is replaced\n`);
  return 0;
}

function failureText(place: string, { code, message, status }: AdminFailure): string {
  if (code === "not-reloaded") return `the workers are not replaced, and the old ones go on serving: ${message}`;
  if (code === "not-found") return `the server at ${place} has no workers: start it with serve --workers`;
  if (status !== undefined) return `the workers are not replaced: ${message}`;
  return `no answer from the admin endpoint ${place}: ${message}`;
}

/** Sends SIGHUP to the process that a file names, and returns its number. @throws {Failure} there is none */
function signalled(file: string): number {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    throw usageFailure(`option '--pid-file' cannot be read: ${firstLine(cause)}`, { cause });
  }
  const pid = /^\s*(\d{1,10})\s*$/.test(text) ? Number(text) : 0;
  // 0 and 1 are never a server: the own group, and the first process.
  if (pid < 2) throw usageFailure("option '--pid-file' names a file without the number of a process");
  try {
    process.kill(pid, "SIGHUP");
  } catch (cause) {
    const { code } = cause as { code?: string };
    const why = code === "ESRCH" ? "it does not run" : firstLine(cause);
    throw runFailure(`cannot signal process ${pid}: ${why}`, { cause });
  }
  return pid;
}
