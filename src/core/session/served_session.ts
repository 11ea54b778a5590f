import { type CloseReason, SpillwayError } from "../errors/errors.ts";
import { encodeError } from "../errors/faults.ts";
import type { Group, Session } from "../handler/session.ts";
import type { Outbox } from "../output/outbox.ts";
import { encodeFrame } from "../output/output_buffer.ts";
import type { SendResult } from "../output/send_result.ts";
import type { ConnectionInfo } from "../transport/connection_info.ts";
import type { Broadcast, Groups, Member } from "./groups.ts";

/** Whoever runs the connection, as far as its {@link ServedSession} needs it. */
export interface SessionControl<Out> {
  readonly outbox: Outbox<Out>;
  /** Whether frames can still be sent. */
  readonly sendable: boolean;
  close(): void;
  closeWrite(): void;
  abort(reason: CloseReason, error: SpillwayError): boolean;
  completeAuthentication(): void;
}

/** A connection's face to user code. */
export class ServedSession<Out, State> implements Session<Out, State>, Member {
  readonly connection: ConnectionInfo;
  state!: State;
  readonly #control: SessionControl<Out>;
  readonly #groups: Groups;
  #authenticating: boolean;
  /** Why nothing new is taken, and whom it is told to. */
  #drainedFor: CloseReason | undefined;
  #draining: AbortController | undefined;
  /** The names of the groups that it is a member of. */
  #joined: Set<string> | undefined;

  constructor(control: SessionControl<Out>, connection: ConnectionInfo, groups: Groups, authenticating: boolean) {
    this.connection = connection;
    this.#control = control;
    this.#groups = groups;
    this.#authenticating = authenticating;
  }

  get authenticating(): boolean {
    return this.#authenticating;
  }

  get draining(): AbortSignal {
    if (this.#draining === undefined) {
      this.#draining = new AbortController();
      if (this.#drainedFor !== undefined) this.#draining.abort(drainError(this.#drainedFor));
    }
    return this.#draining.signal;
  }

  send(frame: Out): SendResult {
    const { outbox, sendable } = this.#control;
    if (!sendable) return "closed";
    let bytes: Uint8Array;
    try {
      bytes = encodeFrame(outbox.encoder, frame);
    } catch (cause) {
      throw encodeError(cause);
    }
    return outbox.push(bytes);
  }

  deliver(broadcast: Broadcast): SendResult {
    const { outbox } = this.#control;
    const bytes = broadcast.encodedBy(outbox.encoder);
    if (bytes !== undefined) return outbox.push(bytes);
    outbox.framesDropped += 1;
    return "dropped";
  }

  flushed(): Promise<boolean> {
    return this.#control.outbox.flushed();
  }

  join(group: string): void {
    if (!this.#control.sendable) return;
    this.#groups.join(group, this);
    this.#joined ??= new Set();
    this.#joined.add(group);
  }

  leave(group: string): void {
    this.#groups.leave(group, this);
    this.#joined?.delete(group);
  }

  /** Nothing new is taken. */
  drain(reason: CloseReason): void {
    if (this.#drainedFor !== undefined) return;
    this.#drainedFor = reason;
    this.#draining?.abort(drainError(reason));
  }

  /** Is a member of nothing any more. */
  leaveAll(): void {
    for (const group of this.#joined ?? []) this.#groups.leave(group, this);
    this.#joined = undefined;
  }

  group(name: string): Group<Out, State> {
    return this.#groups.group(name);
  }

  close(): void {
    this.#control.close();
  }

  closeWrite(): void {
    this.#control.closeWrite();
  }

  abort(): void {
    this.#control.abort("aborted", new SpillwayError("aborted", "the service aborted the connection"));
  }

  completeAuthentication(): void {
    if (!this.#authenticating) return;
    this.#authenticating = false;
    this.#control.completeAuthentication();
  }
}

function drainError(reason: CloseReason): SpillwayError {
  return new SpillwayError(reason, "the connection takes nothing new");
}
