import type { Client } from "./client.ts";
import type { ClientEvent } from "./client_event.ts";

/**
 * Gets every event, synchronously, and the client: the first events come before `connect()` has returned. It may call anything
 * of the client. What it throws is counted (`client.stats().observerErrors`), reported with `console.error`, and goes no further.
 */
export type ClientObserver<In = unknown, Out = unknown> = (event: ClientEvent, client: Client<In, Out>) => void;
