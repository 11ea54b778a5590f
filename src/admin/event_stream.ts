import type { ServerResponse } from "node:http";
import type { Clock, ServerEvent } from "../core/mod.ts";
import type { Answer } from "./answer.ts";
import { type EventRecord, eventRecord } from "./event_record.ts";
import { Refusal } from "./refusal.ts";
import type { RoutedRequest } from "./route.ts";

const CONTENT_TYPE = "text/event-stream; charset=utf-8";

/** Limits of the streams of events. */
export interface StreamBounds {
  readonly maxStreams: number;
  /** Events are written together, so that a flood costs a few writes. */
  readonly flushMs: number;
  /** The number of events of connections in one flush. Further ones are counted. */
  readonly maxEventsPerFlush: number;
  /** The number of bytes that may wait for one reader. Beyond that its events are counted. */
  readonly maxWaitingBytes: number;
  /** A reader that has taken nothing for so long is disconnected. */
  readonly stuckMs: number;
  readonly heartbeatMs: number;
}

export const STREAM_BOUNDS: StreamBounds = {
  maxStreams: 8,
  flushMs: 100,
  maxEventsPerFlush: 100,
  maxWaitingBytes: 65_536,
  stuckMs: 30_000,
  heartbeatMs: 15_000,
};

interface Stream {
  readonly response: ServerResponse;
  /** The number of events that the reader has missed since it was last told. */
  dropped: number;
  /** Since when the reader takes nothing. */
  stuckSince: number | undefined;
}

/**
 * Sends the events of a server to those who watch (server-sent events). Without a watcher an event costs a comparison.
 *
 * Nothing waits for a reader: what does not fit is dropped and counted, and the next message that fits says how many were
 * missed (`event: dropped`). Events of connections are limited in number; those of the server itself are always sent.
 */
export class EventStream {
  readonly #clock: Clock;
  readonly #bounds: StreamBounds;
  readonly #streams = new Set<Stream>();
  /** Called when somebody begins to watch. */
  onWatched: () => void = () => undefined;
  #text = "";
  #events = 0;
  #eventsOfConnections = 0;
  #surplus = 0;
  #flushTimer: unknown;
  #heartbeatTimer: unknown;

  constructor(clock: Clock, bounds: StreamBounds = STREAM_BOUNDS) {
    this.#clock = clock;
    this.#bounds = bounds;
  }

  get size(): number {
    return this.#streams.size;
  }

  /** @throws {Refusal} there are as many streams as may be */
  checkRoom(): void {
    const { maxStreams } = this.#bounds;
    if (this.#streams.size < maxStreams) return;
    const message = `${maxStreams} streams of events are open, which is the limit: close one of them`;
    throw new Refusal(503, "too-many-streams", message, { "Retry-After": "5" });
  }

  /** Sends events to a response, whose head has been written, until it closes. */
  open(response: ServerResponse): void {
    const stream: Stream = { response, dropped: 0, stuckSince: undefined };
    this.#streams.add(stream);
    response.on("close", () => this.#remove(stream));
    response.on("error", () => this.#remove(stream));
    response.write("retry: 2000\n\n");
    if (this.#streams.size > 1) return;
    this.#startHeartbeat();
    this.onWatched();
  }

  /** Answers a request for the events with a stream of them. @throws {Refusal} there are as many streams as may be */
  answer({ headOnly, stream }: RoutedRequest): Answer | undefined {
    if (headOnly) return { status: 200, contentType: CONTENT_TYPE, body: "" };
    this.checkRoom();
    this.open(stream(CONTENT_TYPE));
    return undefined;
  }

  observe(event: ServerEvent): void {
    if (this.#streams.size > 0) this.publish(eventRecord(event), "connection" in event);
  }

  /** Sends a record. Those of connections are limited in number. */
  publish(record: EventRecord, ofConnection: boolean): void {
    if (this.#streams.size === 0) return;
    if (ofConnection) {
      if (this.#eventsOfConnections >= this.#bounds.maxEventsPerFlush) return this.miss(1);
      this.#eventsOfConnections += 1;
    }
    this.#events += 1;
    this.#text += `event: ${record.type}\ndata: ${JSON.stringify(record)}\n\n`;
    this.#flushSoon();
  }

  /** Counts events that are not sent. */
  miss(count: number): void {
    if (this.#streams.size === 0 || count === 0) return;
    this.#surplus += count;
    this.#flushSoon();
  }

  /** Ends all streams. */
  close(): void {
    this.#flush();
    for (const { response } of this.#streams) response.end();
    this.#streams.clear();
    this.#stopTimers();
  }

  #flushSoon(): void {
    this.#flushTimer ??= this.#later(() => this.#flush(), this.#bounds.flushMs);
  }

  #flush(): void {
    this.#clock.clearTimeout(this.#flushTimer);
    this.#flushTimer = undefined;
    for (const stream of this.#streams) this.#send(stream);
    this.#text = "";
    this.#events = 0;
    this.#eventsOfConnections = 0;
    this.#surplus = 0;
  }

  #send(stream: Stream): void {
    if (!this.#hasRoom(stream)) {
      stream.dropped += this.#events + this.#surplus;
      return;
    }
    const count = stream.dropped + this.#surplus;
    stream.dropped = 0;
    const text = count === 0 ? this.#text : `${this.#text}event: dropped\ndata: ${JSON.stringify({ count })}\n\n`;
    if (text !== "") stream.response.write(text);
  }

  #hasRoom(stream: Stream): boolean {
    if (stream.response.writableLength <= this.#bounds.maxWaitingBytes) {
      stream.stuckSince = undefined;
      return true;
    }
    stream.stuckSince ??= this.#clock.now();
    if (this.#clock.now() - stream.stuckSince >= this.#bounds.stuckMs) stream.response.destroy();
    return false;
  }

  #startHeartbeat(): void {
    this.#heartbeatTimer = this.#later(() => {
      for (const stream of this.#streams) {
        if (!this.#hasRoom(stream)) continue;
        const { dropped } = stream;
        stream.dropped = 0;
        stream.response.write(dropped === 0 ? ": \n\n" : `event: dropped\ndata: {"count":${dropped}}\n\n`);
      }
      if (this.#streams.size > 0) this.#startHeartbeat();
    }, this.#bounds.heartbeatMs);
  }

  #remove(stream: Stream): void {
    this.#streams.delete(stream);
    if (this.#streams.size === 0) this.#stopTimers();
  }

  #stopTimers(): void {
    this.#clock.clearTimeout(this.#flushTimer);
    this.#clock.clearTimeout(this.#heartbeatTimer);
    this.#flushTimer = undefined;
    this.#heartbeatTimer = undefined;
    this.#text = "";
    this.#events = 0;
    this.#eventsOfConnections = 0;
    this.#surplus = 0;
  }

  /** A timer that does not keep the process alive. */
  #later(callback: () => void, delayMs: number): unknown {
    const timer = this.#clock.setTimeout(callback, delayMs);
    (timer as { unref?: () => void } | undefined)?.unref?.();
    return timer;
  }
}
