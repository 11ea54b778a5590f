/** Bytes that a slow reader is taken to read in a millisecond: a megabit a second. */
const SLOW_READER = 128;
/** What a kernel keeps of a connection, at most: the usual maximum of a send buffer on Linux. */
export const KERNEL_BYTES = 4_194_304;
/** How long a slow reader needs for that. */
const KERNEL_READ_MS = KERNEL_BYTES / SLOW_READER;
/** What is less is not worth a new window. */
const WINDOW_BYTES = 65_536;

/** How fast the peer takes what is written to it, as far as that shows in what the kernel takes. */
export class Pace {
  bytesOut = 0;
  /** When output last began to wait or made progress. */
  progressAt = 0;
  /**
   * While something waits: since when the peer is behind with it. Moves on with every byte that it takes, by the time that
   * the byte may need: so this stands for the average rate. See `ConnectionLimits.writeTimeoutMs`.
   */
  behindSince = 0;
  /** A write was taken that had to wait, and there is more: the peer may still be behind. */
  #goesOn = false;
  /** What was written before the last window of at least {@link KERNEL_READ_MS}, before this one, and when this one may end. */
  #olderBytes = 0;
  #oldBytes = 0;
  #windowEnds = 0;

  /**
   * When the peer will have read what the kernel took lately, if it reads {@link SLOW_READER} a ms. No runtime tells what
   * was acknowledged, so this is what there is to judge by.
   */
  get arrivesAt(): number {
    if (this.bytesOut === 0) return -Infinity;
    return this.progressAt + Math.min((this.bytesOut - this.#olderBytes) / SLOW_READER, KERNEL_READ_MS);
  }

  /** A write begins. */
  protected noteBegun(now: number): void {
    this.progressAt = now;
    if (!this.#goesOn) this.behindSince = now;
    this.#goesOn = false;
  }

  /** The kernel took so many bytes, and there is more: each may need its time at the least rate. */
  protected noteProgress(bytes: number, now: number, minBytesPerSecond: number): void {
    this.progressAt = now;
    this.#goesOn = true;
    if (bytes === 0) return;
    const boughtMs = minBytesPerSecond === Infinity ? Infinity : (bytes * 1_000) / minBytesPerSecond;
    this.behindSince = Math.min(now, this.behindSince + boughtMs);
  }

  /** The kernel took all there was: nobody is behind. */
  protected noteAllTaken(now: number): void {
    this.progressAt = now;
    this.#goesOn = false;
  }

  /** So many bytes are written. */
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
