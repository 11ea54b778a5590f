/** How much a connection, or a server, has carried. */
export interface Traffic {
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly framesIn: number;
  readonly framesOut: number;
  /** Frames that were sent to somebody who does not read, and had no room. */
  readonly framesDropped: number;
}

type Incoming = Pick<Traffic, "bytesIn" | "framesIn">;
type Outgoing = Pick<Traffic, "bytesOut" | "framesOut" | "framesDropped">;

export const NO_TRAFFIC: Traffic = { bytesIn: 0, bytesOut: 0, framesIn: 0, framesOut: 0, framesDropped: 0 };

export function add(one: Traffic, other: Traffic): Traffic {
  return {
    bytesIn: one.bytesIn + other.bytesIn,
    bytesOut: one.bytesOut + other.bytesOut,
    framesIn: one.framesIn + other.framesIn,
    framesOut: one.framesOut + other.framesOut,
    framesDropped: one.framesDropped + other.framesDropped,
  };
}

/** How much went through the two sides of a connection. */
export function carriedBy(inbox: Incoming, outbox: Outgoing): Traffic {
  const { bytesIn, framesIn } = inbox;
  const { bytesOut, framesOut, framesDropped } = outbox;
  return { bytesIn, bytesOut, framesIn, framesOut, framesDropped };
}
