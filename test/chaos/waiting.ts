export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Waits for a promise so long at most. @throws {Error} with `otherwise`: the time is up */
export async function within<Value>(ms: number, promise: Promise<Value>, otherwise: string): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(otherwise)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits until something holds. Returns whether it did in time. */
export async function holdsWithin(ms: number, holds: () => boolean): Promise<boolean> {
  const endAt = performance.now() + ms;
  while (!holds()) {
    if (performance.now() > endAt) return false;
    await sleep(20);
  }
  return true;
}
