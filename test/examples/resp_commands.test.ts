import { describe, expect, it } from "vitest";
import { execute } from "../../examples/resp/commands.ts";
import type { Reply } from "../../examples/resp/replies.ts";
import { Store } from "../../examples/resp/store.ts";
import { bytesOf, textOf } from "./support/resp_decoding.ts";

const closed = new Set<Store>();

/** Does a command, whose words are separated by spaces; bytes come back as a string. */
function run(store: Store, command: string): Reply {
  const reply = execute(command.split(" ").map(bytesOf), store, { close: () => closed.add(store) });
  return reply instanceof Uint8Array ? textOf(reply) : reply;
}

const OK = { status: "OK" };
const NOT_AN_INTEGER = { error: "ERR value is not an integer or out of range" };

describe("resp commands", () => {
  it.each<[string, [command: string, reply: Reply][]]>([
    ["GET of nothing", [["GET k", null]]],
    [
      "SET and GET",
      [
        ["SET k v", OK],
        ["GET k", "v"],
        ["SET k w", OK],
        ["GET k", "w"],
      ],
    ],
    [
      "names in any case",
      [
        ["sEt K v", OK],
        ["get K", "v"],
        ["GET k", null],
      ],
    ],
    [
      "DEL",
      [
        ["SET a 1", OK],
        ["SET b 2", OK],
        ["DEL a b c a", 2],
        ["GET a", null],
        ["DEL a", 0],
      ],
    ],
    [
      "INCR",
      [
        ["INCR n", 1n],
        ["INCR n", 2n],
        ["GET n", "2"],
        ["SET n -1", OK],
        ["INCR n", 0n],
      ],
    ],
    [
      "INCR beyond what a double holds",
      [
        ["SET n 9007199254740993", OK],
        ["INCR n", 9007199254740994n],
      ],
    ],
    [
      "INCR from the smallest",
      [
        ["SET n -9223372036854775808", OK],
        ["INCR n", -9223372036854775807n],
      ],
    ],
    [
      "INCR at the largest",
      [
        ["SET n 9223372036854775807", OK],
        ["INCR n", { error: "ERR increment or decrement would overflow" }],
        ["GET n", "9223372036854775807"],
      ],
    ],
    [
      "PING and ECHO",
      [
        ["PING", { status: "PONG" }],
        ["PING hi", "hi"],
        ["ECHO hi", "hi"],
      ],
    ],
    [
      "COMMAND",
      [
        ["COMMAND COUNT", 9],
        ["COMMAND INFO get no", [["get", 2, [], 1, 1, 1], null]],
      ],
    ],
    ["COMMAND DOCS", [["COMMAND DOCS no ping", ["ping", ["summary", "Returns PONG, or the message."]]]]],
    ["COMMAND of something else", [["COMMAND no", { error: "ERR unknown subcommand 'no'" }]]],
    ["SET with options", [["SET k v NX", { error: "ERR syntax error" }]]],
    ["too few arguments", [["GET", { error: "ERR wrong number of arguments for 'get' command" }]]],
    ["too many arguments", [["GET a b", { error: "ERR wrong number of arguments for 'get' command" }]]],
    ["too few for a least", [["DEL", { error: "ERR wrong number of arguments for 'del' command" }]]],
    ["too many for PING", [["PING a b", { error: "ERR wrong number of arguments for 'ping' command" }]]],
    ["an unknown command", [["FOO a b", { error: "ERR unknown command 'FOO', with args beginning with: 'a' 'b' " }]]],
    [
      "a name that objects have",
      [["constructor", { error: "ERR unknown command 'constructor', with args beginning with: " }]],
    ],
    ["a line break in an error", [["a\r\nb", { error: "ERR unknown command 'a  b', with args beginning with: " }]]],
  ])("are answered as Redis does: %s", (_name, exchanges) => {
    const store = new Store();
    for (const [command, reply] of exchanges) expect(run(store, command), command).toEqual(reply);
  });

  it.each(["", "a", "1.5", "+1", "01", "-0", "1 ", "9223372036854775808", "99999999999999999999", "\ufeff1"])(
    "INCR refuses %j",
    (value) => {
      const store = new Store();
      store.set(bytesOf("n"), new TextEncoder().encode(value));
      expect(run(store, "INCR n")).toEqual(NOT_AN_INTEGER);
    },
  );

  it("QUIT, and nothing else, closes the connection", () => {
    const store = new Store();
    run(store, "ECHO QUIT");
    expect(closed).not.toContain(store);
    expect(run(store, "Quit now")).toEqual(OK);
    expect(closed).toContain(store);
  });

  it("COMMAND describes each", () => {
    const all = run(new Store(), "COMMAND") as readonly (readonly Reply[])[];
    expect(all.map(([name]) => name)).toEqual(["command", "del", "echo", "get", "incr", "info", "ping", "quit", "set"]);
  });

  it("INFO describes the server, or a part of it", () => {
    const store = new Store(1_000);
    run(store, "SET k v");
    const memory = "# Memory\r\nused_memory:130\r\nmaxmemory:1000\r\n";
    const keyspace = "# Keyspace\r\ndb0:keys=1,expires=0,avg_ttl=0\r\n";
    expect(run(store, "INFO")).toBe(`# Server\r\nserver_name:spillway\r\n\r\n${memory}\r\n${keyspace}`);
    expect(run(store, "INFO Keyspace memory")).toBe(`${memory}\r\n${keyspace}`);
    expect(run(store, "INFO all")).toBe(run(store, "INFO"));
    expect(run(store, "INFO nothing")).toBe("");
  });

  it("an error repeats no more than a little of what was asked", () => {
    const { error } = run(new Store(), `${"f".repeat(500)} ${"a".repeat(100)} ${"b".repeat(500)} c`) as {
      error: string;
    };
    expect(error).toContain(`'${"f".repeat(128)}'`);
    expect(error).toContain(`'${"a".repeat(100)}' 'b`);
    expect(error.length).toBeLessThan(350);
  });
});

describe("the store", () => {
  it("tells all keys apart", () => {
    const store = new Store();
    const keys = Array.from({ length: 256 }, (_, byte) => new Uint8Array([byte]));
    for (const key of keys) store.set(key, key);
    expect(store.size).toBe(256);
    for (const key of keys) expect(store.get(key)).toBe(key);
  });

  it("takes no more than it may, and gives room back", () => {
    const store = new Store(300);
    const full = { error: "OOM command not allowed when used memory > 'maxmemory'." };
    expect(run(store, `SET a ${"v".repeat(171)}`)).toEqual(OK);
    expect(store.bytes).toBe(300);
    expect(run(store, `SET a ${"v".repeat(172)}`)).toEqual(full);
    expect(run(store, "SET b v")).toEqual(full);
    expect(run(store, "INCR b")).toEqual(full);
    expect(run(store, "SET a 1")).toEqual(OK);
    expect(run(store, "SET b v")).toEqual(OK);
    expect(run(store, "DEL a b")).toBe(2);
    expect(store.bytes).toBe(0);
  });
});
