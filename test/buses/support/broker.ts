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
  const place = await brokerPlace(name, extra);
  const started = new DrivenProcess(context, name, place);
  context.onTestFinished(() => removeBroker(started, place));
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

class DrivenProcess extends Process implements BrokerProcess {
  bus(): Bus {
    return this.name === "redis" ? redis({ url: this.address }) : nats({ servers: this.address });
  }
}
