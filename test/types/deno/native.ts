import type { Runtime } from "../../../src/adapters/deno/native.ts";

/** Compiles only while Deno really is what the adapter takes it for. */
export const runtime: Runtime = Deno;
