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
    advice: "stop what listens there, or choose another with --port (0 takes any free one)",
  },
  "address-not-available": {
    wrong: "this machine does not have that address",
    advice: "choose one that it has with --hostname (0.0.0.0 or :: for all)",
  },
  "permission-denied": {
    wrong: "not permitted",
    advice: "choose a --port above 1023, or give this process the right to listen there",
  },
  "host-not-found": {
    wrong: "the name does not resolve",
    advice: "check --hostname, or write a numeric address",
  },
};

const DENO_DENIED: Explanation = { wrong: "Deno does not permit it", advice: "run deno with --allow-net" };

/** Why listening failed, and what to do. */
export function listenFailure(hostname: string, port: number, error: SpillwayError): Failure {
  const where = addressText({ hostname, port });
  const denied = isError(error.cause) && error.cause.name === "NotCapable";
  const explanation = denied ? DENO_DENIED : EXPLANATIONS[error.code];
  if (explanation === undefined) return runFailure(`no server on ${where}: ${firstLine(error)}`, { cause: error });
  return runFailure(`cannot listen on ${where}: ${explanation.wrong}; ${explanation.advice}`, { cause: error });
}
