// A chat. A line goes to all other guests in the room. A line that begins with a slash is a command.
//   deno run -A src/main.ts serve ./examples/chat.ts --port 8080
//   nc 127.0.0.1 8080      and then /help
// All state is in the groups of the server: one for each room, and one with a single member for each nickname. So a guest
// may be at another server, with the same bus:
//   deno run -A src/main.ts serve ./examples/chat.ts --port 8081 --bus nats://127.0.0.1:4222
import { type CloseReason, type Context, defineService, lines, type Session } from "spillway";

/** The state of a connected guest. */
export interface Guest {
  nickname: string;
  /** The current room, if any. */
  room: string | undefined;
}

type Command = (argument: string, context: Context<string, Guest>) => string | Promise<string>;

const LOBBY = "lobby";
/** Nicknames and rooms. ASCII only, so that names that look the same are the same. */
const NAME = /^[a-z][a-z0-9_-]{0,15}$/i;
const NAME_RULE = "1 to 16 letters, digits, - or _, a letter first";
const MOST_CHARACTERS = 500;
/** The maximum number of names in a reply. */
const MOST_NAMES = 20;
/** Characters that could move the cursor on other terminals. */
const CONTROL = /\p{Cc}/gu;
const ORDERLY: readonly CloseReason[] = ["remote-closed", "drained"];

const COMMANDS: ReadonlyMap<string, Command> = new Map(
  Object.entries<Command>({
    help: () =>
      "* /nick NAME, /join ROOM, /leave, /who, /tell NAME TEXT, /quit TEXT; anything else is said to the room",
    join,
    leave,
    nick,
    quit,
    tell,
    who: (_, { session }) => whoIsHere(session),
  }),
);

export default defineService({
  // In bytes, and slightly more than the longest message, so that a line that is a little too long gets an explanation.
  codec: lines({ maxFrameBytes: 8 * MOST_CHARACTERS }),
  state: ({ id }): Guest => ({ nickname: `guest#${id}`, room: undefined }),
  onConnect: async (session) => {
    const { state } = session;
    // Every server counts its guests from 1.
    if (await isTaken(state.nickname, session)) state.nickname += `-${session.id.slice(0, 4)}`;
    session.join(nicknameGroup(state.nickname));
    enter(session, LOBBY);
    return `* welcome, ${state.nickname}; /help lists the commands; ${await whoIsHere(session)}`;
  },
  handler: (line, context) => {
    const text = line.replaceAll(CONTROL, " ").trim();
    if (text.length > MOST_CHARACTERS) return `* too long: ${MOST_CHARACTERS} characters are the most`;
    return text.startsWith("/") ? obey(text, context) : say(text, context.session);
  },
  onDrain: () => "* the server is going down, goodbye",
  onDisconnect: (session, reason) => depart(session, ORDERLY.includes(reason) ? "" : ` (${reason})`),
  // A guest who misses a line would not notice. A guest whose connection is reset notices, and can reconnect.
  slowConsumer: "reset",
  maxOutboundBytes: 65_536,
  // A guest who only reads is not idle.
  idleTimeoutMs: 3_600_000,
});

function obey(text: string, context: Context<string, Guest>): string | Promise<string> {
  const [name, argument] = splitWord(text.slice(1));
  const command = COMMANDS.get(name.toLowerCase());
  return command === undefined ? `* there is no /${name}; /help lists the commands` : command(argument, context);
}

function say(text: string, session: Session<string, Guest>): string | undefined {
  if (text === "") return undefined;
  if (session.state.room === undefined) return "* nobody hears you: /join a room";
  announce(session, `${session.state.nickname}: ${text}`);
  return undefined;
}

async function nick(wanted: string, { session }: Context<string, Guest>): Promise<string> {
  const { state } = session;
  if (!NAME.test(wanted)) return `* /nick NAME: ${NAME_RULE}`;
  if (await isTaken(wanted, session)) return `* ${wanted} is taken`;
  session.leave(nicknameGroup(state.nickname));
  session.join(nicknameGroup(wanted));
  announce(session, `* ${state.nickname} is now ${wanted}`);
  state.nickname = wanted;
  return `* you are now ${wanted}`;
}

async function join(wanted: string, { session }: Context<string, Guest>): Promise<string> {
  if (!NAME.test(wanted)) return `* /join ROOM: ${NAME_RULE}`;
  const room = wanted.toLowerCase();
  if (room === session.state.room) return `* you are in ${room}`;
  depart(session, ` for ${room}`);
  enter(session, room);
  return whoIsHere(session);
}

function leave(_: string, { session }: Context<string, Guest>): string {
  const { room } = session.state;
  if (room === undefined) return "* you are in no room";
  depart(session, "");
  return `* you have left ${room}`;
}

async function tell(argument: string, { session }: Context<string, Guest>): Promise<string> {
  const [name, text] = splitWord(argument);
  if (text === "") return "* /tell NAME TEXT";
  const guest = session.group(nicknameGroup(name));
  if ((await guest.presence()).members === 0) return `* ${name} is not here`;
  guest.broadcast(`${session.state.nickname}, to you: ${text}`);
  return `* told ${name}`;
}

/** Tells the room at once, because the connection ends only when the peer has closed it too. */
function quit(words: string, context: Context<string, Guest>): string {
  depart(context.session, words === "" ? "" : `: ${words}`);
  context.close();
  return "* goodbye";
}

/** Reports whether another guest has a name. Two who take it at the same time, at two servers, both get it. */
async function isTaken(nickname: string, session: Session<string, Guest>): Promise<boolean> {
  const group = session.group(nicknameGroup(nickname));
  const [owner] = group;
  if (owner !== undefined) return owner !== session;
  return (await group.presence()).members > 0;
}

async function whoIsHere(session: Session<string, Guest>): Promise<string> {
  const { room } = session.state;
  if (room === undefined) return "* you are in no room";
  const group = session.group(roomGroup(room));
  const names: string[] = [];
  for (const { state } of group) {
    if (names.push(state.nickname) === MOST_NAMES) break;
  }
  // The names of guests at other servers are not known here.
  const more = (await group.presence()).members - names.length;
  return `* in ${room}: ${names.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

function enter(session: Session<string, Guest>, room: string): void {
  session.state.room = room;
  session.join(roomGroup(room));
  announce(session, `* ${session.state.nickname} has joined ${room}`);
}

/** Leaves the room, if any, and tells its guests. */
function depart(session: Session<string, Guest>, how: string): void {
  const { nickname, room } = session.state;
  if (room === undefined) return;
  announce(session, `* ${nickname} has left ${room}${how}`);
  session.leave(roomGroup(room));
  session.state.room = undefined;
}

/** Sends to all other guests in the room, if any. */
function announce(session: Session<string, Guest>, line: string): void {
  const { room } = session.state;
  if (room !== undefined) session.group(roomGroup(room)).broadcast(line, { except: session });
}

function roomGroup(room: string): string {
  return `room ${room}`;
}

/** Names are case-insensitive. */
function nicknameGroup(nickname: string): string {
  return `nickname ${nickname.toLowerCase()}`;
}

/** The first word, and the text after it. */
function splitWord(text: string): [string, string] {
  const [, word = "", rest = ""] = /^(\S*)\s*(.*)$/.exec(text) ?? [];
  return [word, rest];
}
