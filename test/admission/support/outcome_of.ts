import type { AdmissionStep } from "../../../src/admission/mod.ts";
import { type Connection, SpillwayError } from "../../../src/core/mod.ts";

/** Returns what a step does with a connection: `admitted`, or the code of the refusal. */
export function outcomeOf(step: AdmissionStep, connection: Connection): string {
  try {
    return step(connection) === connection ? "admitted" : "replaced";
  } catch (error) {
    if (error instanceof SpillwayError) return error.code;
    throw error;
  }
}

/** Returns the text of a refusal. */
export function refusalOf(step: AdmissionStep, connection: Connection): string {
  try {
    step(connection);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("the connection was admitted");
}
