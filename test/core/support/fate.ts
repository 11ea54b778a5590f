/** What became of a promise so far. */
export interface Fate {
  readonly now: "pending" | "fulfilled" | "rejected";
  /** What it rejected with. */
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
