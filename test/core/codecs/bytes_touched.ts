interface TypedArrayMethods {
  indexOf(value: number, from?: number): number;
  set(source: ArrayLike<number>, offset?: number): void;
  slice(start?: number, end?: number): Uint8Array;
}

/** Bytes that are searched and copied while `work` runs: the cost of a decoder, without a stopwatch. */
export function bytesTouched(work: () => void): number {
  const methods = Object.getPrototypeOf(Uint8Array.prototype) as TypedArrayMethods;
  const { indexOf, set, slice } = methods;
  let touched = 0;
  methods.indexOf = function (this: Uint8Array, value, from = 0) {
    const at = indexOf.call(this, value, from);
    touched += (at < 0 ? this.length : at + 1) - from;
    return at;
  };
  methods.set = function (this: Uint8Array, source, offset) {
    touched += source.length;
    set.call(this, source, offset);
  };
  methods.slice = function (this: Uint8Array, start, end) {
    const copy = slice.call(this, start, end);
    touched += copy.length;
    return copy;
  };
  try {
    work();
  } finally {
    Object.assign(methods, { indexOf, set, slice });
  }
  return touched;
}
