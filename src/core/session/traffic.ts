/** The traffic of a connection or a server. */
export interface Traffic {
  /** The number of bytes received. */
  readonly bytesIn: number;
  /** The number of bytes sent. */
  readonly bytesOut: number;
  /** The number of frames received. */
  readonly framesIn: number;
  /** The number of frames sent: replies, pushes and broadcasts. */
  readonly framesOut: number;
  /** The number of pushes dropped for want of room, because the peer reads too slowly. */
  readonly framesDropped: number;
  /**
   * The number of bytes in `bytesIn` that never reached the decoder, because the connection drained, was closed, failed
   * or broke. Absent if there are none.
   */
  readonly bytesDiscarded?: number;
}

type Incoming = Pick<Traffic, "bytesIn" | "framesIn"> & { readonly bytesDiscarded: number };
type Outgoing = Pick<Traffic, "bytesOut" | "framesOut" | "framesDropped">;

export const NO_TRAFFIC: Traffic = { bytesIn: 0, bytesOut: 0, framesIn: 0, framesOut: 0, framesDropped: 0 };

export function add(one: Traffic, other: Traffic): Traffic {
  const bytesDiscarded = (one.bytesDiscarded ?? 0) + (other.bytesDiscarded ?? 0);
  const sum = {
    bytesIn: one.bytesIn + other.bytesIn,
    bytesOut: one.bytesOut + other.bytesOut,
    framesIn: one.framesIn + other.framesIn,
    framesOut: one.framesOut + other.framesOut,
    framesDropped: one.framesDropped + other.framesDropped,
  };
  return bytesDiscarded === 0 ? sum : { ...sum, bytesDiscarded };
}

/** Returns the traffic of a connection. */
export function carriedBy(inbox: Incoming, outbox: Outgoing): Traffic {
  const { bytesDiscarded, bytesIn, framesIn } = inbox;
  const { bytesOut, framesOut, framesDropped } = outbox;
  const traffic = { bytesIn, bytesOut, framesIn, framesOut, framesDropped };
  return bytesDiscarded === 0 ? traffic : { ...traffic, bytesDiscarded };
}
