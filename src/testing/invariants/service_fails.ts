import type { ServerEvent } from "../../core/mod.ts";
import { Finding } from "../finding.ts";
import type { GeneratedClient } from "../generated_client.ts";
import type { ServedModel } from "../served_model.ts";
import { Invariant, type Simulation } from "../simulation.ts";

/** The service throws nothing, settles in time, takes every whole frame, and does not hold up a drain. */
export class ServiceFails extends Invariant {
  readonly name = "the service does not fail";
  readonly #clients: ReadonlyMap<number, GeneratedClient>;

  constructor(clients: ReadonlyMap<number, GeneratedClient>) {
    super();
    this.#clients = clients;
  }

  override onEvent(event: ServerEvent, world: Simulation): void {
    if (event.type === "handler-error") {
      const { code, message, cause } = event.error;
      const { id } = event.connection;
      // Work that waits for a connection fails with it.
      const over = world.served.get(id)?.closed !== undefined || world.served.get(id)?.link.farOver === true;
      if (over && !message.startsWith("onDisconnect")) return;
      if (code === "handler-failed" && world.tap?.excused.has(id) === true) return;
      const work = world.tap?.workOf(id);
      const frame = work?.frame === undefined ? "" : `; it got ${work.frame}`;
      // A jump of the clock, or a stall of the process, leaves the handler no time.
      const hadMs = (world.tap?.elapsed() ?? 0) - (work?.since ?? 0);
      if (code === "handler-timeout" && hadMs < world.limits.handlerTimeoutMs) return;
      if (code === "handler-timeout")
        throw new Finding(
          "handler-timeout",
          `${work?.worker ?? "a handler"} of connection ${id} has not settled after ${world.limits.handlerTimeoutMs} ms${frame}`,
        );
      if (code === "codec-failed") throw new Finding("codec-failed", `connection ${id}: ${message}`, { cause });
      const hook = /^on[A-Z]\w+ threw/.test(message);
      throw new Finding(hook ? "hook-failed" : "handler-failed", `connection ${id}: ${message}`, { cause });
    }
    if (event.type === "frame-error") this.#onFrameError(event, world);
    if (event.type === "connection-closed" && event.reason === "codec-failed")
      throw new Finding("codec-failed", `connection ${event.connection.id}: ${event.error?.message ?? ""}`, {
        cause: event.error?.cause,
      });
    if (event.type === "connection-closed" && event.reason === "drain-timeout")
      this.#onCut(world.modelOf(event.connection), world);
  }

  #onFrameError({ connection, error }: ServerEvent & { type: "frame-error" }, world: Simulation): void {
    if (error.code === "codec-failed")
      throw new Finding("codec-failed", `connection ${connection.id}: ${error.message}`, { cause: error.cause });
    if (error.code !== "frame-invalid" && error.code !== "frame-too-large") return;
    const client = this.#clientOf(world.modelOf(connection));
    if (client?.whole !== true || world.tap?.upgraded.has(connection.id)) return;
    throw new Finding(
      "frame-refused",
      `client ${client.number} has sent whole frames only, but the decoder of connection ${connection.id} refuses one: ${error.message}`,
    );
  }

  /** A drain may cut off peers that do not read, and work that waits for them. */
  #onCut(model: ServedModel, world: Simulation): void {
    // A call that stops at its signal has just failed.
    const work = world.tap?.workOf(model.info.id) ?? world.tap?.failed.get(model.info.id);
    const client = this.#clientOf(model);
    // Many short calls one after the other are a question of load.
    if (work !== undefined && (world.tap?.elapsed() ?? 0) - work.since < world.drainTimeoutMs) return;
    if (work === undefined || client === undefined || client.bad || world.jumped > 0) return;
    if (model.link.back.blocked || model.link.back.waiting > 0) return;
    const frame = work.frame === undefined ? "" : ` (it got ${work.frame})`;
    throw new Finding(
      "drain-cut",
      `${work.worker} of connection ${model.info.id}${frame} had not finished ${world.drainTimeoutMs} ms after the drain began: the drain cut it off`,
    );
  }

  #clientOf({ link }: ServedModel): GeneratedClient | undefined {
    for (const client of this.#clients.values()) if (client.link === link) return client;
    return undefined;
  }
}
