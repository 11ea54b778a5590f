import { createHash, timingSafeEqual } from "node:crypto";
import { Refusal } from "./refusal.ts";

const LEAST_CHARACTERS = 16;
const MOST_CHARACTERS = 1_024;

/** The token that allows changes. Comparing takes the same time whatever is compared, and whatever its length. */
export class BearerToken {
  readonly #digest: Uint8Array;

  /** @throws {TypeError | RangeError} not a token that a header can carry, or one that is easy to guess */
  constructor(token: string) {
    if (typeof token !== "string") throw new TypeError(`token must be a string, not ${typeof token}`);
    if (token.length < LEAST_CHARACTERS || token.length > MOST_CHARACTERS) {
      throw new RangeError(
        `token must have ${LEAST_CHARACTERS} to ${MOST_CHARACTERS} characters, not ${token.length}: ` +
          "openssl rand -hex 32 makes one",
      );
    }
    if (!/^[\x21-\x7e]+$/.test(token)) throw new TypeError("token must consist of visible ASCII characters");
    this.#digest = digestOf(token);
  }

  /** @throws {Refusal} the `Authorization` header is not that of this token */
  check(authorization: string | undefined): void {
    const given = /^Bearer +([\x21-\x7e]+)$/i.exec(authorization ?? "")?.[1];
    if (given === undefined) {
      throw unauthorized("this changes the server: send the header Authorization: Bearer TOKEN", "Bearer");
    }
    if (!timingSafeEqual(digestOf(given), this.#digest)) {
      throw unauthorized("the token is wrong", 'Bearer error="invalid_token"');
    }
  }
}

function unauthorized(message: string, challenge: string): Refusal {
  return new Refusal(401, "unauthorized", message, { "WWW-Authenticate": challenge });
}

/** Digests have equal lengths, as the comparison requires, and say nothing about the length of a token. */
function digestOf(token: string): Uint8Array {
  return createHash("sha256").update(token).digest();
}
