import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterEach } from "vitest";

/** A real broker in a folder of its own, on a port that was free. */
export class Broker {
  readonly port: number;
  readonly #kind: Kind;
  readonly #folder: string = mkdtempSync(join(tmpdir(), "spillway-broker-"));
  readonly #password: string | undefined;
  #child: ChildProcess | undefined;
  #ended: Promise<unknown> = Promise.resolve();

  private constructor(kind: Kind, port: number, password: string | undefined) {
    this.#kind = kind;
    this.port = port;
    this.#password = password;
    running.add(this);
  }

  /** Starts a broker that wants the password of {@link USER}, if there is one. */
  static async start(kind: Kind, password?: string): Promise<Broker> {
    const broker = new Broker(kind, await freePort(), password);
    await broker.start();
    return broker;
  }

  get url(): string {
    return this.urlWith(this.#password);
  }

  urlWith(password: string | undefined): string {
    const user = password === undefined ? "" : `${USER}:${encodeURIComponent(password)}@`;
    return `${this.#kind}://${user}127.0.0.1:${this.port}`;
  }

  /** Starts it, or starts it again. Fulfils when it accepts connections. */
  async start(): Promise<void> {
    const [program, ...args] = COMMANDS[this.#kind](`${this.port}`, this.#folder);
    const secret = this.#password === undefined ? [] : SECRETS[this.#kind](this.#password);
    const child = spawn(program, [...args, ...secret], { stdio: "ignore" });
    this.#child = child;
    this.#ended = new Promise((resolve) => {
      child.on("exit", resolve);
      child.on("error", resolve);
    });
    while (!(await accepts(this.port))) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  async kill(): Promise<void> {
    this.signal("SIGKILL");
    await this.#ended;
  }

  /** Not through the child: Deno's then takes the signal for the end of it. */
  signal(signal: NodeJS.Signals): void {
    const { exitCode, pid, signalCode } = this.#child as ChildProcess;
    if (pid !== undefined && exitCode === null && signalCode === null) process.kill(pid, signal);
  }

  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

type Kind = "nats" | "redis";

const COMMANDS: Readonly<Record<Kind, (port: string, folder: string) => [string, ...string[]]>> = {
  nats: (port, folder) => ["nats-server", "-a", "127.0.0.1", "-p", port, "-P", join(folder, "pid")],
  redis: (port, folder) => [
    "redis-server",
    ...`--bind 127.0.0.1 --port ${port} --appendonly yes --appendfsync always --dir`.split(" "),
    folder,
    "--save",
    "",
  ],
};

/** The name that Redis has for those who give only a password. */
const USER = "default";

const SECRETS: Readonly<Record<Kind, (password: string) => string[]>> = {
  nats: (password) => ["--user", USER, "--pass", password],
  redis: (password) => ["--requirepass", password],
};

const running = new Set<Broker>();

/** Call once in each file that starts brokers. */
export function removeBrokersAfterEach(): void {
  afterEach(async () => {
    for (const broker of running) await broker.remove();
    running.clear();
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}
