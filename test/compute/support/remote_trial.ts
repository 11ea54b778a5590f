import { afterEach } from "vitest";
import type { FleetHandler } from "../../../src/compute/mod.ts";
import { type RemoteFleet, type RemoteOptions, remote, workService } from "../../../src/compute/mod.ts";
import { type Server, SpillwayError, serve } from "../../../src/core/mod.ts";
import { type ManualClock, type MemoryTransport, manualClock, memoryTransport } from "../../../src/testing/mod.ts";

const open = new Set<Trial>();

/** Call once in each file that has trials. */
export function closeTrialsAfterEach(): void {
  afterEach(async () => {
    for (const trial of open) await trial.close();
    open.clear();
  });
}

/** A handler whose frames a test answers. */
export class HeldWork {
  readonly frames: string[] = [];
  readonly #replies: ((reply: string) => void)[] = [];

  readonly handler = (frame: string): Promise<string> => {
    this.frames.push(frame);
    return new Promise((resolve) => this.#replies.push(resolve));
  };

  /** Answers the oldest frames. */
  answer(count = 1): void {
    for (let done = 0; done < count; done++) this.#replies.shift()?.("done");
  }
}

/** Workers and a fleet of them, in memory, on a clock that the test moves. */
export class Trial {
  readonly clock: ManualClock = manualClock();
  readonly transport: MemoryTransport = memoryTransport();
  readonly events: string[] = [];
  readonly #servers: Server[] = [];
  #fleet: RemoteFleet<string, string> | undefined;

  constructor() {
    open.add(this);
  }

  /** Starts a worker of the fleet. */
  async worker(handler: FleetHandler<string, string>, port = 0, concurrency = 16): Promise<Server> {
    const { clock, transport } = this;
    const server = await serve(transport, {
      hostname: "127.0.0.1",
      port,
      clock,
      ...workService(handler, { concurrency, handlerTimeoutMs: Infinity }),
      observer: () => undefined,
    });
    this.#servers.push(server as unknown as Server);
    return server as unknown as Server;
  }

  fleet(
    servers: readonly (Server | number | string)[],
    options: Partial<RemoteOptions<string>> = {},
  ): RemoteFleet<string, string> {
    const { clock, transport } = this;
    const targets = servers.map((server) =>
      typeof server === "object" ? text(server) : `${server}`.replace(/^(\d+)$/, "127.0.0.1:$1"),
    );
    this.#fleet = remote<string>({
      targets,
      clock,
      transport,
      random: () => 1,
      observer: ({ type, address }) => void this.events.push(`${type} ${address}`),
      ...options,
    });
    return this.#fleet;
  }

  /** Sends a frame: fulfils with the reply, or with the code or the name of the error. */
  ask(frame: string, signal: AbortSignal = new AbortController().signal): Promise<string | undefined> {
    return (this.#fleet as RemoteFleet<string, string>).handler(frame, { signal }).catch(codeOf);
  }

  async close(): Promise<void> {
    await this.#fleet?.close();
    for (const server of this.#servers) {
      void server.shutdown();
      void server.shutdown();
    }
    await this.clock.advance(60_000);
  }
}

export function text(server: Server): string {
  return `127.0.0.1:${server.address.port}`;
}

export function codeOf(error: unknown): string {
  return error instanceof SpillwayError ? error.code : (error as Error).name;
}
