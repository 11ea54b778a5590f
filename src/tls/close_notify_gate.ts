import { Buffer } from "node:buffer";
import type { Bytes } from "../core/mod.ts";
import { TrafficKey } from "./traffic_key.ts";

const HEADER_BYTES = 5;
const ALERT = 21;
const APPLICATION_DATA = 23;
/** Level, description, the type of the content, and the tag: an alert of TLS 1.3 without padding. */
const ALERT_BYTES = 2 + 1 + 16;
const PLAIN_ALERT_BYTES = 2;
const CLOSE_NOTIFY = 0;
/** The encrypted records of a peer's handshake: certificates, signature, Finished, each in records of its own. */
const MAX_HANDSHAKE_RECORDS = 16;

/**
 * Keeps close_notify from the TLS implementation of Bun, which answers it with its own and drops what is still to be
 * sent. It lets all other records through, as they come.
 *
 * With TLS 1.3 an alert looks like application data of two bytes, and cannot be told from it without the key. The TLS
 * socket tells the secret as it would tell a key log. The secret serves for nothing else, and stays here.
 *
 * With TLS 1.2 any encrypted alert counts: no other one goes on with the connection.
 */
export class CloseNotifyGate {
  /** Whether close_notify has come. */
  closed = false;
  /** The label of the peer's secret in a key log. */
  readonly #label: string;
  /** The keys that may be the peer's, and the number of records of the handshake before it, once that is known. */
  #keys: TrafficKey[] = [];
  /** The peer's secret, until its keys are needed. */
  #secret: Uint8Array | undefined;
  #handshakeRecords: number | undefined;
  /** The number of encrypted records so far. */
  #records = 0;
  /** The bytes of the present record that are still to come, and go through. */
  #passing = 0;
  /** The beginning of a record that may be an alert, or of which too little has come to know. */
  #begun: Bytes | undefined;

  constructor(peer: "client" | "server") {
    this.#label = `${peer.toUpperCase()}_TRAFFIC_SECRET_0`;
  }

  /** Takes a line of a key log. */
  learn(line: Uint8Array): void {
    const [label, , secret = ""] = Buffer.from(line).toString("latin1").trim().split(" ");
    if (label === this.#label) this.#secret = Buffer.from(secret, "hex");
  }

  /** Takes what has come, and returns what the TLS implementation gets of it now. */
  take(chunk: Bytes): Bytes {
    const bytes = this.#begun === undefined ? chunk : joined(this.#begun, chunk);
    this.#begun = undefined;
    let at = Math.min(this.#passing, bytes.length);
    this.#passing -= at;
    while (bytes.length >= at + HEADER_BYTES) {
      const type = bytes[at];
      const length = ((bytes[at + 3] as number) << 8) | (bytes[at + 4] as number);
      const end = at + HEADER_BYTES + length;
      if (type === ALERT || (type === APPLICATION_DATA && length === ALERT_BYTES)) {
        if (end > bytes.length) break;
        this.closed = this.#isCloseNotify(bytes.subarray(at, end));
        if (this.closed) return bytes.subarray(0, at);
      }
      if (type === APPLICATION_DATA) this.#records += 1;
      at = end;
    }
    this.#passing += Math.max(0, at - bytes.length);
    if (at >= bytes.length) return bytes;
    this.#begun = bytes.slice(at);
    return bytes.subarray(0, at);
  }

  #isCloseNotify(record: Bytes): boolean {
    // In plain it belongs to the handshake.
    if (record[0] === ALERT) return record.length > HEADER_BYTES + PLAIN_ALERT_BYTES;
    const content = this.#open(record);
    return content?.[1] === CLOSE_NOTIFY && content[2] === ALERT;
  }

  /** Decrypts a record of TLS 1.3. When that fails, as after a change of keys, no further one is tried. */
  #open(record: Bytes): Uint8Array | undefined {
    if (this.#secret !== undefined) this.#keys = TrafficKey.of(this.#secret);
    this.#secret = undefined;
    for (const key of this.#keys) {
      for (const before of this.#candidates()) {
        const content = before > this.#records ? undefined : key.open(record, this.#records - before);
        if (content === undefined) continue;
        this.#keys = [key];
        this.#handshakeRecords = before;
        return content;
      }
    }
    this.#keys = [];
    return undefined;
  }

  #candidates(): number[] {
    if (this.#handshakeRecords !== undefined) return [this.#handshakeRecords];
    return Array.from({ length: MAX_HANDSHAKE_RECORDS }, (_, index) => index + 1);
  }
}

function joined(begun: Bytes, rest: Bytes): Bytes {
  const all = new Uint8Array(begun.length + rest.length);
  all.set(begun);
  all.set(rest, begun.length);
  return all;
}
