import type { RespLimits } from "../../../examples/resp/limits.ts";

/** Bytes (a character a byte), and what the decoder must make of them, however they are cut. */
export interface RespCase {
  readonly name: string;
  readonly input: string;
  readonly limits?: Partial<RespLimits>;
  /** Commands, and errors as `!code`, in their places. */
  readonly gives: readonly (readonly string[] | string)[];
}

const TOO_LARGE = "!frame-too-large";
const INVALID = "!frame-invalid";
const CUT_OFF = "!unexpected-eof";

const PING = ["PING"];
const SMALL = { maxFrameBytes: 8, maxArguments: 3, maxLineBytes: 12 };

export const RESP_TABLE: readonly RespCase[] = [
  { name: "nothing", input: "", gives: [] },
  { name: "an array", input: "*1\r\n$4\r\nPING\r\n", gives: [PING] },
  { name: "arguments", input: "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5\r\nv w x\r\n", gives: [["SET", "k", "v w x"]] },
  { name: "pipelined", input: "*1\r\n$4\r\nPING\r\n*2\r\n$3\r\nGET\r\n$1\r\nk\r\n", gives: [PING, ["GET", "k"]] },
  { name: "empty arguments", input: "*3\r\n$3\r\nSET\r\n$0\r\n\r\n$0\r\n\r\n", gives: [["SET", "", ""]] },
  { name: "an empty name", input: "*1\r\n$0\r\n\r\n", gives: [[""]] },
  {
    name: "an argument that looks like a frame",
    input: "*2\r\n$4\r\nECHO\r\n$7\r\n*1\r\n$4\r\r\n",
    gives: [["ECHO", "*1\r\n$4\r"]],
  },
  { name: "every byte is data", input: "*2\r\n$4\r\nECHO\r\n$4\r\n\0\r\n\xff\r\n", gives: [["ECHO", "\0\r\n\xff"]] },
  { name: "an empty array is no command", input: "*0\r\n*1\r\n$4\r\nPING\r\n", gives: [PING] },
  { name: "no array is no command", input: "*-1\r\n*1\r\n$4\r\nPING\r\n", gives: [PING] },
  { name: "an array of less than one is none", input: "*-10\r\n*-2\r\n*1\r\n$4\r\nPING\r\n", gives: [PING] },
  { name: "LF ends a number, as it ends a line", input: "*1\n$4\nPING\r\n", gives: [PING] },
  { name: "zeros in front", input: "*0001\r\n$04\r\nPING\r\n", gives: [PING] },

  { name: "inline, LF", input: "PING\nGET k\n", gives: [PING, ["GET", "k"]] },
  { name: "inline, CRLF", input: "PING\r\nGET k\r\n", gives: [PING, ["GET", "k"]] },
  { name: "inline among arrays", input: "PING\r\n*1\r\n$4\r\nPING\r\nGET k\r\n", gives: [PING, PING, ["GET", "k"]] },
  { name: "empty lines are no commands", input: "\r\n\n  \r\nPING\r\n\r\n", gives: [PING] },
  { name: "spaces and tabs", input: "  SET\t k   v \r\n", gives: [["SET", "k", "v"]] },
  { name: "a space of latin1 is data", input: "GET a\xa0b\r\n", gives: [["GET", "a\xa0b"]] },
  { name: "a lone CR is a space", input: "GET\rk\r\n", gives: [["GET", "k"]] },
  { name: "$ begins no bulk string there", input: "$4 k\r\n", gives: [["$4", "k"]] },
  { name: "double quotes", input: 'SET "a b" ""\r\n', gives: [["SET", "a b", ""]] },
  { name: "single quotes", input: "SET 'a \"b' ''\r\n", gives: [["SET", 'a "b', ""]] },
  {
    name: "escapes",
    input: String.raw`ECHO "\r\n\t\b\a\\\"\q\x00\xFf\xzz"` + "\n",
    gives: [["ECHO", '\r\n\t\b\x07\\"q\0\xffxzz']],
  },
  { name: "escapes in single quotes", input: String.raw`ECHO 'it\'s \n \\'` + "\n", gives: [INVALID] },
  {
    name: "an escaped quote in single quotes",
    input: String.raw`ECHO 'it\'s \n'` + "\n",
    gives: [["ECHO", String.raw`it's \n`]],
  },
  { name: "quotes behind characters", input: 'ECHO a"b c"\n', gives: [["ECHO", "ab c"]] },
  { name: "a backslash without quotes", input: "ECHO a\\nb\n", gives: [["ECHO", "a\\nb"]] },
  { name: "a quote without its end", input: 'ECHO "a b\nPING\n', gives: [INVALID] },
  { name: "a single quote without its end", input: "ECHO a 'b\nPING\n", gives: [INVALID] },
  { name: "an escaped end", input: 'ECHO "a\\"\nPING\n', gives: [INVALID] },
  { name: "something behind a quote", input: 'ECHO "a"b\nPING\n', gives: [INVALID] },
  { name: "a quote behind a quote", input: "ECHO \"a\"'b'\nPING\n", gives: [INVALID] },

  { name: "exactly the bytes", input: "*2\r\n$4\r\nECHO\r\n$4\r\nabcd\r\n", limits: SMALL, gives: [["ECHO", "abcd"]] },
  {
    name: "a byte too many",
    input: "*2\r\n$4\r\nECHO\r\n$5\r\nabcde\r\nPING\r\n",
    limits: SMALL,
    gives: [TOO_LARGE],
  },
  {
    name: "a byte too many before it is there",
    input: "*3\r\n$3\r\nabc\r\n$6\r\n",
    limits: SMALL,
    gives: [TOO_LARGE],
  },
  {
    name: "exactly the bytes, and an empty argument",
    input: "*3\r\n$4\r\nECHO\r\n$4\r\nabcd\r\n$0\r\n\r\n",
    limits: SMALL,
    gives: [["ECHO", "abcd", ""]],
  },
  {
    name: "exactly the bytes, twice",
    input: "*1\r\n$8\r\n12345678\r\n".repeat(2),
    limits: SMALL,
    gives: [["12345678"], ["12345678"]],
  },
  {
    name: "exactly the arguments",
    input: "*3\r\n$1\r\na\r\n$1\r\nb\r\n$1\r\nc\r\n",
    limits: SMALL,
    gives: [["a", "b", "c"]],
  },
  {
    name: "an argument too many",
    input: "PING\n*4\r\n$1\r\na\r\n",
    limits: SMALL,
    gives: [PING, TOO_LARGE],
  },
  {
    name: "exactly the line",
    input: "ECHO 1234567\nECHO 1234567\r\n",
    limits: SMALL,
    gives: [
      ["ECHO", "1234567"],
      ["ECHO", "1234567"],
    ],
  },
  {
    name: "a byte too many in a line",
    input: "ECHO 12345678\nPING\n",
    limits: SMALL,
    gives: [TOO_LARGE],
  },
  {
    name: "a long line",
    input: `${"*".padStart(40, "a")}\r\n*1\r\n$4\r\nPING\r\n`,
    limits: SMALL,
    gives: [TOO_LARGE],
  },
  {
    name: "an argument too many in a line",
    input: "a b c\na b c d\na b c\n",
    limits: SMALL,
    gives: [["a", "b", "c"], TOO_LARGE],
  },
  { name: "a line that does not end", input: "a".repeat(40), limits: SMALL, gives: [TOO_LARGE] },
  { name: "a number that does not end", input: "*".padEnd(40, "0"), limits: SMALL, gives: [TOO_LARGE] },
  { name: "a length that does not end", input: `*1\r\n${"$".padEnd(40, "0")}`, limits: SMALL, gives: [TOO_LARGE] },

  { name: "no number of arguments", input: "*\r\nPING\r\n", gives: [INVALID] },
  { name: "a number that is none", input: "*1a\r\nPING\r\n", gives: [INVALID] },
  { name: "a minus alone", input: "*-\r\nPING\r\n", gives: [INVALID] },
  { name: "a number that no double holds", input: "*1234567890123456\r\nPING\r\n", gives: [INVALID] },
  { name: "a number that was cut off", input: "*1111111111111111111111", gives: [CUT_OFF] },
  { name: "no bulk string", input: "*1\r\n:4\r\nPING\r\n", gives: [INVALID] },
  { name: "an array in an array", input: "*1\r\n*1\r\n$4\r\nPING\r\n", gives: [INVALID] },
  { name: "a line where a bulk string is due", input: "*2\r\n$4\r\nECHO\r\nPING\r\n", gives: [INVALID] },
  { name: "the null bulk string", input: "*1\r\n$-1\r\nPING\r\n", gives: [INVALID] },
  { name: "no length", input: "*1\r\n$\r\nPING\r\n", gives: [INVALID] },
  { name: "a bulk string without CR behind it", input: "*1\r\n$4\r\nPING\n\nPING\r\n", gives: [INVALID] },
  { name: "a bulk string without LF behind it", input: "*1\r\n$4\r\nPING\r\rPING\r\n", gives: [INVALID] },
  { name: "a length that is too small", input: "*1\r\n$3\r\nPING\r\n", gives: [INVALID] },
  { name: "what came before is given", input: "PING\r\n*x\r\nPING\r\n", gives: [PING, INVALID] },

  { name: "cut off in a number", input: "PING\r\n*1\r", gives: [PING, CUT_OFF] },
  { name: "cut off before an argument", input: "*2\r\n$4\r\nECHO\r\n", gives: [CUT_OFF] },
  { name: "cut off in an argument", input: "*1\r\n$4\r\nPIN", gives: [CUT_OFF] },
  { name: "cut off before the last LF", input: "*1\r\n$4\r\nPING\r", gives: [CUT_OFF] },
  { name: "cut off in a line", input: "PING\r\nPIN", gives: [PING, CUT_OFF] },
];
