import type { Logger, LogLevel } from "@logtape/logtape";
import { addressText, type Clock, describe, type ErrorText, isError, RepeatSampler, takeApart } from "../core/mod.ts";
import type {
  Address,
  CloseReason,
  ConnectionClosed,
  ConnectionInfo,
  Observer,
  ServerEvent,
  SpillwayError,
} from "../mod.ts";

/** A server event as a log record. */
export interface EventRecord {
  readonly level: LogLevel;
  /** A template of LogTape: `{field}` stands for that field. */
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Settings of {@link logObserver}. */
export interface LogObserverOptions {
  readonly clock?: Clock | undefined;
  /** Returns where the server listens, with the scheme. Default: the address. */
  readonly place?: ((event: Extract<ServerEvent, { type: "listening" }>) => string) | undefined;
}

/** The close reasons that need no attention. */
const ORDERLY: ReadonlySet<CloseReason> = new Set([
  "remote-closed",
  "handler-closed",
  "drained",
  "idle-timeout",
  "lifetime-reached",
]);

const MOST_MESSAGE_CHARACTERS = 1_024;
const MOST_STACK_CHARACTERS = 16_384;

/**
 * Returns an observer that logs events. Of a flood of similar errors, a few are logged in full; the others are counted, in one line
 * every ten seconds.
 */
export function logObserver(logger: Logger, { clock, place }: LogObserverOptions = {}): Observer {
  const log = (event: ServerEvent, prefix = "", sum: Record<string, unknown> = {}) => {
    const { level, message, fields } = eventRecord(event);
    const where = event.type === "listening" && place !== undefined ? { address: place(event) } : {};
    logger[level](prefix + message, { event: event.type, ...fields, ...where, ...sum });
  };
  const sampler = new RepeatSampler<ServerEvent>((_, more, seconds, last) => {
    const count = more.toLocaleString("en-US");
    log(last, "{count} more like this in the last {seconds} s, the last of them: ", { count, more, seconds });
  }, clock);
  return (event) => {
    if (event.type === "drained") sampler.end();
    const kind = kindOf(event);
    if (kind === undefined || sampler.admits(kind, event)) log(event);
  };
}

/** Returns a function that logs errors thrown by the observer of a service; a flood of them takes a few lines. */
export function observerErrorLog(logger: Logger, clock?: Clock): (error: unknown, event: ServerEvent) => void {
  const message = "the service's observer threw at {at}: {error}";
  const sampler = new RepeatSampler<{ error: unknown; event: ServerEvent }>((_, more, seconds, { error, event }) => {
    const count = more.toLocaleString("en-US");
    const sum = { count, more, seconds };
    logger.error(`{count} more like this in the last {seconds} s, the last of them: ${message}`, {
      ...observerErrorFields(error, event),
      ...sum,
    });
  }, clock);
  return (error, event) => {
    if (sampler.admits(event.type, { error, event })) logger.error(message, observerErrorFields(error, event));
    if (event.type === "drained") sampler.end();
  };
}

function observerErrorFields(error: unknown, { type }: ServerEvent): Record<string, unknown> {
  return {
    event: "observer-failed",
    at: type,
    error: shortened(describe(error), MOST_MESSAGE_CHARACTERS),
    cause: shortenedCause(takeApart(error)),
  };
}

/** Returns the key that groups events of a flood, or `undefined` for an event that is always logged. */
function kindOf(event: ServerEvent): string | undefined {
  switch (event.type) {
    case "accept-error":
    case "bus-error":
    case "bus-gap":
    case "establish-failed":
    case "frame-error":
    case "handler-error":
      return `${event.type} ${event.error.code}`;
    case "connection-closed":
      return isOrderly(event) ? undefined : `${event.type} ${event.reason}`;
    case "slow-consumer":
      return event.type;
    default:
      return undefined;
  }
}

/** Returns the log record of an event, with its level. */
export function eventRecord(event: ServerEvent): EventRecord {
  return { ...lineOf(event), fields: fieldsOf(event) };
}

function lineOf(event: ServerEvent): Pick<EventRecord, "level" | "message"> {
  switch (event.type) {
    case "listening":
      return { level: "info", message: "listening on {address} ({transport})" };
    case "accept-error":
      return acceptErrorLine(event.retryInMs);
    case "connections-full":
      return {
        level: "warning",
        message: "{connections} connections are open, the maximum; new connections wait",
      };
    case "connections-available":
      return { level: "info", message: "new connections are accepted again after {fullMs} ms" };
    case "accepting-stopped": {
      const grace = event.graceMs === undefined ? "" : "; draining in {graceMs} ms";
      return { level: "info", message: `accepting stopped, open connections: {connections}${grace}` };
    }
    case "connection-opened":
      return { level: "debug", message: "connection {connection} from {remote} opened" };
    case "connection-closed": {
      const why = event.error === undefined ? "" : ": {error}";
      const loss = event.bytesDiscarded === undefined ? "" : ", bytes discarded: {bytesDiscarded}";
      return {
        level: isOrderly(event) ? "debug" : "warning",
        message: `connection {connection} from {remote} closed: {reason}${why} (frames {framesIn} in, {framesOut} out; {durationMs} ms${loss})`,
      };
    }
    case "establish-failed":
      return {
        level: establishLevel(event.error),
        message: "connection {connection} from {remote} was not established: {error}",
      };
    case "frame-error": {
      const what = event.skipped ? "skipped" : "refused";
      return { level: "warning", message: `connection {connection} from {remote}: a frame was ${what}: {error}` };
    }
    case "handler-error":
      return { level: "error", message: "connection {connection} from {remote}: {error}" };
    case "slow-consumer":
      return { level: "warning", message: "connection {connection} from {remote} is a slow consumer: {policy}" };
    case "bus-up":
      return { level: "info", message: "the bus ({bus}) is up" };
    case "bus-down":
      return { level: "warning", message: "the bus ({bus}) is down: {error}" };
    case "bus-gap":
      return { level: "warning", message: "the bus ({bus}): {error}" };
    case "bus-error":
      return { level: "error", message: "the bus ({bus}): {error}" };
    case "draining":
      return { level: "info", message: "draining, open connections: {connections}" };
    case "drained":
      break;
  }
  const { aborted, unconfirmed, bytesDiscarded } = event;
  const unsure = unconfirmed === undefined ? "" : ", of these without FIN from the peer: {unconfirmed}";
  const loss = bytesDiscarded === undefined ? "" : ", bytes discarded: {bytesDiscarded}";
  return {
    level: aborted > 0 ? "error" : unsure + loss === "" ? "info" : "warning",
    message: `drained, closed in order: {drained}${unsure}, aborted: {aborted}${loss}`,
  };
}

function establishLevel({ code }: SpillwayError<string>): LogLevel {
  if (code === "establish-failed") return "error";
  return code === "drained" ? "debug" : "info";
}

function acceptErrorLine(retryInMs: number | undefined): Pick<EventRecord, "level" | "message"> {
  if (retryInMs === undefined) return { level: "error", message: "accepting stopped: {error}" };
  // The connection was gone before it was accepted: nothing is wrong with this server.
  if (retryInMs === 0) return { level: "debug", message: "a connection was not accepted: {error}" };
  return { level: "warning", message: "accepting paused for {retryInMs} ms: {error}" };
}

/** Returns what an event tells, as plain fields. */
function fieldsOf({ type, ...told }: ServerEvent): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(told)) {
    if (name === "connection") Object.assign(fields, connectionFields(value as ConnectionInfo));
    else if (name === "error") Object.assign(fields, errorFields(value as SpillwayError, type !== "accept-error"));
    else if (name === "server") continue;
    else if (name === "address") fields[name] = addressText(value as Address);
    else fields[name] = typeof value === "number" ? Math.round(value) : value;
  }
  return fields;
}

/** Reports whether a connection ended without loss. A drain that discards received bytes must not pass unseen. */
function isOrderly({ reason, bytesDiscarded }: ConnectionClosed): boolean {
  return ORDERLY.has(reason) && (reason !== "drained" || bytesDiscarded === undefined);
}

function connectionFields({ id, remoteAddress }: ConnectionInfo): Record<string, unknown> {
  return { connection: id, remote: addressText(remoteAddress) };
}

/**
 * Returns an error as plain fields: formatters would lose the message and stack of an Error object. The cause of an accept
 * error is left out: when descriptors run out, Deno panics as it reads the sources of a stack trace.
 */
export function errorFields(
  { code, message, cause }: SpillwayError<string>,
  withCause: boolean = true,
): Record<string, unknown> {
  const fields = { code, error: shortened(message, MOST_MESSAGE_CHARACTERS) };
  return withCause && isError(cause) ? { ...fields, cause: shortenedCause(takeApart(cause)) } : fields;
}

function shortenedCause({ message, stack, cause, ...error }: ErrorText): ErrorText {
  return {
    ...error,
    message: shortened(message, MOST_MESSAGE_CHARACTERS),
    ...(stack !== undefined && { stack: shortened(stack, MOST_STACK_CHARACTERS) }),
    ...(cause !== undefined && { cause: shortenedCause(cause) }),
  };
}

/** Shortens a text: an error may quote everything that a peer has sent. */
function shortened(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length)}… (${text.length - length} more)`;
}
