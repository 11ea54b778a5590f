/** How much a connection, or a server, has carried. */
export interface Traffic {
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly framesIn: number;
  readonly framesOut: number;
}

export const NO_TRAFFIC: Traffic = { bytesIn: 0, bytesOut: 0, framesIn: 0, framesOut: 0 };

export function add(one: Traffic, other: Traffic): Traffic {
  return {
    bytesIn: one.bytesIn + other.bytesIn,
    bytesOut: one.bytesOut + other.bytesOut,
    framesIn: one.framesIn + other.framesIn,
    framesOut: one.framesOut + other.framesOut,
  };
}
