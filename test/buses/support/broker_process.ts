import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import { type ProgramUser, RealProgram, type StartedProgram } from "../../support/real_program.ts";

export type BrokerProcessName = "redis" | "nats";

const PROGRAMS = {
  redis: new RealProgram("redis-server", "redis-server"),
  nats: new RealProgram("nats-server", "nats-server"),
};

/** A real broker in a process of its own, which can be killed, held and started again at the same place. */
export class BrokerProcess {
  readonly name: BrokerProcessName;
  /** The value of `--bus`. */
  readonly address: string;
  readonly #user: ProgramUser;
  readonly #file: string;
  #started: StartedProgram | undefined;

  constructor(user: ProgramUser, name: BrokerProcessName, place: BrokerPlace) {
    const { extra, folder, port } = place;
    this.name = name;
    this.#user = user;
    this.address = `${name}://127.0.0.1:${port}`;
    this.#file = path.join(folder, `${name}.conf`);
    const lines =
      name === "redis"
        ? [`port ${port}`, "bind 127.0.0.1", 'save ""', "appendonly no", `dir ${folder}`]
        : [`port: ${port}`, "host: 127.0.0.1"];
    writeFileSync(this.#file, `${[...lines, ...extra].join("\n")}\n`);
  }

  async start(): Promise<void> {
    const program = PROGRAMS[this.name];
    const args = this.name === "redis" ? [this.#file] : ["-c", this.#file];
    const started = program.start(this.#user, args);
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

  /** Ends it without a word. */
  async kill(): Promise<void> {
    const started = this.#started;
    if (started === undefined) return;
    this.#started = undefined;
    signal(started, "SIGKILL");
    await started.ending;
  }

  /** SIGSTOP. */
  hold(): void {
    if (this.#started !== undefined) signal(this.#started, "SIGSTOP");
  }

  /** SIGCONT. */
  go(): void {
    if (this.#started !== undefined) signal(this.#started, "SIGCONT");
  }
}

/** Where a broker listens, and has its files. */
export interface BrokerPlace {
  readonly port: number;
  readonly folder: string;
  /** Lines of its configuration. */
  readonly extra: readonly string[];
}

/** Finds a place for a broker. */
export async function brokerPlace(name: BrokerProcessName, extra: readonly string[] = []): Promise<BrokerPlace> {
  return { port: await freePort(), folder: mkdtempSync(path.join(tmpdir(), `spillway-${name}-`)), extra };
}

/** Ends a broker, and removes its files. */
export async function removeBroker(broker: BrokerProcess, { folder }: BrokerPlace): Promise<void> {
  await broker.kill();
  rmSync(folder, { recursive: true, force: true });
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
