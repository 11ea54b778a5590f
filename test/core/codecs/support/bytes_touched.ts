interface TypedArrayMethods {
  indexOf(value: number, from?: number): number;
  lastIndexOf(value: number, from?: number): number;
  slice(start?: number, end?: number): Uint8Array;
  set(source: ArrayLike<number>, offset?: number): void;
}

/** Bytes that are searched and copied while `work` runs: the cost of a decoder, without a stopwatch. */
export function bytesTouched(work: () => void): number {
  const methods = Object.getPrototypeOf(Uint8Array.prototype) as TypedArrayMethods;
  const { indexOf, lastIndexOf, set, slice } = methods;
  let touched = 0;
  methods.indexOf = function (this: Uint8Array, value: number, from = 0) {
    const at = indexOf.call(this, value, from);
    touched += (at < 0 ? this.length : at + 1) - from;
    return at;
  };
  methods.lastIndexOf = function (this: Uint8Array, value: number, from = this.length - 1) {
    const at = lastIndexOf.call(this, value, from);
    touched += from - at + (at < 0 ? 0 : 1);
    return at;
  };
  methods.slice = function (this: Uint8Array, start?: number, end?: number) {
    const copy = slice.call(this, start, end);
    touched += copy.length;
    return copy;
  };
  methods.set = function (this: Uint8Array, source: ArrayLike<number>, offset?: number) {
    touched += source.length;
    set.call(this, source, offset);
  };
  try {
    work();
  } finally {
    Object.assign(methods, { indexOf, lastIndexOf, set, slice });
  }
  return touched;
}

/** Bytes that are decoded as text while `work` runs. */
export function bytesDecoded(work: () => void): number {
  const { prototype } = TextDecoder;
  const { decode } = prototype;
  let decoded = 0;
  prototype.decode = function (this: TextDecoder, input, options) {
    decoded += input?.byteLength ?? 0;
    return decode.call(this, input, options);
  };
  try {
    work();
  } finally {
    prototype.decode = decode;
  }
  return decoded;
}

/** The largest buffer that is made while `work` runs. */
export function largestBuffer(work: () => void): number {
  const native = globalThis.Uint8Array;
  let largest = 0;
  globalThis.Uint8Array = new Proxy(native, {
    construct(target, args: ConstructorParameters<typeof Uint8Array>) {
      const made = Reflect.construct(target, args) as Uint8Array;
      largest = Math.max(largest, made.length);
      return made;
    },
  });
  try {
    work();
  } finally {
    globalThis.Uint8Array = native;
  }
  return largest;
}
