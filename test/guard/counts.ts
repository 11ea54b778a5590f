/** The core's calls to the outside: to its transport, its clock and its codec. They are the same on every runtime. */
export interface Counts {
  /** Chunks that were asked for. */
  reads: number;
  writes: number;
  /** Chunks that were given back, to be read into again. */
  recycled: number;
  /** WHATWG streams that were made. */
  streams: number;
  timersSet: number;
  timersCleared: number;
  clockReads: number;
  /** Frames that were encoded: only where the case counts them. */
  encoded: number;
}

export function noCounts(): Counts {
  return {
    reads: 0,
    writes: 0,
    recycled: 0,
    streams: 0,
    timersSet: 0,
    timersCleared: 0,
    clockReads: 0,
    encoded: 0,
  };
}
