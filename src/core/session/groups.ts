import type { Presence } from "../bus/bus.ts";
import type { BusEndpoint } from "../bus/bus_endpoint.ts";
import { newOrigin, originOfSession, originText, sessionId } from "../bus/origin.ts";
import { type RecipientKind, TO } from "../bus/wire.ts";
import type { Encoder } from "../codecs/codec.ts";
import type { SpillwayError } from "../errors/errors.ts";
import { encodeError } from "../errors/faults.ts";
import type { BroadcastOptions, BroadcastResult, Group, Recipient, Session } from "../handler/session.ts";
import { checkOptions, type OptionNames } from "../options/option_names.ts";
import { encodeFrame } from "../output/output_buffer.ts";
import type { SendResult } from "../output/send_result.ts";

/** A session as a member of groups. */
export interface Member extends Session<never, unknown> {
  /** Sends a frame of a broadcast. @throws never */
  deliver(broadcast: Broadcast): SendResult;
  /** Whether it is a session of the server with these groups. */
  isOf(groups: Groups): boolean;
}

const BROADCAST_OPTIONS: OptionNames<BroadcastOptions> = { except: true };

class NamedGroup<Out, State> implements Group<Out, State> {
  readonly name: string;
  readonly #groups: Groups;

  constructor(name: string, groups: Groups) {
    this.name = name;
    this.#groups = groups;
  }

  get size(): number {
    return this.#groups.membersOf(TO.group, this.name).size;
  }

  [Symbol.iterator](): Iterator<Session<Out, State>> {
    const members = this.#groups.membersOf(TO.group, this.name);
    return [...(members as Iterable<unknown> as Iterable<Session<Out, State>>)].values();
  }

  broadcast(frame: Out, options?: BroadcastOptions): BroadcastResult {
    if (options !== undefined) checkOptions(options, BROADCAST_OPTIONS);
    return this.#groups.send(TO.group, this.name, frame, options?.except);
  }

  presence(): Promise<Presence> {
    const members = this.size;
    const { bus } = this.#groups;
    if (bus !== undefined) return bus.presence(this.name);
    return Promise.resolve({ members, servers: members > 0 ? 1 : 0, complete: true });
  }
}

/** The sessions with a key, or the one with an identity. */
class NamedRecipient<Out> implements Recipient<Out> {
  readonly key: string;
  readonly #groups: Groups;

  constructor(key: string, groups: Groups) {
    this.key = key;
    this.#groups = groups;
  }

  send(frame: Out): BroadcastResult {
    const to = originOfSession(this.key) === undefined ? TO.key : TO.session;
    return this.#groups.send(to, this.key, frame, undefined);
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

/** The groups of a server, the keys of its sessions, and their way to other servers. */
export class Groups {
  /** Carries frames to other servers, if there are any. */
  bus: BusEndpoint | undefined;
  readonly #groups = new Map<string, Set<Member>>();
  /** The sessions by key, and by identity those that were asked for it. */
  readonly #keys = new Map<string, Set<Member>>();
  #origin: string | undefined;

  /** The number of groups with members. */
  get size(): number {
    return this.#groups.size;
  }

  /** The identity of the server, which begins that of its sessions. */
  get origin(): string {
    this.#origin ??= this.bus?.origin ?? originText(newOrigin());
    return this.#origin;
  }

  /** @throws {TypeError} the name is not a string */
  group<Out, State = unknown>(name: string): Group<Out, State> {
    return new NamedGroup(checkName(name), this);
  }

  /** @throws {TypeError} the key is not a string */
  to<Out>(key: string): Recipient<Out> {
    return new NamedRecipient(checkName(key, "a key"), this);
  }

  all<Out, State>(): Iterable<Group<Out, State>> {
    return { [Symbol.iterator]: () => [...this.#groups.keys()].map((name) => this.group<Out, State>(name)).values() };
  }

  membersOf(to: RecipientKind, name: string): ReadonlySet<Member> {
    return this.#table(to).get(name) ?? NOBODY;
  }

  join(name: string, member: Member): void {
    this.#add(TO.group, checkName(name), member);
  }

  leave(name: string, member: Member): void {
    this.#delete(TO.group, checkName(name), member);
  }

  /** @throws {TypeError} the key is not a string, or has the form of the identity of a session */
  addKey(key: string, member: Member): void {
    if (originOfSession(checkName(key, "a key")) !== undefined) {
      throw new TypeError(`a key must not look like the id of a session, as ${key} does`);
    }
    this.#add(TO.key, key, member);
  }

  removeKey(key: string, member: Member): void {
    this.#delete(originOfSession(checkName(key, "a key")) === undefined ? TO.key : TO.session, key, member);
  }

  /** Makes a session known by its identity, and returns that. */
  addId(member: Member, known: boolean): string {
    const id = sessionId(this.origin, member.connection.id);
    if (known) this.#add(TO.session, id, member);
    return id;
  }

  /**
   * Sends a frame to the members here, and to those of other servers.
   *
   * @throws {SpillwayError} what {@link Group.broadcast} throws
   */
  send(to: RecipientKind, name: string, frame: unknown, except: Session<never> | undefined): BroadcastResult {
    const { bus } = this;
    const local = to === TO.session && originOfSession(name) === this.origin;
    if (bus === undefined || local) return this.#deliver(to, name, frame, except);
    const own = except === undefined || (except as Partial<Member>).isOf?.(this) === true;
    const exceptId = own ? "" : except.id;
    const prepared = bus.prepare(to, name, frame, exceptId);
    const result = this.#deliver(to, name, frame, except);
    bus.publish(prepared);
    return result;
  }

  /** Delivers a frame of another server. @throws {SpillwayError} no member's codec can encode it */
  deliverHere(to: RecipientKind, name: string, frame: unknown, exceptId: string): void {
    const [except] = exceptId === "" ? NOBODY : this.membersOf(TO.session, exceptId);
    this.#deliver(to, name, frame, except);
  }

  #deliver(to: RecipientKind, name: string, frame: unknown, except: Session<never> | undefined): BroadcastResult {
    const broadcast = new Broadcast(frame);
    let sent = 0;
    let dropped = 0;
    for (const member of this.membersOf(to, name)) {
      if (member === except) continue;
      const result = member.deliver(broadcast);
      if (result === "sent" || result === "queued") sent += 1;
      else dropped += 1;
    }
    if (broadcast.refusal !== undefined) throw broadcast.refusal;
    return { sent, dropped };
  }

  #table(to: RecipientKind): Map<string, Set<Member>> {
    return to === TO.group ? this.#groups : this.#keys;
  }

  #add(to: RecipientKind, name: string, member: Member): void {
    const table = this.#table(to);
    const members = table.get(name);
    if (members !== undefined) {
      members.add(member);
      return;
    }
    table.set(name, new Set([member]));
    if (to !== TO.session) this.bus?.onFirst(to, name);
  }

  #delete(to: RecipientKind, name: string, member: Member): void {
    const table = this.#table(to);
    const members = table.get(name);
    if (members?.delete(member) !== true || members.size > 0) return;
    table.delete(name);
    if (to !== TO.session) this.bus?.onLast(to, name);
  }
}

function checkName(name: string, what: string = "a group's name"): string {
  if (typeof name !== "string") throw new TypeError(`${what} must be a string, not ${typeof name}`);
  return name;
}
