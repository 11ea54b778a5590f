import { BrokenInvariant } from "./broken_invariant.ts";

/** The faults that a simulation can find in a service, each with advice. */
export const FINDINGS = {
  "handler-failed": "Return an error reply for input that cannot be handled, and catch what can fail.",
  "handler-timeout":
    "Make the handler settle in every case, and stop at context.signal. Work that takes longer needs a longer handlerTimeoutMs.",
  "hook-failed": "Catch what can fail in the hook.",
  "codec-failed":
    "A decoder throws only SpillwayError, with frame-too-large or frame-invalid; an encoder, with reply-invalid.",
  "frame-refused":
    "The decoder refuses a frame that it accepts in one piece: keep what is incomplete until the next push.",
  "frames-differ": "The decoder must not depend on how the bytes are cut: keep what is incomplete until the next push.",
  "frame-undecodable":
    "The encoder must escape or refuse (reply-invalid) what the decoder would take for the end of a frame.",
  "reply-lost":
    "Return the reply from the handler. A frame sent with session.send after the handler has finished may come too late.",
  "reply-order":
    "Return replies from the handler: they leave in the order of their frames. Keep what belongs to a frame in local variables, and what belongs to a connection in session.state, not in variables of the module.",
  "reply-differs":
    "Keep what belongs to a frame in local variables, and what belongs to a connection in session.state, not in variables of the module. If the reply may depend on time or load, ignore this kind.",
  "reply-twice": "A returned frame is a reply: do not send it with session.send, too.",
  "check-failed": "The check of the module has refused the reply.",
  "drain-cut":
    "Work must stop when session.draining aborts, and onDrain must settle: the drain cuts off what has not finished in drainTimeoutMs.",
  "uncaught-error": "Await every promise, or catch its errors; catch errors in timers and event listeners.",
  "memory-growth":
    "Something keeps what belongs to connections that have ended, or to frames that were answered: remove it in onDisconnect.",
  "timers-left":
    "A timer belongs to a connection that has ended: clear it in onDisconnect, or when session.draining aborts.",
} as const;

/** The kind of a {@link Finding}. */
export type FindingKind = keyof typeof FINDINGS;

/** A fault of a service that a simulation has found. */
export class Finding extends BrokenInvariant {
  /** The kind. */
  readonly found: FindingKind;

  /** Made where a simulation finds it. */
  constructor(found: FindingKind, message: string, options?: ErrorOptions) {
    super(found, message);
    this.found = found;
    if (options?.cause !== undefined) this.cause = options.cause;
  }

  /** The advice for its kind. */
  get advice(): string {
    return FINDINGS[this.found];
  }
}
