import type { Runtime } from "../../../src/adapters/bun/native.ts";

/** Compiles only while Bun really is what the adapter takes it for. */
export const runtime: Runtime = Bun;
