/**
 * The result of sending a frame:
 *
 * - `"sent"`: the frame leaves in this tick of the event loop.
 * - `"queued"`: the frame waits behind a write in progress. With `"drop-oldest"` it may still be dropped.
 * - `"dropped"`: there was no room (`slowConsumer`), and nothing of the frame is sent.
 * - `"closed"`: the connection accepts no more frames. With `"reset"` this also means that there was no room for this frame.
 */
export type SendResult = "sent" | "queued" | "dropped" | "closed";
