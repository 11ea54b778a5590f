import { InvalidArgumentError } from "commander";
import { describe, expect, it } from "vitest";
import {
  durationText,
  parseAddressRange,
  parseAlpnName,
  parseChoice,
  parseCount,
  parseDelay,
  parseFile,
  parseHostname,
  parseList,
  parseLogLevel,
  parseMode,
  parsePool,
  parsePort,
  parseRate,
  parseTimeout,
} from "../../src/cli/option_values.ts";

const NOT_DURATIONS = [
  "",
  "5",
  "s",
  "5 s",
  " 5s",
  "5s ",
  "-5s",
  "+5s",
  "5S",
  "5sec",
  "5d",
  "1e3ms",
  ".5s",
  "5.s",
  "1s500ms",
];
const NOT_WHOLE = ["", "x", "-1", "+1", "1.5", "1e3", "0x10", " 1", "1 ", "1_000", "٣", "9007199254740993"];

describe("parseTimeout", () => {
  it.each([
    ["250ms", 250],
    ["1ms", 1],
    ["5s", 5_000],
    ["1.5s", 1_500],
    ["5m", 300_000],
    ["1h", 3_600_000],
    ["0.5ms", 0.5],
    ["off", Infinity],
  ])("reads %j as %d ms", (text, ms) => {
    expect(parseTimeout(text)).toBe(ms);
  });

  it.each([...NOT_DURATIONS, "Off", "none", "Infinity"])("refuses %j as a timeout", (text) => {
    expect(() => parseTimeout(text)).toThrow(InvalidArgumentError);
    expect(() => parseTimeout(text)).toThrow("250ms, 5s, 5m or 1h, or off");
  });

  it.each(["0ms", "0s", "0.0s"])("refuses %j, and says what turns a limit off", (text) => {
    expect(() => parseTimeout(text)).toThrow("it must be more than 0; off disables the limit");
  });
});

describe("parseDelay", () => {
  it.each([
    ["2s", 2_000],
    ["0s", 0],
    ["0ms", 0],
    ["off", 0],
    ["596h", 2_145_600_000],
  ])("reads %j as %d ms", (text, ms) => {
    expect(parseDelay(text)).toBe(ms);
  });

  it.each(NOT_DURATIONS)("refuses %j as a delay", (text) => {
    expect(() => parseDelay(text)).toThrow("250ms, 5s, 5m or 1h, or off");
  });

  it("refuses what no timer can wait for", () => {
    expect(() => parseDelay("597h")).toThrow("at most 596h");
  });
});

describe("durationText", () => {
  it.each([
    [1, "1ms"],
    [0.5, "0.5ms"],
    [1_500, "1500ms"],
    [90_000, "90s"],
    [300_000, "5m"],
    [3_600_000, "1h"],
    [Infinity, "off"],
  ])("writes %d ms as %j, which is read as the same", (ms, text) => {
    expect(durationText(ms)).toBe(text);
    expect(parseTimeout(text)).toBe(ms);
  });
});

describe("parseChoice", () => {
  it("takes one of the words, and names them otherwise", () => {
    const parse = parseChoice(["close", "skip"]);
    expect(parse("skip")).toBe("skip");
    expect(() => parse("Skip")).toThrow("choose one of close, skip");
  });
});

describe("parseLogLevel", () => {
  it.each([
    ["debug", "debug"],
    ["warning", "warning"],
    ["warn", "warning"],
  ])("reads %j as %j", (text, level) => {
    expect(parseLogLevel(text)).toBe(level);
  });

  it("refuses a level that there is not", () => {
    expect(() => parseLogLevel("loud")).toThrow("choose one of debug, info, warning, error");
  });
});

describe("parseCount", () => {
  it.each([
    ["1", 1],
    ["65536", 65_536],
    ["007", 7],
    ["off", Infinity],
  ])("reads %j as %d", (text, count) => {
    expect(parseCount(text)).toBe(count);
  });

  it.each([...NOT_WHOLE, "0"])("refuses %j as a count", (text) => {
    expect(() => parseCount(text)).toThrow("a whole number of at least 1, or off");
  });
});

describe("parsePool", () => {
  it("reads a whole number", () => {
    expect(parsePool("2")).toBe(2);
  });

  it.each([...NOT_WHOLE, "0", "off"])("refuses %j as a size of a pool", (text) => {
    expect(() => parsePool(text)).toThrow("write a whole number of at least 1");
  });
});

describe("parsePort", () => {
  it.each([
    ["0", 0],
    ["8080", 8_080],
    ["65535", 65_535],
  ])("reads %j as a port", (text, port) => {
    expect(parsePort(text)).toBe(port);
  });

  it.each([...NOT_WHOLE, "65536", "off"])("refuses %j as a port", (text) => {
    expect(() => parsePort(text)).toThrow("a whole number from 0 to 65535");
  });
});

describe("parseHostname", () => {
  it.each([
    ["127.0.0.1", "127.0.0.1"],
    ["::1", "::1"],
    ["[::1]", "::1"],
    ["localhost", "localhost"],
  ])("reads %j as %j", (text, hostname) => {
    expect(parseHostname(text)).toBe(hostname);
  });

  it.each(["", " ", "local host"])("refuses %j as a hostname", (text) => {
    expect(() => parseHostname(text)).toThrow("a name or a numeric address");
  });
});

describe("parseList", () => {
  const parse = parseList(parsePort);

  it("reads elements between commas, and ignores space around them", () => {
    expect(parse("1")).toEqual([1]);
    expect(parse("1, 2 ,3")).toEqual([1, 2, 3]);
  });

  it("says which of several elements is wrong", () => {
    expect(() => parse("x")).toThrow(/^write a whole number/);
    expect(() => parse("1,x")).toThrow("instead of 'x', write a whole number");
    expect(() => parse("1,")).toThrow("instead of '', write a whole number");
  });
});

describe("parseAddressRange", () => {
  it.each(["192.0.2.1", "10.0.0.0/8", "0.0.0.0/0", "::1", "2001:db8::/32", "::ffff:10.0.0.0/104", "unix"])(
    "takes %s as a range",
    (text) => {
      expect(parseAddressRange(text)).toBe(text);
    },
  );

  it.each(["", "localhost", "10.0.0", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/x", "::/129", "fe80::1%eth0", "unix/8"])(
    "refuses %j as a range",
    (text) => {
      expect(() => parseAddressRange(text)).toThrow("write a numeric address, a range such as 10.0.0.0/8, or unix");
    },
  );
});

describe("parseRate", () => {
  it.each([
    ["10", 10],
    ["0.5", 0.5],
    ["off", Infinity],
  ])("reads %j as a rate", (text, rate) => {
    expect(parseRate(text)).toBe(rate);
  });

  it.each(["", "0", "0.0", "-1", "1/s", "Infinity", "1e3", `1${"0".repeat(400)}`])("refuses %j as a rate", (text) => {
    expect(() => parseRate(text)).toThrow("write a number above 0, such as 10 or 0.5, or off");
  });
});

describe("parseMode", () => {
  it.each([
    ["600", 0o600],
    ["0660", 0o660],
    ["0o777", 0o777],
    ["000", 0],
  ])("reads %j as a mode", (text, mode) => {
    expect(parseMode(text)).toBe(mode);
  });

  it.each(["", "6", "1777", "888", "rw-", "o660 "])("refuses %j as a mode", (text) => {
    expect(() => parseMode(text)).toThrow("write three octal digits, such as 600 or 660");
  });
});

describe("parseFile and parseAlpnName", () => {
  it("take what can be a file or a name", () => {
    expect(parseFile("a b.pem")).toBe("a b.pem");
    expect(parseAlpnName("http/1.1")).toBe("http/1.1");
  });

  it("refuse what can be none", () => {
    for (const text of ["", "a\0b"]) expect(() => parseFile(text)).toThrow("write the path of a file");
    for (const text of ["", "a b", "ä", "x".repeat(256)]) {
      expect(() => parseAlpnName(text)).toThrow("write the name of a protocol, such as h2");
    }
  });
});
