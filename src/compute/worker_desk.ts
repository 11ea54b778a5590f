import {
  type Clock,
  checkOptions,
  checkWhole,
  type DrainResult,
  describe,
  ErrorLog,
  type OptionNames,
  SpillwayError,
  systemClock,
} from "../core/mod.ts";
import { answer } from "./answer.ts";
import { type FleetError, fleetError, isFleetError } from "./errors.ts";
import type { FleetContext, FleetHandler } from "./fleet_context.ts";
import type { FleetWorkerEvent, FleetWorkerOptions, WorkerDrainOptions } from "./fleet_worker.ts";
import { checkPeriod, checkTimeout } from "./times.ts";

/** The steps of a drain that are the broker's. */
interface DrainSteps {
  /** Takes nothing more. Fulfils when nothing more comes. */
  readonly stop: () => Promise<void>;
  /** Returns the number of frames that wait for the handler. */
  readonly queued: () => number;
  readonly leave: () => Promise<void>;
}

const DRAIN_OPTIONS: OptionNames<WorkerDrainOptions> = { timeoutMs: true };

const DEFAULT_DRAIN_MS = 10_000;

/** The part of a worker that is the same for every broker: its handler, counts, readiness, events and drain. */
export class WorkerDesk {
  readonly concurrency: number;
  readonly clock: Clock = systemClock;
  busy: number = 0;
  answered: number = 0;
  refused: number = 0;
  /** The largest reply in bytes that the broker takes. */
  maxBytes: number = Infinity;
  draining: boolean = false;
  /** Fulfils when the broker gives frames to the worker. */
  readonly ready: Promise<void>;
  #aborted = 0;
  #onReady!: () => void;
  #onNeverReady!: (error: FleetError) => void;
  readonly #handler: FleetHandler<never, unknown>;
  readonly #handlerTimeoutMs: number;
  readonly #observer: ((event: FleetWorkerEvent) => void) | undefined;
  readonly #log = new ErrorLog();
  /** Those of the frames that the handler has: one signal with many listeners is taken for a leak. */
  readonly #controllers = new Set<AbortController>();
  #onIdle: (() => void) | undefined;
  #drained: Promise<DrainResult> | undefined;

  /** @throws {TypeError | RangeError} an invalid option */
  constructor(options: FleetWorkerOptions<never, unknown>) {
    const { handler, observer } = options;
    if (typeof handler !== "function") throw new TypeError("handler must be a function");
    if (observer !== undefined && typeof observer !== "function") throw new TypeError("observer must be a function");
    this.concurrency = checkWhole("concurrency", options.concurrency ?? 16);
    this.#handler = handler;
    this.#handlerTimeoutMs = checkTimeout("handlerTimeoutMs", options.handlerTimeoutMs ?? 30_000);
    this.#observer = observer;
    this.ready = new Promise((resolve, reject) => {
      this.#onReady = resolve;
      this.#onNeverReady = reject;
    });
    // Nobody need wait for it.
    this.ready.catch(() => undefined);
  }

  /** The broker gives frames to the worker. */
  onReady(): void {
    this.#onReady();
  }

  /** The broker is lost, or was not reached. Without the package of the broker, it never will be. */
  onDown(address: string, error: FleetError, delayMs: number): void {
    const { cause } = error;
    if (isFleetError(cause) && cause.code === "fleet-unavailable") this.#onNeverReady(cause);
    this.emit({ type: "worker-down", address, error, delayMs });
  }

  /** Runs the handler on a message, and sends the answer. Never rejects, unless `send` does. */
  async run(
    message: Uint8Array,
    delivery: Omit<FleetContext, "signal">,
    send: (reply: Uint8Array) => unknown,
  ): Promise<void> {
    const controller = new AbortController();
    this.busy += 1;
    this.#controllers.add(controller);
    try {
      const rules = {
        handlerTimeoutMs: this.#handlerTimeoutMs,
        maxBytes: this.maxBytes,
        clock: this.clock,
        onError: (error: unknown) => this.emit({ type: "handler-error", error }),
      };
      const reply = await answer(this.#handler, message, controller.signal, rules, delivery);
      await send(reply);
      if (controller.signal.aborted) this.#aborted += 1;
      else this.answered += 1;
    } finally {
      this.#controllers.delete(controller);
      this.busy -= 1;
      if (this.busy === 0) this.#onIdle?.();
    }
  }

  /**
   * Stops, waits for the frames that are there, and leaves. A second call aborts those that remain, and returns the same result.
   *
   * @throws {TypeError | RangeError} an invalid option
   */
  drain(options: WorkerDrainOptions, { leave, queued, stop }: DrainSteps): Promise<DrainResult> {
    checkOptions(options, DRAIN_OPTIONS);
    const timeoutMs = checkPeriod("timeoutMs", options.timeoutMs ?? DEFAULT_DRAIN_MS);
    if (this.#drained === undefined) this.#drained = this.#drain(timeoutMs, stop, queued, leave);
    else this.#abort();
    return this.#drained;
  }

  emit(event: FleetWorkerEvent): void {
    if (this.#observer === undefined) {
      if ("error" in event) this.#log.report(event.type, () => describe(event.error), event.error);
      else if (event.type === "dead-letter") {
        this.#log.report(
          event.type,
          () => `the frame ${event.id} was delivered ${event.deliveries} times, and is put aside`,
        );
      }
      return;
    }
    try {
      this.#observer(event);
    } catch (cause) {
      this.#log.report("observer-failed", () => `the observer of a worker threw: ${describe(cause)}`, cause);
    }
  }

  async #drain(
    timeoutMs: number,
    stop: () => Promise<void>,
    queued: () => number,
    leave: () => Promise<void>,
  ): Promise<DrainResult> {
    this.draining = true;
    this.#onNeverReady(fleetError("fleet-closed", "the worker drains"));
    const timer = this.clock.setTimeout(() => this.#abort(), timeoutMs);
    const before = this.answered;
    await stop();
    const had = this.busy + queued();
    if (had > 0) {
      await new Promise<void>((resolve) => {
        this.#onIdle = () => {
          if (this.busy === 0 && queued() === 0) resolve();
        };
        this.#onIdle();
      });
    }
    this.clock.clearTimeout(timer);
    await leave();
    this.#log.end();
    return { drained: this.answered - before, aborted: this.#aborted };
  }

  #abort(): void {
    const reason = new SpillwayError("drain-timeout", "the worker ends before the frame is handled");
    for (const controller of this.#controllers) controller.abort(reason);
  }
}
