// The commands, with the error messages of Redis.
import type { Bytes, Context } from "spillway";
import type { Reply } from "./replies.ts";
import type { Command } from "./resp.ts";
import type { Store } from "./store.ts";

interface Definition {
  readonly summary: string;
  /** The number of words, including the name. A negative value is a minimum. */
  readonly arity: number;
  /** The positions of the keys: the first, the last (negative: from the end), and the step. */
  readonly keys?: readonly [number, number, number];
  readonly run: (store: Store, ...args: readonly Bytes[]) => Reply;
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const encoder = new TextEncoder();

const OK: Reply = { status: "OK" };
const PONG: Reply = { status: "PONG" };
const OUT_OF_MEMORY: Reply = { error: "OOM command not allowed when used memory > 'maxmemory'." };
const NO_KEYS = [0, 0, 0] as const;
const ONE_KEY = [1, 1, 1] as const;

const DEFINITIONS: ReadonlyMap<string, Definition> = new Map(
  Object.entries<Definition>({
    command: { summary: "Describes the commands.", arity: -1, run: (_, ...words) => describe(words.map(nameOf)) },
    del: { summary: "Deletes keys.", arity: -2, keys: [1, -1, 1], run: del },
    echo: { summary: "Returns the message.", arity: 2, run: (_, message) => message },
    get: {
      summary: "Returns the value of a key.",
      arity: 2,
      keys: ONE_KEY,
      run: (store, key) => store.get(key) ?? null,
    },
    incr: { summary: "Adds one to the integer at a key.", arity: 2, keys: ONE_KEY, run: incr },
    info: { summary: "Describes the server.", arity: -1, run: (store, ...words) => info(store, words.map(nameOf)) },
    ping: { summary: "Returns PONG, or the message.", arity: -1, run: ping },
    quit: { summary: "Ends the connection.", arity: -1, run: () => OK },
    set: { summary: "Sets the value of a key.", arity: -3, keys: ONE_KEY, run: set },
  }),
);

/** Executes a command. Errors are replies. */
export function execute(command: Command, store: Store, context: Pick<Context, "close">): Reply {
  const [word, ...args] = command as [Bytes, ...Bytes[]];
  const name = nameOf(word);
  if (name === "quit") context.close();
  const definition = DEFINITIONS.get(name);
  if (definition === undefined) return unknownCommand(word, args);
  const { arity, run } = definition;
  return (arity < 0 ? command.length >= -arity : command.length === arity) ? run(store, ...args) : wrongCount(name);
}

function del(store: Store, ...keys: readonly Bytes[]): Reply {
  return keys.filter((key) => store.delete(key)).length;
}

function ping(_: Store, ...args: readonly Bytes[]): Reply {
  return args.length > 1 ? wrongCount("ping") : (args[0] ?? PONG);
}

function set(store: Store, key: Bytes, value: Bytes, ...options: readonly Bytes[]): Reply {
  if (options.length > 0) return { error: "ERR syntax error" };
  return store.set(key, value) ? OK : OUT_OF_MEMORY;
}

const LARGEST = 2n ** 63n - 1n;
/** An integer as Redis accepts it: no plus sign, and no leading zeros. */
const INTEGER = /^(?:0|-?[1-9][0-9]{0,18})$/;

function incr(store: Store, key: Bytes): Reply {
  const value = store.get(key);
  const before = value === undefined ? 0n : integerOf(value);
  if (before === undefined) return { error: "ERR value is not an integer or out of range" };
  if (before === LARGEST) return { error: "ERR increment or decrement would overflow" };
  const after = before + 1n;
  return store.set(key, encoder.encode(String(after))) ? after : OUT_OF_MEMORY;
}

function integerOf(value: Bytes): bigint | undefined {
  const text = textOf(value);
  const integer = INTEGER.test(text) ? BigInt(text) : undefined;
  return integer === undefined || BigInt.asIntN(64, integer) !== integer ? undefined : integer;
}

function info(store: Store, wanted: readonly string[]): Reply {
  const sections = {
    Server: "server_name:spillway",
    Memory: `used_memory:${store.bytes}\r\nmaxmemory:${store.maxBytes}`,
    Keyspace: `db0:keys=${store.size},expires=0,avg_ttl=0`,
  };
  const all = wanted.length === 0 || wanted.some((word) => ["all", "default", "everything"].includes(word));
  return Object.entries(sections)
    .filter(([title]) => all || wanted.includes(title.toLowerCase()))
    .map(([title, lines]) => `# ${title}\r\n${lines}\r\n`)
    .join("\r\n");
}

function describe([subcommand, ...names]: readonly string[]): Reply {
  const all = [...DEFINITIONS.keys()];
  const chosen = names.length === 0 ? all : names;
  switch (subcommand) {
    case undefined:
      return all.map(entryOf);
    case "count":
      return all.length;
    case "docs":
      return chosen.flatMap((name) => docsOf(name));
    case "info":
      return chosen.map(entryOf);
    default:
      return { error: `ERR unknown subcommand '${oneLine(subcommand)}'` };
  }
}

function entryOf(name: string): Reply {
  const definition = DEFINITIONS.get(name);
  return definition === undefined ? null : [name, definition.arity, [], ...(definition.keys ?? NO_KEYS)];
}

/** A map in RESP2: names, each followed by its value. */
function docsOf(name: string): Reply[] {
  const definition = DEFINITIONS.get(name);
  return definition === undefined ? [] : [name, ["summary", definition.summary]];
}

function wrongCount(name: string): Reply {
  return { error: `ERR wrong number of arguments for '${name}' command` };
}

/** The maximum number of bytes of a command that an error message quotes. */
const LONGEST_QUOTE = 128;

function unknownCommand(word: Bytes, args: readonly Bytes[]): Reply {
  let beginning = "";
  for (const arg of args) {
    const room = LONGEST_QUOTE - beginning.length;
    if (room <= 0) break;
    beginning += `'${quoted(arg).slice(0, room)}' `;
  }
  return { error: `ERR unknown command '${quoted(word)}', with args beginning with: ${beginning}` };
}

function quoted(word: Bytes): string {
  return oneLine(textOf(word.subarray(0, LONGEST_QUOTE)));
}

/** The beginning of a text, without the line breaks that would end the reply. */
function oneLine(text: string): string {
  return text.slice(0, LONGEST_QUOTE).replaceAll(/[\r\n]/g, " ");
}

function textOf(word: Bytes): string {
  return decoder.decode(word);
}

/** Names are case-insensitive. */
function nameOf(word: Bytes): string {
  return textOf(word).toLowerCase();
}
