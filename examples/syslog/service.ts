// Receives syslog messages (RFC 5424 and RFC 3164, over TCP as in RFC 6587) and prints each as a line of JSON. Sends no replies.
// A message that is too long is truncated and marked.
//   deno run -A src/main.ts serve ./examples/syslog/service.ts --port 6514
//   logger --tcp --octet-count --server 127.0.0.1 --port 6514 'it works'
import type { Service } from "spillway";
import { octetCounted, text } from "spillway/codecs";

/** A syslog message. */
export interface LogMessage {
  /** 0 (emergency) to 7 (debug). */
  readonly severity: number;
  /** The kind of program that sent the message: 0 (kernel) to 23. */
  readonly facility: number;
  /** The text after the priority, unchanged. */
  readonly message: string;
  /** Set if the message was truncated. */
  readonly truncated?: true;
}

/** The default priority: facility user, severity notice. */
const USER_NOTICE = 13;
/** A priority from 0 to 191, and the rest. A message that does not match has no priority. */
const PRIORITY = /^<(\d|[1-9]\d|1[0-8]\d|19[01])>(.*)$/s;

/** A service that passes each message to `sink`. If `sink` returns a promise, the next message of the connection waits for it. */
export function intake(sink: (message: LogMessage) => void | Promise<void>): Service<string> {
  return {
    codec: text(octetCounted()),
    handler: (frame, { truncated }) => sink(truncated ? { ...logMessage(frame), truncated } : logMessage(frame)),
    invalidFrame: "truncate",
    // Senders write their messages and close. Handle all of them, although no reply can be sent.
    afterReset: "finish",
    // Senders may be silent for hours.
    idleTimeoutMs: Infinity,
  };
}

export default intake((message) => console.log(JSON.stringify(message)));

function logMessage(frame: string): LogMessage {
  const whole = frame.replace(/(?:\r?\n|\0)$/, "");
  const [, digits = USER_NOTICE, message = whole] = PRIORITY.exec(whole) ?? [];
  const priority = Number(digits);
  return { severity: priority % 8, facility: Math.floor(priority / 8), message };
}
