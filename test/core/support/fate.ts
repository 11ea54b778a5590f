/** The state of a promise, kept up to date. */
export interface Fate {
  readonly now: "pending" | "fulfilled" | "rejected";
  /** The error with which the promise rejected. */
  readonly error?: unknown;
}

export function fate(promise: Promise<unknown>): Fate {
  const seen: { now: Fate["now"]; error?: unknown } = { now: "pending" };
  promise.then(
    () => {
      seen.now = "fulfilled";
    },
    (error: unknown) => {
      seen.now = "rejected";
      seen.error = error;
    },
  );
  return seen;
}
