/** How much a connection, or a server, has carried. */
export interface Traffic {
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly framesIn: number;
  readonly framesOut: number;
  /** Frames that were sent to somebody who does not read, and had no room. */
  readonly framesDropped: number;
  /**
   * Of `bytesIn`, those that never reached the decoder, because the connection was ending: it drained, was closed, failed or broke.
   * Left out when there are none.
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

/** How much went through the two sides of a connection. */
export function carriedBy(inbox: Incoming, outbox: Outgoing): Traffic {
  const { bytesDiscarded, bytesIn, framesIn } = inbox;
  const { bytesOut, framesOut, framesDropped } = outbox;
  const traffic = { bytesIn, bytesOut, framesIn, framesOut, framesDropped };
  return bytesDiscarded === 0 ? traffic : { ...traffic, bytesDiscarded };
}
