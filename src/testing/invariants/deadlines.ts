import type { ServerEvent } from "../../core/mod.ts";
import type { ServedModel } from "../served_model.ts";
import { Invariant, type Simulation } from "../simulation.ts";

/** Timers count whole milliseconds. */
const TOLERANCE_MS = 1;

/** No deadline fires early, and no deadline is missed. */
export class Deadlines extends Invariant {
  readonly name = "deadlines fire in time, never early";
  /** Connections with a failed handler. A late handler must be among the failures. */
  readonly #failed = new Set<number>();

  override onEvent(event: ServerEvent, world: Simulation): void {
    if (event.type === "connection-closed") this.#checkReason(event.reason, world.modelOf(event.connection), world);
    if (event.type === "handler-error") this.#failed.add(event.connection.id);
    if (event.type === "frame-error" && event.error.code === "frame-timeout") {
      const { openedAt } = world.modelOf(event.connection);
      this.#notEarly("frame-timeout", world.now - openedAt, world.limits.frameTimeoutMs);
    }
  }

  override onSettled(model: ServedModel, world: Simulation): void {
    if (!world.settled || !model.live) return;
    this.#checkWrite(model, world);
    this.#checkLinger(model, world);
    this.#checkHandlers(model, world);
    // Input received before a reset may still be handled, for as long as that takes.
    if (world.crowded || model.link.back.broken) return;
    this.#checkIdle(model, world);
    this.#checkLifetime(model, world);
  }

  #checkReason(reason: string, model: ServedModel, { limits, now }: Simulation): void {
    const decidedAt = Math.min(model.finAt, now);
    if (reason === "idle-timeout") this.#notEarly(reason, decidedAt - model.quietSince, limits.idleTimeoutMs);
    if (reason === "silence-timeout") this.#notEarly(reason, decidedAt - model.heardAt, limits.silenceTimeoutMs);
    if (reason === "lifetime-reached") this.#notEarly(reason, decidedAt - model.openedAt, limits.lifetimeMs);
    if (reason === "write-timeout") this.#notEarly(reason, now - model.blockedSince, limits.writeTimeoutMs);
    if (reason === "authentication-timeout")
      this.#notEarly(reason, decidedAt - model.openedAt, limits.authenticationTimeoutMs);
    if (reason === "handler-timeout") this.#notEarly(reason, decidedAt - model.openedAt, limits.handlerTimeoutMs);
  }

  #checkWrite({ info, blockedSince, progressToldAt }: ServedModel, { limits, now }: Simulation): void {
    const since = Math.max(blockedSince, progressToldAt);
    this.#notLate(`write deadline of ${info.id}`, now - since, limits.writeTimeoutMs);
  }

  #checkLinger({ info, finAt }: ServedModel, { limits, now }: Simulation): void {
    const { lingerTimeoutMs, maxLingerMs } = limits;
    this.#notLate(`linger deadline of ${info.id}`, now - finAt, Math.max(lingerTimeoutMs, maxLingerMs));
  }

  #checkHandlers({ info, working, finAt }: ServedModel, { limits, now }: Simulation): void {
    // A late handler has been reported, and its connection is closing, behind the frames before it.
    if (finAt < Infinity) return;
    const most = limits.handlerTimeoutMs;
    const late = working.some((since) => now - since > most + TOLERANCE_MS);
    this.expect(
      !late || this.#failed.has(info.id),
      () => `a handler of connection ${info.id} is late, and not told so`,
    );
  }

  #checkIdle(model: ServedModel, world: Simulation): void {
    const { limits, now, crowdedAt } = world;
    const { info, working, streamed, finAt, blockedSince, progressToldAt, quietSince } = model;
    if (working.length > 0 || streamed || finAt < Infinity || blockedSince < Infinity) return;
    if (world.tap?.isBusy(info.id) === true) return;
    // A frame that waited for a permit for its handler is handled only when the permit is free.
    const since = Math.max(quietSince, progressToldAt, crowdedAt);
    this.#notLate(`idle deadline of ${info.id}`, now - since, Math.min(limits.idleTimeoutMs, limits.silenceTimeoutMs));
  }

  #checkLifetime({ info, working, streamed, finAt, blockedSince, openedAt }: ServedModel, world: Simulation): void {
    if (working.length > 0 || streamed || finAt < Infinity || blockedSince < Infinity) return;
    // A hook may still run.
    if (world.tap?.isBusy(info.id) === true) return;
    this.#notLate(`lifetime of ${info.id}`, world.now - openedAt, world.limits.lifetimeMs);
  }

  #notEarly(what: string, passedMs: number, limitMs: number): void {
    this.expect(passedMs >= limitMs, () => `${what} after ${passedMs} ms, before ${limitMs}`);
  }

  #notLate(what: string, passedMs: number, limitMs: number): void {
    this.expect(passedMs <= limitMs + TOLERANCE_MS, () => `the ${what} passed ${passedMs - limitMs} ms ago`);
  }
}
