/** Messages of DNS, for a test: made by hand, so that they can be wrong. */

/** A name as it travels. */
export function nameBytes(name: string): number[] {
  const labels = name === "" ? [] : name.split(".");
  return [...labels.flatMap((label) => [label.length, ...latin1(label)]), 0];
}

export function latin1(text: string): number[] {
  return Array.from(text, (character) => character.charCodeAt(0));
}

export function uint16(number: number): [number, number] {
  return [number >> 8, number & 0xff];
}

/** The parts of a query besides its name. */
export interface QueryParts {
  readonly id?: number;
  readonly flags?: number;
  /** Questions, answers, authorities, additional records. */
  readonly counts?: readonly number[];
  readonly name?: readonly number[];
  readonly type?: number;
  readonly class?: number;
  /** The bytes behind the question. */
  readonly rest?: readonly number[];
}

/** A query as it travels, without its length. */
export function queryBytes(name: string, type: number, parts: QueryParts = {}): Uint8Array<ArrayBuffer> {
  return Uint8Array.from([
    ...uint16(parts.id ?? 0x1234),
    ...uint16(parts.flags ?? 0x0100),
    ...(parts.counts ?? [1, 0, 0, 0]).flatMap(uint16),
    ...(parts.name ?? nameBytes(name)),
    ...uint16(parts.type ?? type),
    ...uint16(parts.class ?? 1),
    ...(parts.rest ?? []),
  ]);
}

/** An OPT record: EDNS. */
export function optBytes(version = 0, flags = 0, options: readonly number[] = []): number[] {
  return [0, ...uint16(41), ...uint16(1_232), 0, version, flags, 0, ...uint16(options.length), ...options];
}

/** The fields of a reply's header. */
export function header(reply: Uint8Array) {
  const view = new DataView(reply.buffer, reply.byteOffset, reply.length);
  const flags = view.getUint16(2);
  return {
    id: view.getUint16(0),
    response: flags >> 15 === 1,
    authoritative: (flags & 0x400) !== 0,
    rcode: flags & 0xf,
    counts: [4, 6, 8, 10].map((at) => view.getUint16(at)),
  };
}
