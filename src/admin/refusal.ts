import type { AdminErrorCode } from "./errors.ts";

/** A request that is answered with an error. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: AdminErrorCode;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, code: AdminErrorCode, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}
