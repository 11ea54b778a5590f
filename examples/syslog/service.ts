// Takes syslog messages (RFC 5424 and RFC 3164, over TCP as in RFC 6587) and prints each as a line of JSON. Answers nothing.
// What is longer than the limit is cut and marked: half of a message is better than none.
//   deno run -A src/main.ts serve ./examples/syslog/service.ts --port 6514
//   logger --tcp --octet-count --server 127.0.0.1 --port 6514 'it works'
import type { Service } from "spillway";
import { octetCounted, text } from "spillway/codecs";

/** A message, and how urgent it is. */
export interface LogMessage {
  /** 0 (emergency) to 7 (debug). */
  readonly severity: number;
  /** What kind of program sent it: 0 (kernel) to 23. */
  readonly facility: number;
  /** What follows the priority, as it was sent. */
  readonly message: string;
  /** Whether there was more of it. */
  readonly truncated?: true;
}

/** What a message has that says nothing else: a notice of a user's program. */
const USER_NOTICE = 13;
/** 0 to 191; what begins with anything else is a message without a priority. */
const PRIORITY = /^<(\d|[1-9]\d|1[0-8]\d|19[01])>(.*)$/s;

/** A service that hands each message to `sink`, which may return a promise: the next one of its connection waits for it. */
export function intake(sink: (message: LogMessage) => void | Promise<void>): Service<string> {
  return {
    codec: text(octetCounted()),
    handler: (frame, { truncated }) => sink(truncated ? { ...logMessage(frame), truncated } : logMessage(frame)),
    invalidFrame: "truncate",
    // Senders write what they have and close: it counts although nobody waits for an answer.
    afterReset: "finish",
    // Senders say nothing for hours.
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
