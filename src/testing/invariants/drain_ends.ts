import type { ServerEvent } from "../../core/mod.ts";
import { Invariant, type Simulation } from "../simulation.ts";

/** A drain ends in time, and reports the true number of drained and aborted connections. */
export class DrainEnds extends Invariant {
  readonly name = "a drain ends in time, with the true result";
  /** Whether accepting has failed permanently. */
  #failed = false;
  #since = Infinity;
  #before = 0;
  #byTimeout = 0;
  #refusedBefore = 0;
  #jumped = 0;

  override onEvent(event: ServerEvent, world: Simulation): void {
    if (event.type === "accept-error" && event.retryInMs === undefined) this.#failed = true;
    if (event.type === "accepting-stopped" && event.graceMs !== undefined) this.#begin(event.connections, world);
    if (event.type === "draining") {
      if (this.#since === Infinity) this.#begin(event.connections, world);
      this.#since = world.now;
      this.#jumped = world.jumped - world.stallLeftMs;
    }
    if (event.type === "connection-closed" && event.reason === "drain-timeout") this.#byTimeout += 1;
    if (event.type === "drained") this.#end(event.drained, event.aborted, world);
  }

  /** Begins the drain: every connection that ends after this has drained or was aborted. */
  #begin(connections: number, { asked, deaf, now, served, server }: Simulation): void {
    this.#since = now;
    this.expect(asked || deaf || this.#failed, () => "it drains, and nobody has asked for it");
    const stats = server.stats();
    this.#before = served.size - connections;
    this.#refusedBefore = stats.refused;
    this.expect(
      stats.connections === connections,
      () => `${connections} are to drain, but ${stats.connections} are open`,
    );
  }

  #end(drained: number, aborted: number, world: Simulation): void {
    const { now, served, server, limits, drainTimeoutMs, jumped } = world;
    const refused = server.stats().refused - this.#refusedBefore;
    const total = served.size - this.#before - refused;
    this.expect(drained + aborted === total, () => `${drained} + ${aborted} have ended, of ${total} connections`);
    this.expect(aborted >= this.#byTimeout, () => `${this.#byTimeout} were cut off, and it says ${aborted}`);
    const most = drainTimeoutMs + limits.handlerTimeoutMs + 1 + jumped - this.#jumped;
    this.expect(now - this.#since <= most, () => `it took ${now - this.#since} ms, of ${drainTimeoutMs}`);
  }
}
