import type { Encoder } from "../codecs/codec.ts";
import type { SpillwayError } from "../errors/errors.ts";
import { encodeError } from "../errors/faults.ts";
import type { BroadcastOptions, BroadcastResult, Group, Session } from "../handler/session.ts";
import { checkOptions, type OptionNames } from "../options/option_names.ts";
import { encodeFrame } from "../output/output_buffer.ts";
import type { SendResult } from "../output/send_result.ts";

/** A session as its groups see it. */
export interface Member extends Session<never, unknown> {
  /** Sends a frame that others get too. @throws never */
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

/** A frame on its way to many: encoded once for each encoder. */
export class Broadcast {
  readonly #frame: unknown;
  /** What was made of it. Mostly all members have the encoder of the member before. */
  readonly #made = new Map<Encoder<never>, Uint8Array | undefined>();
  #last: Encoder<never> | undefined;
  #bytes: Uint8Array | undefined;
  /** Whether an encoder took it, and what one threw. */
  #taken = false;
  #error: SpillwayError | undefined;

  constructor(frame: unknown) {
    this.#frame = frame;
  }

  /** Why it is no frame of anybody's; `undefined` when an encoder took it, or was never asked. */
  get refusal(): SpillwayError | undefined {
    return this.#taken ? undefined : this.#error;
  }

  /** The bytes that this encoder makes of it, which nobody may change; `undefined` when it refused. */
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

  /** How many have members. */
  get size(): number {
    return this.#groups.size;
  }

  /** @throws {TypeError} the name is not a string */
  group<Out, State = unknown>(name: string): Group<Out, State> {
    return new NamedGroup(checkName(name), this.#groups);
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
