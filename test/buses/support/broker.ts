import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { TestContext } from "vitest";
import { brokerPlace, BrokerProcess as Process, removeBroker } from "./broker_process.ts";
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
  if (name !== "local") return brokerProcess(context, name);
  const folder = mkdtempSync(path.join(tmpdir(), "spillway-bus-"));
  context.onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return new Hub(context, path.join(folder, "bus.sock"));
}

/** Returns a broker that is a process, and does not run. `extra` are lines of its configuration. */
export async function brokerProcess(
  context: TestContext,
  name: "redis" | "nats",
  extra: readonly string[] = [],
): Promise<BrokerProcess> {
  const place = await brokerPlace(name, extra);
  const started = new DrivenProcess(context, name, place);
  context.onTestFinished(() => removeBroker(started, place));
  return started;
}

class Hub implements Broker {
  readonly name = "local";
  readonly address: string;
  readonly #path: string;
  #hub: LocalBusHub | undefined;

  constructor(context: TestContext, file: string) {
    this.#path = file;
    this.address = `local:${file}`;
    context.onTestFinished(() => this.kill());
  }

  bus(): Bus {
    return localBus({ path: this.#path });
  }

  async start(): Promise<void> {
    this.#hub = await localBusHub({ path: this.#path, transport, observer: () => undefined });
  }

  async kill(): Promise<void> {
    await this.#hub?.close();
    this.#hub = undefined;
  }
}

class DrivenProcess extends Process implements BrokerProcess {
  bus(): Bus {
    return this.name === "redis" ? redis({ url: this.address }) : nats({ servers: this.address });
  }
}
