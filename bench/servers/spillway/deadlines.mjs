// @ts-check
// Every deadline on, none of which passes during the bench.

export const deadlines = {
  idleTimeoutMs: 300_000,
  silenceTimeoutMs: 600_000,
  frameTimeoutMs: 30_000,
  handlerTimeoutMs: 30_000,
  writeTimeoutMs: 30_000,
  lifetimeMs: 3_600_000,
};
