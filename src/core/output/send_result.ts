/**
 * What became of a frame that was sent:
 *
 * - `"sent"`: it leaves in this tick of the event loop.
 * - `"queued"`: it waits behind what is being written. With `"drop-oldest"` it may still be dropped.
 * - `"dropped"`: there was no room (`slowConsumer`), and nothing of it is sent.
 * - `"closed"`: the connection takes no more frames; with `"reset"`, for want of room for this one.
 */
export type SendResult = "sent" | "queued" | "dropped" | "closed";
