/** The signals that drain a server. */
export const DRAIN_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const;

/** One of {@link DRAIN_SIGNALS}. */
export type DrainSignal = (typeof DRAIN_SIGNALS)[number];

/** What signals come from: a process. */
export interface SignalSource {
  on(signal: DrainSignal, listener: () => void): unknown;
  off(signal: DrainSignal, listener: () => void): unknown;
}

/**
 * Calls back for every drain signal. Returns what ends that: from then on a signal does what it does by default.
 *
 * Not every system has every signal: one that is refused is left out.
 */
export function onDrainSignal(source: SignalSource, callback: (signal: DrainSignal) => void): () => void {
  const registered: (() => void)[] = [];
  for (const signal of DRAIN_SIGNALS) {
    const listener = () => callback(signal);
    try {
      source.on(signal, listener);
      registered.push(() => source.off(signal, listener));
    } catch {
      // No such signal here.
    }
  }
  return () => {
    for (const unregister of registered.splice(0)) unregister();
  };
}
