import { EventEmitter } from "node:events";
import { describe, expect, it } from "vitest";
import { DRAIN_SIGNALS, onDrainSignal, type SignalSource } from "../../src/cli/signals.ts";

describe("onDrainSignal", () => {
  it("calls back for each signal, as often as it comes", () => {
    const source = new EventEmitter();
    const seen: string[] = [];
    onDrainSignal(source, (signal) => seen.push(signal));
    for (const signal of [...DRAIN_SIGNALS, "SIGUSR1", "SIGINT"]) source.emit(signal);
    expect(seen).toEqual(["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGINT"]);
  });

  it("leaves nothing behind when ended", () => {
    const source = new EventEmitter();
    const end = onDrainSignal(source, () => expect.unreachable());
    end();
    for (const signal of DRAIN_SIGNALS) expect(source.listenerCount(signal)).toBe(0);
    end();
  });

  it("does without a signal that the system refuses", () => {
    const emitter = new EventEmitter();
    const seen: string[] = [];
    const source: SignalSource = {
      on: (signal, listener) => {
        if (signal === "SIGHUP") throw new TypeError("Windows does not support SIGHUP");
        emitter.on(signal, listener);
      },
      off: (signal, listener) => emitter.off(signal, listener),
    };
    const end = onDrainSignal(source, (signal) => seen.push(signal));
    for (const signal of DRAIN_SIGNALS) emitter.emit(signal);
    end();
    expect(seen).toEqual(["SIGINT", "SIGTERM", "SIGQUIT"]);
    expect(emitter.eventNames()).toEqual([]);
  });
});
