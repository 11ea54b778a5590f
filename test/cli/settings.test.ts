import { Command } from "commander";
import { describe, expect, it } from "vitest";
import { environmentSettings } from "../../src/cli/environment_settings.ts";
import { given } from "../../src/cli/given.ts";
import { SERVE_OPTIONS } from "../../src/cli/limit_settings.ts";
import { addServeFlags, flagSettings, type ServeFlags } from "../../src/cli/serve_flags.ts";
import { SETTINGS } from "../../src/cli/settings.ts";
import { resolveLimits } from "../../src/core/mod.ts";

/** A value of each setting that is not its default, as text and as what it means. */
const OTHER: Readonly<Record<string, readonly [text: string, value: unknown]>> = {
  "<address>": ["::1", "::1"],
  "<number>": ["9", 9],
  "<duration>": ["7s", 7_000],
  "<spec>": ["u8", expect.objectContaining({ text: "u8" })],
  "<text>": ["> ", "> "],
  "<count>": ["7", 7],
  "<place>": [
    "fd:3,unix:/x",
    [expect.objectContaining({ text: "fd:3" }), expect.objectContaining({ text: "unix:/x" })],
  ],
  "<mode>": ["660", 0o660],
  "<endpoint>": ["127.0.0.1:9090", "127.0.0.1:9090"],
  "<file>": ["./a.pem", "./a.pem"],
  "<names>": ["h2, x/1", ["h2", "x/1"]],
  "<version>": ["1.3", "1.3"],
  "<ranges>": ["10.0.0.0/8,::1,unix", ["10.0.0.0/8", "::1", "unix"]],
  "<rate>": ["0.5", 0.5],
  "<bus>": ["nats://127.0.0.1:4222", { kind: "nats", place: "nats://127.0.0.1:4222" }],
  "<word>": ["chat", "chat"],
  "<workers>": ["7", 7],
  "<level>": ["warn", "warning"],
  "<format>": ["json", "json"],
};

function other({ placeholder, description }: (typeof SETTINGS)[number]): readonly [text: string, value: unknown] {
  const last = description.split(/[ ,]+/).at(-1) ?? "";
  return placeholder === "<policy>" ? [last, last] : (OTHER[placeholder] ?? expect.unreachable(placeholder));
}

function parsed(...args: string[]) {
  const command = addServeFlags(new Command().exitOverride());
  return given(flagSettings(command.parse(args, { from: "user" }).opts<ServeFlags>()));
}

describe("the settings", () => {
  it("have every limit of serve(), each with its default", () => {
    const limits = resolveLimits({});
    const listed = SETTINGS.filter(({ name }) => Object.hasOwn(limits, name));
    expect(Object.fromEntries(listed.map(({ name, parse, fallback = "" }) => [name, parse(fallback)]))).toEqual(limits);
    expect(SERVE_OPTIONS).toEqual(expect.arrayContaining(Object.keys(limits)));
  });

  it("have different options and variables", () => {
    for (const key of ["name", "option", "variable"] as const) {
      expect(new Set(SETTINGS.map((setting) => setting[key])).size).toBe(SETTINGS.length);
    }
  });

  it("are called alike in a file, as an option and as a variable", () => {
    expect(SETTINGS.find(({ name }) => name === "maxOutboundBytes")).toMatchObject({
      option: "--max-outbound-bytes",
      variable: "SPILLWAY_MAX_OUTBOUND_BYTES",
    });
    expect(SETTINGS.find(({ name }) => name === "lingerTimeoutMs")).toMatchObject({
      option: "--linger-timeout",
      variable: "SPILLWAY_LINGER_TIMEOUT",
    });
  });

  it.each(SETTINGS.map((setting) => [setting.name, setting] as const))(
    "%s is an option and a variable",
    (name, setting) => {
      const [text, value] = other(setting);
      const { option, variable } = setting;
      expect(parsed(option, text)).toEqual({
        settings: { [name]: value },
        origins: { [name]: { source: option, text: `option '${option}'` } },
      });
      expect(environmentSettings({ [variable]: text, OTHER: "1" })).toEqual([
        { name, value, origin: { source: variable, text: `environment variable ${variable}` } },
      ]);
    },
  );
});

describe("a list", () => {
  it("may be given by several options", () => {
    expect(parsed("--deny", "10.0.0.0/8", "--deny", "::1,unix").settings).toEqual({
      deny: ["10.0.0.0/8", "::1", "unix"],
    });
  });
});

describe("where to listen", () => {
  const [listen, port] = [
    { name: "listen", value: [], origin: { source: "a", text: "a" } },
    { name: "port", value: 1, origin: { source: "b", text: "b" } },
  ] as const;

  it("is said by the place that comes last, with a list or with a port", () => {
    expect(given([listen], [port])).toEqual({ settings: { port: 1 }, origins: { port: port.origin } });
    expect(given([port], [listen])).toEqual({ settings: { listen: [] }, origins: { listen: listen.origin } });
  });

  it("is not said in both ways by one place", () => {
    expect(() => given([port], [port, listen])).toThrow("a and b do not go together");
  });
});

describe("environment variables", () => {
  it("may say the port as platforms do; SPILLWAY_PORT goes before that", () => {
    expect(environmentSettings({ PORT: "1" })).toMatchObject([{ name: "port", value: 1, origin: { source: "PORT" } }]);
    expect(environmentSettings({ PORT: "1", SPILLWAY_PORT: "2" })).toMatchObject([
      { name: "port", value: 2, origin: { source: "SPILLWAY_PORT" } },
    ]);
  });

  it("say where to listen; the platform's port is then no second place, but SPILLWAY_PORT is", () => {
    const variables = { SPILLWAY_LISTEN: "tcp://127.0.0.1:1,unix:/x" };
    expect(given(environmentSettings({ ...variables, PORT: "3" })).settings).toEqual({
      listen: [
        expect.objectContaining({ text: "tcp://127.0.0.1:1" }),
        expect.objectContaining({ text: "unix:/x" }),
      ] as unknown,
    });
    expect(() => given(environmentSettings({ ...variables, SPILLWAY_PORT: "3" }))).toThrow(
      "environment variable SPILLWAY_LISTEN and environment variable SPILLWAY_PORT do not go together",
    );
  });

  it("count as not set when they are empty", () => {
    expect(
      environmentSettings({ PORT: "", SPILLWAY_PORT: "", SPILLWAY_IDLE_TIMEOUT: "", SPILLWAY_CONFIG: "" }),
    ).toEqual([]);
  });

  it("of a Service in Kubernetes, or of a link in Docker, mean nothing", () => {
    const variables = {
      SPILLWAY_SERVICE_HOST: "10.0.0.1",
      SPILLWAY_SERVICE_PORT: "8080",
      SPILLWAY_SERVICE_PORT_LINES: "8080",
      SPILLWAY_PORT: "tcp://10.0.0.1:8080",
      SPILLWAY_PORT_8080_TCP: "tcp://10.0.0.1:8080",
      SPILLWAY_PORT_8080_TCP_ADDR: "10.0.0.1",
      SPILLWAY_CHAT_PORT: "tcp://10.0.0.2:8080",
      SPILLWAY_CHAT_SERVICE_HOST: "10.0.0.2",
      SPILLWAY_LISTEN_SERVICE_HOST: "10.0.0.3",
      SPILLWAY_LISTEN_PORT: "tcp://10.0.0.3:8080",
    };
    expect(environmentSettings(variables)).toEqual([]);
    expect(environmentSettings({ ...variables, PORT: "3" })).toMatchObject([{ name: "port", value: 3 }]);
  });

  it.each([
    [{ SPILLWAY_PORT: "x" }, "environment variable SPILLWAY_PORT cannot be 'x': write a whole number from 0 to 65535"],
    [{ PORT: "1.5" }, "environment variable PORT cannot be '1.5': write a whole number"],
    [{ SPILLWAY_LIFETIME: "0s" }, "environment variable SPILLWAY_LIFETIME cannot be '0s': it must be more than 0"],
    [{ SPILLWAY_CODEC: "morse" }, "environment variable SPILLWAY_CODEC cannot be 'morse': write lines"],
    [{ SPILLWAY_LIFE_TIME: "1s" }, "unknown environment variable SPILLWAY_LIFE_TIME (did you mean SPILLWAY_LIFETIME?)"],
    [{ SPILLWAY_LISTN: "tcp://[::]:1" }, "unknown environment variable SPILLWAY_LISTN (did you mean SPILLWAY_LISTEN?)"],
    [
      { SPILLWAY_DENY: "10.0.0.0/8,x" },
      "variable SPILLWAY_DENY cannot be '10.0.0.0/8,x': instead of 'x', write a numeric",
    ],
    [{ SPILLWAY_BANANAS: "1" }, /^unknown environment variable SPILLWAY_BANANAS$/],
  ])("%j is refused", (variables, message) => {
    expect(() => environmentSettings(variables)).toThrow(message);
  });
});
