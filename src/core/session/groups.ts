import type { Encoder } from "../codecs/codec.ts";
import type { SpillwayError } from "../errors/errors.ts";
import { encodeError } from "../errors/faults.ts";
import type { BroadcastOptions, BroadcastResult, Group, Session } from "../handler/session.ts";
import { checkOptions, type OptionNames } from "../options/option_names.ts";
import { encodeFrame } from "../output/output_buffer.ts";
import type { SendResult } from "../output/send_result.ts";

/** A session as a member of groups. */
export interface Member extends Session<never, unknown> {
  /** Sends a frame of a broadcast. @throws never */
  deliver(broadcast: Broadcast): SendResult;
}

const BROADCAST_OPTIONS: OptionNames<BroadcastOptions> = { except: true };

class NamedGroup<Out, State> implements Group<Out, State> {
  readonly name: string;
  readonly #groups: ReadonlyMap<string, ReadonlySet<Member>>;

  constructor(name: string, groups: ReadonlyMap<string, ReadonlySet<Member>>) {
    this.name = name;
    this.#groups = groups;
  }

  get size(): number {
    return this.#members.size;
  }

  [Symbol.iterator](): Iterator<Session<Out, State>> {
    return [...(this.#members as Iterable<unknown> as Iterable<Session<Out, State>>)].values();
  }

  broadcast(frame: Out, options?: BroadcastOptions): BroadcastResult {
    if (options !== undefined) checkOptions(options, BROADCAST_OPTIONS);
    const except = options?.except;
    const broadcast = new Broadcast(frame);
    let sent = 0;
    let dropped = 0;
    for (const member of this.#members) {
      if (member === except) continue;
      const result = member.deliver(broadcast);
      if (result === "sent" || result === "queued") sent += 1;
      else dropped += 1;
    }
    if (broadcast.refusal !== undefined) throw broadcast.refusal;
    return { sent, dropped };
  }

  get #members(): ReadonlySet<Member> {
    return this.#groups.get(this.name) ?? NOBODY;
  }
}

const NOBODY: ReadonlySet<Member> = new Set();

/** A frame that is sent to many sessions, encoded once for each encoder. */
export class Broadcast {
  readonly #frame: unknown;
  /** The bytes by encoder. Usually a member has the encoder of the member before. */
  readonly #made = new Map<Encoder<never>, Uint8Array | undefined>();
  #last: Encoder<never> | undefined;
  #bytes: Uint8Array | undefined;
  /** Whether an encoder accepted the frame, and the last error of one that did not. */
  #taken = false;
  #error: SpillwayError | undefined;

  constructor(frame: unknown) {
    this.#frame = frame;
  }

  /** The error if no encoder accepted the frame; `undefined` when one did, or none was asked. */
  get refusal(): SpillwayError | undefined {
    return this.#taken ? undefined : this.#error;
  }

  /** Returns the bytes of this encoder, which must not be changed, or `undefined` when it refused the frame. */
  encodedBy(encoder: Encoder<never>): Uint8Array | undefined {
    if (encoder === this.#last) return this.#bytes;
    if (!this.#made.has(encoder)) this.#made.set(encoder, this.#encode(encoder));
    this.#last = encoder;
    this.#bytes = this.#made.get(encoder);
    return this.#bytes;
  }

  #encode(encoder: Encoder<never>): Uint8Array | undefined {
    try {
      const bytes = encodeFrame(encoder, this.#frame as never);
      this.#taken = true;
      return bytes;
    } catch (cause) {
      this.#error = encodeError(cause);
      return undefined;
    }
  }
}

/** The groups of a server. */
export class Groups {
  readonly #groups = new Map<string, Set<Member>>();

  /** The number of groups with members. */
  get size(): number {
    return this.#groups.size;
  }

  /** @throws {TypeError} the name is not a string */
  group<Out, State = unknown>(name: string): Group<Out, State> {
    return new NamedGroup(checkName(name), this.#groups);
  }

  all<Out, State>(): Iterable<Group<Out, State>> {
    return { [Symbol.iterator]: () => [...this.#groups.keys()].map((name) => this.group<Out, State>(name)).values() };
  }

  join(name: string, member: Member): void {
    const members = this.#groups.get(checkName(name));
    if (members === undefined) this.#groups.set(name, new Set([member]));
    else members.add(member);
  }

  leave(name: string, member: Member): void {
    const members = this.#groups.get(checkName(name));
    if (members?.delete(member) && members.size === 0) this.#groups.delete(name);
  }
}

function checkName(name: string): string {
  if (typeof name !== "string") throw new TypeError(`a group's name must be a string, not ${typeof name}`);
  return name;
}
