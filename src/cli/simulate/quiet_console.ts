const METHODS = ["debug", "dir", "error", "info", "log", "table", "trace", "warn"] as const;

/** Drops what a service writes with `console` while `work` runs: hundreds of simulated servers would write it. */
export async function quietConsole<Result>(work: () => Promise<Result>): Promise<Result> {
  const before = METHODS.map((name) => [name, console[name]] as const);
  for (const name of METHODS) console[name] = () => undefined;
  try {
    return await work();
  } finally {
    for (const [name, method] of before) console[name] = method;
  }
}
