import { addressText, isError } from "../core/mod.ts";
import { type ErrorCode, type ListenOptions, SpillwayError } from "../mod.ts";
import { type Failure, firstLine, runFailure, usageFailure } from "./failure.ts";
import { type Given, originText } from "./given.ts";

interface Explanation {
  readonly wrong: string;
  readonly advice: string;
}

type Explanations = Partial<Record<ErrorCode, Explanation>>;

/** Where a server listens, as far as its error depends on that. */
interface Where {
  readonly fd?: unknown;
  readonly path?: string | undefined;
  readonly port?: number | undefined;
}

/** The options that say where. */
interface Names {
  readonly port: string;
  readonly hostname: string;
  readonly path: string;
  /** The hint at the addresses that stand for all interfaces. */
  readonly everywhere: string;
}

const LISTEN_NAMES: Names = {
  port: "--listen",
  hostname: "--listen",
  path: "--listen",
  everywhere: " (0.0.0.0 or :: for all addresses)",
};
const ADMIN_NAMES: Names = { port: "--admin", hostname: "--admin", path: "--admin", everywhere: "" };

function namesOf({ settings: { listen } }: Given): Names {
  return listen === undefined ? { ...LISTEN_NAMES, port: "--port", hostname: "--hostname" } : LISTEN_NAMES;
}

/** Where the admin endpoint listens. */
type AdminPlace = { readonly path: string } | { readonly hostname: string; readonly port: number };

/** Explains why listening failed, and how to fix it. `at` is the place of several that failed. */
export function listenFailure(at: ListenOptions, given: Given, error: SpillwayError): Failure {
  const { fd } = at;
  const where = fd === undefined ? addressText(at) : `fd:${fd as number}`;
  const explanation = explanationOf(at, namesOf(given), error);
  const why = explanation === undefined ? reasonOf(error) : `${explanation.wrong}; ${explanation.advice}`;
  const failure = isUnsupported(error) && given.settings.listen !== undefined ? usageFailure : runFailure;
  return failure(`cannot listen on ${where}: ${why}`, { cause: error });
}

/** Explains why the admin endpoint cannot listen, and how to fix it. */
export function adminListenFailure(at: AdminPlace, given: Given, error: unknown): Failure {
  const explanation = error instanceof SpillwayError ? explanationOf(at, ADMIN_NAMES, error) : undefined;
  const why = explanation === undefined ? firstLine(error) : `${explanation.wrong}; ${explanation.advice}`;
  return runFailure(`${originText("admin", given)}: cannot listen on ${addressText(at)}: ${why}`, { cause: error });
}

/** Explains an option of a place that makes no sense there. */
export function placeFailure(name: string, given: Given, cause: unknown): Failure {
  const whose = given.settings.listen === undefined ? name : originText("listen", given);
  return usageFailure(`${whose}: ${firstLine(cause)}`, { cause });
}

function isUnsupported({ code }: SpillwayError): boolean {
  return code === "runtime-unsupported";
}

function explanationOf({ fd, path }: Where, names: Names, error: SpillwayError): Explanation | undefined {
  if (isError(error.cause) && error.cause.name === "NotCapable") {
    const flags = path === undefined ? "--allow-net" : "--allow-net, --allow-read and --allow-write";
    return { wrong: "Deno denied the permission", advice: `run deno with ${flags}` };
  }
  if (fd !== undefined) return descriptorExplanation(error);
  if (path === undefined) return tcpExplanations(names)[error.code];
  return path.startsWith("\0") ? ABSTRACT[error.code] : pathExplanation(names.path, error);
}

function tcpExplanations({ port, hostname, everywhere }: Names): Explanations {
  return {
    "address-in-use": {
      wrong: "the port is in use",
      advice: `stop the program that listens there, or choose another port with ${port} (0 selects a free port)`,
    },
    "address-not-available": {
      wrong: "this machine does not have that address",
      advice: `choose an address of this machine with ${hostname}${everywhere}`,
    },
    "permission-denied": {
      wrong: "permission denied",
      advice: `choose a ${port === "--port" ? port : "port"} above 1023, or grant this process the right to listen there`,
    },
    "host-not-found": {
      wrong: "the name does not resolve",
      advice: `check ${hostname}, or write a numeric address`,
    },
  };
}

const ABSTRACT: Explanations = {
  "address-in-use": {
    wrong: "the name is in use",
    advice: "stop the program that listens there, or choose another name with --listen",
  },
};

function pathAdvice(option: string): Partial<Record<ErrorCode, string>> {
  return {
    "address-in-use": `stop that server, or choose another path with ${option}`,
    "permission-denied": `grant this user that right, or choose another path with ${option}`,
  };
}

/** The core looks at what is at the path, and says what it has found. */
function pathExplanation(option: string, error: SpillwayError): Explanation | undefined {
  const missing = (error.cause as NodeJS.ErrnoException | undefined)?.code === "ENOENT";
  const advice = missing ? `create it, or choose another path with ${option}` : pathAdvice(option)[error.code];
  if (advice === undefined) return undefined;
  const wrong = reasonOf(error);
  const told = wrong.replace(/: choose another path$/, "");
  return { wrong: told, advice: told === wrong ? advice : `remove it, or choose another path with ${option}` };
}

function descriptorExplanation(error: SpillwayError): Explanation | undefined {
  const wrong = reasonOf(error);
  if (!wrong.includes("is no bound stream socket")) return undefined;
  return { wrong, advice: "the process that starts this one must pass it a listening socket as that descriptor" };
}

/** Returns what went wrong, without the words that this failure begins with itself. */
function reasonOf(error: SpillwayError): string {
  return firstLine(error).replace(/^cannot listen(?:: (?:unix:\S* (?=is ))?| at unix:\S*: )/, "");
}
