import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import type { TestContext } from "vitest";
import { RealProgram, type StartedProgram } from "../../support/real_program.ts";
import { type Bus, type LocalBusHub, localBus, localBusHub, nats, redis, transport } from "./rooms.ts";

export const BROKERS = ["local", "redis", "nats"] as const;
export type BrokerName = (typeof BROKERS)[number];

/** A broker that a test can kill, hold and start again at the same place. */
export interface Broker {
  readonly name: BrokerName;
  /** The value of `--bus`. */
  readonly address: string;
  bus(): Bus;
  start(): Promise<void>;
  /** Ends it without a word. */
  kill(): Promise<void>;
}

/** A broker in a process of its own. */
export interface BrokerProcess extends Broker {
  /** SIGSTOP and SIGCONT. */
  hold(): void;
  go(): void;
}

/** Returns a broker that does not run, and ends what is left of it after the test. */
export async function broker(context: TestContext, name: BrokerName): Promise<Broker> {
  return name === "local" ? hub(context) : brokerProcess(context, name);
}

/** The bytes that a {@link strictBroker} keeps for a server. */
const STRICT_BYTES = 2_097_152;

/** Returns a broker that soon cuts off a server that takes nothing. It does not run. */
export async function strictBroker(context: TestContext, name: BrokerName): Promise<Broker> {
  if (name === "local") return hub(context, STRICT_BYTES);
  if (name === "redis") {
    return brokerProcess(context, name, [`client-output-buffer-limit pubsub ${STRICT_BYTES} ${STRICT_BYTES} 60`]);
  }
  // NATS holds back who publishes to a stalled subscriber for longer than a test, unless it has a deadline.
  return brokerProcess(context, name, ['write_deadline: "1s"', `max_pending: ${STRICT_BYTES}`]);
}

function hub(context: TestContext, maxQueuedBytes?: number): Broker {
  const folder = mkdtempSync(path.join(tmpdir(), "spillway-bus-"));
  context.onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return new Hub(context, path.join(folder, "bus.sock"), maxQueuedBytes);
}

/** Returns a broker that is a process, and does not run. `extra` are lines of its configuration. */
export async function brokerProcess(
  context: TestContext,
  name: "redis" | "nats",
  extra: readonly string[] = [],
): Promise<BrokerProcess> {
  const folder = mkdtempSync(path.join(tmpdir(), `spillway-${name}-`));
  const port = await freePort();
  const started = new Process(context, name, port, folder, extra);
  context.onTestFinished(async () => {
    await started.kill();
    rmSync(folder, { recursive: true, force: true });
  });
  return started;
}

class Hub implements Broker {
  readonly name = "local";
  readonly address: string;
  readonly #path: string;
  readonly #maxQueuedBytes: number | undefined;
  #hub: LocalBusHub | undefined;

  constructor(context: TestContext, file: string, maxQueuedBytes: number | undefined) {
    this.#path = file;
    this.#maxQueuedBytes = maxQueuedBytes;
    this.address = `local:${file}`;
    context.onTestFinished(() => this.kill());
  }

  bus(): Bus {
    return localBus({ path: this.#path });
  }

  async start(): Promise<void> {
    const maxQueuedBytes = this.#maxQueuedBytes;
    this.#hub = await localBusHub({
      path: this.#path,
      transport,
      observer: () => undefined,
      ...(maxQueuedBytes !== undefined && { maxQueuedBytes }),
    });
  }

  async kill(): Promise<void> {
    await this.#hub?.close();
    this.#hub = undefined;
  }
}

const PROGRAMS = {
  redis: new RealProgram("redis-server", "redis-server"),
  nats: new RealProgram("nats-server", "nats-server"),
};

class Process implements BrokerProcess {
  readonly name: "redis" | "nats";
  readonly address: string;
  readonly #context: TestContext;
  readonly #file: string;
  #started: StartedProgram | undefined;

  constructor(context: TestContext, name: "redis" | "nats", port: number, folder: string, extra: readonly string[]) {
    this.name = name;
    this.#context = context;
    this.address = `${name}://127.0.0.1:${port}`;
    this.#file = path.join(folder, `${name}.conf`);
    const lines =
      name === "redis"
        ? [`port ${port}`, "bind 127.0.0.1", 'save ""', "appendonly no", `dir ${folder}`]
        : [`port: ${port}`, "host: 127.0.0.1"];
    writeFileSync(this.#file, `${[...lines, ...extra].join("\n")}\n`);
  }

  bus(): Bus {
    return this.name === "redis" ? redis({ url: this.address }) : nats({ servers: this.address });
  }

  async start(): Promise<void> {
    const program = PROGRAMS[this.name];
    const args = this.name === "redis" ? [this.#file] : ["-c", this.#file];
    const started = program.start(this.#context, args);
    this.#started = started;
    const ready = this.name === "redis" ? "Ready to accept connections" : "Server is ready";
    await new Promise<void>((resolve, reject) => {
      let output = "";
      const look = (text: string) => {
        output += text;
        if (output.includes(ready)) resolve();
      };
      started.child.stdout.on("data", look);
      started.child.stderr.on("data", look);
      void started.ending.then(() => reject(new Error(`${this.name} has ended: ${output}`)));
    });
  }

  async kill(): Promise<void> {
    const started = this.#started;
    if (started === undefined) return;
    this.#started = undefined;
    signal(started, "SIGKILL");
    await started.ending;
  }

  hold(): void {
    if (this.#started !== undefined) signal(this.#started, "SIGSTOP");
  }

  go(): void {
    if (this.#started !== undefined) signal(this.#started, "SIGCONT");
  }
}

/** Not through the child: Deno's then takes the signal for the end of it. */
function signal({ child }: StartedProgram, name: "SIGKILL" | "SIGSTOP" | "SIGCONT"): void {
  process.kill(child.pid as number, name);
}

/** A port that nobody listens on, and that the system gives to nobody soon. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
