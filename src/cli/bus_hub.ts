import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Transport } from "../mod.ts";
import { firstLine, runFailure } from "./failure.ts";

/** The hub of `--bus local`, which a supervisor runs for its workers. */
export interface BusHub {
  readonly path: string;
  close(): Promise<void>;
}

/** Starts a hub in a directory that only this user may enter. @throws {Failure} it cannot be started */
export async function startBusHub(transport: Transport): Promise<BusHub> {
  const { localBusHub } = await import("../buses/local/mod.ts");
  try {
    const directory = await mkdtemp(path.join(tmpdir(), "spillway-"));
    const hub = await localBusHub({ path: path.join(directory, "bus"), transport });
    return {
      path: hub.path,
      async close() {
        await hub[Symbol.asyncDispose]();
        await rm(directory, { recursive: true, force: true });
      },
    };
  } catch (cause) {
    throw runFailure(`--bus local: ${firstLine(cause)}`, { cause });
  }
}
