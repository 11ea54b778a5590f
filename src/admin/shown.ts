import { addressText, type ConnectionInfo, escapeText, type SpillwayError } from "../core/mod.ts";

/** The number of characters of a name, and of a message. */
const NAME_CHARACTERS = 128;
const MESSAGE_CHARACTERS = 512;

/** A name that a peer, or the service, has chosen: escaped, because somebody reads it in a terminal. */
export function shownName(text: string): string {
  return escapeText(text, NAME_CHARACTERS);
}

/** The code and the message of an error. */
export interface ShownError {
  readonly code: string;
  readonly message: string;
}

export function shownError({ code, message }: SpillwayError<string>): ShownError {
  return { code: shownName(code), message: escapeText(message, MESSAGE_CHARACTERS) };
}

/** The identity of a connection. */
export interface ShownConnection {
  readonly id: number;
  readonly remote: string;
  readonly local: string;
}

export function shownConnection({ id, remoteAddress, localAddress }: ConnectionInfo): ShownConnection {
  return { id, remote: addressText(remoteAddress), local: addressText(localAddress) };
}
