import { checkBoolean } from "../options/limits.ts";
import { checkOptions, type OptionNames } from "../options/option_names.ts";
import type { ShutdownOptions } from "../session/shutdown_options.ts";
import type { Transport } from "../transport/transport.ts";
import { startServer } from "./serve.ts";
import type { Server } from "./server.ts";
import { SERVE_OPTIONS, type ServeOptions } from "./service.ts";

/** The source of signals: a process. */
export interface SignalSource {
  /** Calls the listener at each signal from now on. */
  on(signal: DrainSignal, listener: () => void): unknown;
  /** Calls it no more. */
  off(signal: DrainSignal, listener: () => void): unknown;
}

/** A signal that asks a process to end. */
export type DrainSignal = "SIGINT" | "SIGTERM" | "SIGHUP" | "SIGQUIT";

/** Options of {@link drainOnSignals}. */
export interface DrainSignalOptions {
  /** The signals. Default: SIGINT and SIGTERM. Signals that the system does not have are ignored. */
  readonly signals?: readonly DrainSignal[];
  /** Options of the drain at the first signal. Default: `{}`. */
  readonly shutdown?: ShutdownOptions;
  /**
   * Called for each signal before it has its effect. `forced`: a drain is under way, and the signal aborts the rest.
   * Default: none.
   */
  readonly onSignal?: (signal: DrainSignal, forced: boolean) => void;
}

/** Options of the `serve` of a runtime. */
export interface RuntimeServeOptions<In = string, Out = In, State = unknown> extends ServeOptions<In, Out, State> {
  /**
   * Whether SIGINT and SIGTERM drain the server. A second signal aborts the rest. After the drain, the signals have
   * their default effect again, and the process ends when nothing else keeps it alive. Default: false.
   */
  readonly signals?: boolean;
}

const RUNTIME_OPTIONS: OptionNames<RuntimeServeOptions> = { ...SERVE_OPTIONS, signals: true };

type Callback = (signal: DrainSignal) => void;

interface Shared {
  readonly callbacks: Set<Callback>;
  readonly listener: () => void;
}

/**
 * One listener for each signal of a process, however many servers there are: a runtime takes many listeners for a leak.
 */
const SHARED = new WeakMap<SignalSource, Map<DrainSignal, Shared>>();

/** Drains a server at the first signal, and aborts the rest at the next one. Returns a function that ends this. */
export function drainOnSignals(server: Server, source: SignalSource, options: DrainSignalOptions = {}): () => void {
  const { signals = ["SIGINT", "SIGTERM"], shutdown, onSignal } = options;
  let draining = false;
  const forget = signals.map((signal) =>
    listen(source, signal, () => {
      onSignal?.(signal, draining);
      draining = true;
      void server.shutdown(shutdown);
    }),
  );
  return () => {
    for (const forgetOne of forget.splice(0)) forgetOne();
  };
}

/** Implements the `serve` of a runtime, whose signals come from `source`. */
export async function serveWithSignals<In, Out, State>(
  transport: Transport,
  options: RuntimeServeOptions<In, Out, State>,
  source: SignalSource,
): Promise<Server<In, Out, State>> {
  checkOptions(options, RUNTIME_OPTIONS);
  const { signals = false } = options;
  checkBoolean("signals", signals);
  let end: (() => void) | undefined;
  let over = false;
  const server = await startServer(transport, options, () => {
    over = true;
    end?.();
  });
  if (signals && !over) end = drainOnSignals(server as unknown as Server, source);
  return server;
}

function listen(source: SignalSource, signal: DrainSignal, callback: Callback): () => void {
  const signals = SHARED.get(source) ?? new Map<DrainSignal, Shared>();
  SHARED.set(source, signals);
  const { callbacks, listener } = signals.get(signal) ?? newListener(signal);
  if (callbacks.size === 0) {
    try {
      source.on(signal, listener);
    } catch {
      // Windows, for example, does not have every signal.
      return () => undefined;
    }
    signals.set(signal, { callbacks, listener });
  }
  callbacks.add(callback);
  return () => {
    callbacks.delete(callback);
    if (callbacks.size > 0) return;
    signals.delete(signal);
    source.off(signal, listener);
  };
}

function newListener(signal: DrainSignal): Shared {
  const callbacks = new Set<Callback>();
  return {
    callbacks,
    listener: () => {
      for (const callback of callbacks) callback(signal);
    },
  };
}
