import type { ServerEvent } from "../../core/mod.ts";
import type { ServedModel } from "../served_model.ts";
import { Invariant, type Simulation } from "../simulation.ts";

/**
 * A healthy peer is never cut off: a peer whose bytes have arrived is not treated as silent or late before the server has looked at
 * them, and a peer that takes the bytes it is sent is not treated as slow. This also holds after a stall of the process.
 */
export class Healthy extends Invariant {
  readonly name = "nobody healthy is cut";

  override onEvent(event: ServerEvent, world: Simulation): void {
    if (event.type === "frame-error" && event.error.code === "frame-timeout") {
      const model = world.modelOf(event.connection);
      this.#nothingWaits("the rest of a frame", model.link.forth.waiting, model);
    }
    if (event.type !== "connection-closed") return;
    const model = world.modelOf(event.connection);
    // Input that came after the decision, the peer's own FIN among it, does not count.
    if (event.reason === "idle-timeout" || event.reason === "silence-timeout")
      this.#nothingWaits("a sign of life", model.readWithFin, model);
    if (event.reason === "authentication-timeout" && model.heardAt === model.openedAt) {
      this.#nothingWaits("a first frame", model.readWithFin, model);
    }
    if (event.reason === "write-timeout") this.#checkSlow(model, world);
  }

  #checkSlow(model: ServedModel, { limits, now }: Simulation): void {
    const { id } = model.info;
    this.expect(model.blockedSince < Infinity, () => `connection ${id} took all, and was found slow`);
    const { minWriteBytesPerSecond: rate, writeTimeoutMs } = limits;
    const taken = model.takenSince(now - writeTimeoutMs);
    const enough = rate === Infinity ? 1 : (rate * writeTimeoutMs) / 1_000;
    this.expect(taken < enough, () => `connection ${id} took ${taken} bytes of ${enough}, and was found slow`);
  }

  #nothingWaits(what: string, bytes: number, { info }: ServedModel): void {
    this.expect(bytes === 0, () => `connection ${info.id}: ${what} had come, ${bytes} bytes, and was not looked at`);
  }
}
