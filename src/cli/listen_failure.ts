import { addressText, isError } from "../core/mod.ts";
import { type ErrorCode, SpillwayError } from "../mod.ts";
import { type Failure, firstLine, runFailure } from "./failure.ts";

interface Explanation {
  readonly wrong: string;
  readonly advice: string;
}

const EXPLANATIONS: Partial<Record<ErrorCode, Explanation>> = {
  "address-in-use": {
    wrong: "the port is in use",
    advice: "stop the program that listens there, or choose another port with --port (0 selects a free port)",
  },
  "address-not-available": {
    wrong: "this machine does not have that address",
    advice: "choose an address of this machine with --hostname (0.0.0.0 or :: for all addresses)",
  },
  "permission-denied": {
    wrong: "permission denied",
    advice: "choose a --port above 1023, or grant this process the right to listen there",
  },
  "host-not-found": {
    wrong: "the name does not resolve",
    advice: "check --hostname, or write a numeric address",
  },
};

const DENO_DENIED: Explanation = { wrong: "Deno denied the permission", advice: "run deno with --allow-net" };

/** Explains why listening failed, and how to fix it. */
export function listenFailure(hostname: string, port: number, error: SpillwayError): Failure {
  const where = addressText({ hostname, port });
  const denied = isError(error.cause) && error.cause.name === "NotCapable";
  const explanation = denied ? DENO_DENIED : EXPLANATIONS[error.code];
  if (explanation === undefined) return runFailure(`cannot listen on ${where}: ${firstLine(error)}`, { cause: error });
  return runFailure(`cannot listen on ${where}: ${explanation.wrong}; ${explanation.advice}`, { cause: error });
}
