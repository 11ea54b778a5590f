/** Parsers of option values. Each throws commander's `InvalidArgumentError`; commander adds the name of the option. */
import { isIP } from "node:net";
import { InvalidArgumentError } from "commander";
import { LOG_LEVELS } from "./log.ts";

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
/** The timers of every runtime keep their delay in 31 bits. */
const LONGEST_DELAY_MS = 2 ** 31 - 1;
/** Far more than a machine has processors. */
const MOST_WORKERS = 1_024;

/** Parses the duration of a limit, in milliseconds: `250ms`, `1.5s`, `5m`, `1h`; `off` is `Infinity`. */
export function parseTimeout(text: string): number {
  if (text === "off") return Infinity;
  const ms = parseDuration(text);
  if (ms === undefined) throw new InvalidArgumentError("write a duration such as 250ms, 5s, 5m or 1h, or off");
  if (ms === 0) throw new InvalidArgumentError("it must be more than 0; off disables the limit");
  return ms;
}

/** Parses a duration that cannot be turned off, in milliseconds: `250ms`, `1.5s`, `5m`, `1h`. */
export function parseInterval(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) throw new InvalidArgumentError("write a duration such as 250ms, 5s, 5m or 1h");
  if (ms === 0) throw new InvalidArgumentError("it must be more than 0");
  return ms;
}

/** Parses a delay, in milliseconds: `250ms`, `1.5s`, `5m`, `1h`; `0s` and `off` mean no delay. */
export function parseDelay(text: string): number {
  if (text === "off") return 0;
  const ms = parseDuration(text);
  if (ms === undefined) throw new InvalidArgumentError("write a duration such as 250ms, 5s, 5m or 1h, or off");
  if (ms > LONGEST_DELAY_MS) throw new InvalidArgumentError("it must be at most 596h");
  return ms;
}

function parseDuration(text: string): number | undefined {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? [];
  if (number === undefined || unit === undefined) return undefined;
  return Number(number) * UNIT_MS[unit as keyof typeof UNIT_MS];
}

/** Formats a duration for {@link parseTimeout}, in the largest unit that leaves a whole number. */
export function durationText(ms: number): string {
  if (ms === Infinity) return "off";
  for (const unit of ["h", "m", "s"] as const) {
    const count = ms / UNIT_MS[unit];
    if (Number.isInteger(count)) return `${count}${unit}`;
  }
  return `${ms}ms`;
}

/** Returns a parser that accepts one of `choices`. */
export function parseChoice<Choice extends string>(choices: readonly Choice[]): (text: string) => Choice {
  return (text) => {
    const chosen = choices.find((choice) => choice === text);
    if (chosen === undefined) throw new InvalidArgumentError(`choose one of ${choices.join(", ")}`);
    return chosen;
  };
}

const parseLevel = parseChoice(LOG_LEVELS);

/** Parses the lowest level to log; `warn` is `warning`. */
export function parseLogLevel(text: string): (typeof LOG_LEVELS)[number] {
  return parseLevel(text === "warn" ? "warning" : text);
}

/** Parses a whole number of at least 1; `off` is `Infinity`. */
export function parseCount(text: string): number {
  if (text === "off") return Infinity;
  const count = parseWholeNumber(text);
  if (count === undefined || count === 0) {
    throw new InvalidArgumentError("write a whole number of at least 1, or off");
  }
  return count;
}

/** Parses a number of threads: a whole number of at least 1. */
export function parsePool(text: string): number {
  const count = parseWholeNumber(text);
  if (count === undefined || count === 0) throw new InvalidArgumentError("write a whole number of at least 1");
  return count;
}

/** Parses a number of processes: a whole number of at least 1, or `auto`. */
export function parseWorkers(text: string): number | "auto" {
  if (text === "auto") return text;
  const count = parseWholeNumber(text);
  if (count !== undefined && count >= 1 && count <= MOST_WORKERS) return count;
  throw new InvalidArgumentError(`write a whole number from 1 to ${MOST_WORKERS}, or auto`);
}

/** Parses a duration that cannot be turned off, in milliseconds. */
export function parsePatience(text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined && ms > 0 && ms <= LONGEST_DELAY_MS) return ms;
  throw new InvalidArgumentError("write a duration such as 250ms, 5s, 5m or 1h");
}

/** Returns a parser of whole numbers from 1 to `most`. */
export function parseUpTo(most: number): (text: string) => number {
  return (text) => {
    const count = parseWholeNumber(text);
    if (count !== undefined && count >= 1 && count <= most) return count;
    throw new InvalidArgumentError(`write a whole number from 1 to ${most}`);
  };
}

/** Parses a port: 0 to 65535. */
export function parsePort(text: string): number {
  const port = parseWholeNumber(text);
  if (port === undefined || port > 65_535) {
    throw new InvalidArgumentError("write a whole number from 0 to 65535; 0 selects a free port");
  }
  return port;
}

/** Parses digits only; returns `undefined` for anything else. */
export function parseWholeNumber(text: string): number | undefined {
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(number) ? number : undefined;
}

/** Parses a name or numeric address; an IPv6 address may stand in brackets, as the ready line prints it. */
export function parseHostname(text: string): string {
  const hostname = /^\[(.*:.*)\]$/.exec(text)?.[1] ?? text;
  if (hostname === "" || /\s/.test(hostname)) {
    throw new InvalidArgumentError("write a name or a numeric address, such as 0.0.0.0 or ::1");
  }
  return hostname;
}

/**
 * Returns a parser of a list, whose elements are separated by commas. `parseElement` begins its messages with what to
 * write.
 */
export function parseList<Element>(parseElement: (text: string) => Element): (text: string) => readonly Element[] {
  return (text) => {
    const elements = text.split(",");
    return elements.map((element) => {
      try {
        return parseElement(element.trim());
      } catch (error) {
        if (elements.length === 1 || !(error instanceof InvalidArgumentError)) throw error;
        throw new InvalidArgumentError(`instead of '${element}', ${error.message}`);
      }
    });
  };
}

/** Parses a range of addresses: `10.0.0.0/8`, `::1`, or `unix` for all Unix peers. */
export function parseAddressRange(text: string): string {
  if (text === "unix") return text;
  const [, address = "", length] = /^([^/%]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const version = isIP(address);
  if (version === 0 || Number(length ?? 0) > (version === 4 ? 32 : 128)) {
    throw new InvalidArgumentError("write a numeric address, a range such as 10.0.0.0/8, or unix for Unix sockets");
  }
  return text;
}

/** Parses a rate per second: a number above 0, also below 1; `off` is `Infinity`. */
export function parseRate(text: string): number {
  if (text === "off") return Infinity;
  const rate = parsePositive(text);
  if (rate === undefined) throw new InvalidArgumentError("write a number above 0, such as 10 or 0.5, or off");
  return rate;
}

/** Parses a finite number above 0; returns `undefined` for anything else. */
export function parsePositive(text: string): number | undefined {
  const number = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : 0;
  return number === 0 || number === Infinity ? undefined : number;
}

/** Parses the permissions of a file, in octal. */
export function parseMode(text: string): number {
  const [, digits] = /^0?o?([0-7]{3})$/.exec(text) ?? [];
  if (digits === undefined) throw new InvalidArgumentError("write three octal digits, such as 600 or 660");
  return Number.parseInt(digits, 8);
}

/** Parses the path of a file. */
export function parseFile(text: string): string {
  if (text === "" || text.includes("\0")) throw new InvalidArgumentError("write the path of a file");
  return text;
}

/** Parses the name of a protocol that ALPN chooses. */
export function parseAlpnName(text: string): string {
  if (!/^[\x21-\x7e]{1,255}$/.test(text)) throw new InvalidArgumentError("write the name of a protocol, such as h2");
  return text;
}

/** Parses the place of the admin endpoint, as far as its room need not be loaded for that. */
export function parseAdminPlace(text: string): string {
  if (/^(?:unix:.+|(?:.+:)?\d{1,5})$/.test(text)) return text;
  throw new InvalidArgumentError("write host:port, a port, or unix:/path");
}
