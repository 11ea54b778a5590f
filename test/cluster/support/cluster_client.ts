import type { Connection } from "../../../src/core/mod.ts";
import { describe, isError } from "../../../src/core/mod.ts";
import type { Random } from "../../../src/testing/mod.ts";
import type { ClusterWorld } from "./cluster_world.ts";
import { GROUPS } from "./heard.ts";
import { eachLine } from "./resident.ts";

const encoder = new TextEncoder();
const LONGEST_HANDLER_MS = 3_000;
const LONGEST_PAUSE_MS = 8_000;
const MOST_REQUESTS = 12;
const MOST_AT_ONCE = 4;

/** A client of the cluster: makes one connection, sends requests on it, and reads to the end. */
export class ClusterClient {
  readonly number: number;
  /** How its connection has ended, once it has. */
  end: "refused" | "orderly" | "broken" | undefined;
  #sent = 0;
  #received = 0;
  #port = 0;
  #wake: () => void = () => {};
  readonly #world: ClusterWorld;
  readonly #random: Random;

  constructor(number: number, world: ClusterWorld) {
    this.number = number;
    this.#world = world;
    this.#random = world.random.fork(`client ${number}`);
  }

  async run(address: { readonly hostname: string; readonly port: number }): Promise<void> {
    const begunAt = this.#world.clock.now();
    let connection: Connection;
    try {
      connection = await this.#world.network.connectAs(this.number, address);
    } catch (error) {
      this.#over("refused", error);
      if (this.#world.supervisor !== undefined)
        this.#fail("no connection is refused", `was refused: ${describe(error)}`);
      return;
    }
    this.#port = connection.localAddress.port ?? 0;
    const writer = connection.writable.getWriter();
    writer.closed.catch(() => undefined);
    void this.#send(writer);
    try {
      await eachLine(connection, (line) => this.#hear(line));
      this.#over("orderly");
    } catch (error) {
      this.#over("broken", error);
    }
    this.#check(begunAt);
    await connection.close().catch(() => undefined);
  }

  async #send(writer: WritableStreamDefaultWriter<Uint8Array>): Promise<void> {
    const requests = this.#random.below(MOST_REQUESTS + 1);
    const isPatient = this.#random.once(2);
    try {
      while (this.end === undefined && this.#sent < requests) {
        const count = Math.min(requests - this.#sent, this.#random.between(1, MOST_AT_ONCE));
        await writer.write(encoder.encode(Array.from({ length: count }, () => this.#request()).join("")));
        if (isPatient) while (this.end === undefined && this.#received < this.#sent) await this.#whenHeard();
        await this.#pause(this.#random.pick([0, 1, 200, LONGEST_PAUSE_MS]));
      }
      await writer.close();
    } catch {
      // The reading end finds out how it was.
    }
  }

  #request(): string {
    this.#sent += 1;
    const id = `${this.number}.${this.#sent}`;
    const group = this.#random.pick(GROUPS);
    const slow = `slow ${this.#random.below(LONGEST_HANDLER_MS)}`;
    return `${id} ${this.#random.pick(["echo", "echo", slow, `say ${group}`, `say ${group}`, `join ${group}`])}\n`;
  }

  #hear(line: string): void {
    if (line.startsWith("@")) {
      const of = line.slice(line.lastIndexOf(" ") + 1).split(".")[0];
      if (of === `${this.number}`) this.#fail("no echo", `got its own broadcast: ${line}`);
      return;
    }
    this.#received += 1;
    const expected = `${this.number}.${this.#received}`;
    if (line !== expected) this.#fail("requests are answered once, in order", `got ${line} for ${expected}`);
    this.#wake();
  }

  #check(begunAt: number): void {
    const worker = this.#world.takers.get(this.#port);
    if (worker === undefined) {
      // Nobody had taken it when the socket was closed everywhere.
      if (this.end === "orderly" || this.#world.unsupervisedAt < begunAt)
        this.#fail("untaken connections wait", "was lost, and no worker took it");
      return;
    }
    if (this.end === "broken" && (worker.hurt || worker.forced)) return;
    // A worker that drains closes what is idle: a request that crosses its FIN meets a reset, and was not handled.
    const reason = worker.taken.get(this.#port);
    if (this.end === "broken" && reason !== "drained") {
      return this.#fail("healthy workers lose no connection", `was cut off by ${worker.name}: ${reason}`);
    }
    const hasGrace = worker.graceMs !== 0 && !worker.paused;
    if (this.end === "orderly" && hasGrace && this.#sent > 0 && this.#received === 0) {
      return this.#fail("a grace serves who has just come", `got FIN from ${worker.name}, and no answer`);
    }
    const handled = (number: number) => worker.handled.has(`${this.number}.${number}`);
    const lost = Array.from({ length: this.#sent }, (_, index) => index + 1)
      .slice(this.#received)
      .filter(handled);
    this.#world.checked += 1;
    if (lost.length > 0) {
      this.#fail("what is handled is answered", `got no answer to ${lost.join(", ")}, which ${worker.name} handled`);
    }
  }

  #whenHeard(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.#world.clock.setTimeout(resolve, ms));
  }

  #over(end: "refused" | "orderly" | "broken", error?: unknown): void {
    this.end = end;
    this.#wake();
    const why = isError(error) ? `: ${error.message}` : "";
    this.#world.count(`client ${end}`);
    this.#world.note(1_000 + this.number, `client ${this.number} ${end} ${this.#received} of ${this.#sent}${why}`);
  }

  #fail(invariant: string, what: string): void {
    this.#world.fail(invariant, `client ${this.number} ${what}`);
  }
}
