/** The number of bytes that a slow reader is assumed to read in a millisecond: a megabit a second. */
const SLOW_READER = 128;
/** The largest number of bytes that a kernel keeps for a connection: the usual maximum of a send buffer on Linux. */
export const KERNEL_BYTES = 4_194_304;
/** The time that a slow reader needs for that. */
const KERNEL_READ_MS = KERNEL_BYTES / SLOW_READER;
/** Fewer bytes do not begin a new window. */
const WINDOW_BYTES = 65_536;

/** The rate at which the peer takes output, as far as the kernel shows it. */
export class Pace {
  bytesOut = 0;
  /** The instant at which output last began to wait or made progress. */
  progressAt = 0;
  /**
   * The instant since which the peer is behind, while output waits. Each byte that the peer takes moves it on by the
   * time that the byte may need, so that it stands for the average rate. See `ConnectionLimits.writeTimeoutMs`.
   */
  behindSince = 0;
  /** Whether a write that had to wait was taken, and there is more: the peer may still be behind. */
  #goesOn = false;
  /**
   * The bytes written before the last window of at least {@link KERNEL_READ_MS}, and before this one, and the instant
   * at which this one may end.
   */
  #olderBytes = 0;
  #oldBytes = 0;
  #windowEnds = 0;

  /**
   * The instant at which the peer will have read what the kernel took lately, if it reads {@link SLOW_READER} a
   * millisecond. No runtime tells what was acknowledged, so this is all there is to judge by.
   */
  get arrivesAt(): number {
    if (this.bytesOut === 0) return -Infinity;
    return this.progressAt + Math.min((this.bytesOut - this.#olderBytes) / SLOW_READER, KERNEL_READ_MS);
  }

  /** Notes the beginning of a write. */
  protected noteBegun(now: number): void {
    this.progressAt = now;
    if (!this.#goesOn) this.behindSince = now;
    this.#goesOn = false;
  }

  /** Notes that the kernel took `bytes`, and that there is more. Each byte may need its time at the least rate. */
  protected noteProgress(bytes: number, now: number, minBytesPerSecond: number): void {
    this.progressAt = now;
    this.#goesOn = true;
    if (bytes === 0) return;
    const boughtMs = minBytesPerSecond === Infinity ? Infinity : (bytes * 1_000) / minBytesPerSecond;
    this.behindSince = Math.min(now, this.behindSince + boughtMs);
  }

  /** Notes that the kernel took everything: the peer is not behind. */
  protected noteAllTaken(now: number): void {
    this.progressAt = now;
    this.#goesOn = false;
  }

  /** Counts written bytes. */
  protected count(bytes: number): void {
    if (this.bytesOut - this.#oldBytes >= WINDOW_BYTES) this.#startWindow();
    this.bytesOut += bytes;
  }

  #startWindow(): void {
    if (this.progressAt < this.#windowEnds) return;
    this.#olderBytes = this.#oldBytes;
    this.#oldBytes = this.bytesOut;
    this.#windowEnds = this.progressAt + KERNEL_READ_MS;
  }
}
