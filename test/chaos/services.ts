import { setTimeout as delay } from "node:timers/promises";
import { type Codec, lines, type Service } from "spillway";
import { lengthPrefixed, netstrings, text } from "spillway/codecs";

/** The group that connections of the group services join. Their greeting says how many broadcasts there had been. */
const ROOM = "room";

/** The services of a server under a storm. Every connection is greeted with its number, and told `bye` at a drain. */
export const SERVICE_NAMES = ["echo", "compute", "stream", "group-drop", "group-oldest", "group-reset"] as const;

export type ServiceName = (typeof SERVICE_NAMES)[number];

const CODECS: Record<ServiceName, () => Codec<string>> = {
  echo: () => lines(),
  compute: () => text(lengthPrefixed({ width: 4 })),
  stream: () => text(netstrings()),
  "group-drop": () => lines(),
  "group-oldest": () => text(netstrings()),
  "group-reset": () => text(lengthPrefixed({ width: 4 })),
};

/** A fresh one, for one server. */
export function makeService(name: ServiceName): Service<string> {
  return { onDrain: () => "bye", ...SERVICES[name](), codec: CODECS[name]() };
}

const greet: NonNullable<Service<string>["onConnect"]> = ({ connection }) => `hello ${connection.id}`;

const SERVICES: Record<ServiceName, () => Omit<Service<string>, "codec">> = {
  echo: () => ({ onConnect: greet, handler: (request) => request }),
  compute: () => ({ onConnect: greet, concurrency: 8, handler: compute }),
  stream: () => ({ onConnect: greet, concurrency: 4, handler: count }),
  "group-drop": () => group({ slowConsumer: "drop", maxOutboundBytes: 65_536 }),
  "group-oldest": () => group({ slowConsumer: "drop-oldest", maxOutboundBytes: 65_536 }),
  "group-reset": () => group({ slowConsumer: "reset" }),
};

/** `<tag> <n> <ms> <padding>`: echoed after so long, at once for 0. */
function compute(request: string): string | Promise<string> {
  const ms = Number(request.split(" ", 3)[2]);
  return ms === 0 ? request : delay(ms, request);
}

/** `<tag> <n> <count> <padding>`: so many frames `<tag> <n> <k>`, some of them later. */
async function* count(request: string): AsyncGenerator<string> {
  const [tag, n, frames] = request.split(" ", 3);
  for (let k = 0; k < Number(frames); k++) {
    if (k % 8 === 7) await delay(1);
    yield `${tag} ${n} ${k}`;
  }
}

/** `<tag> <n> <burst> <bytes>`: so many broadcasts `# <number> <padding>`, then `<tag> <n>`. `<tag> leave`: `left <number>`. */
function group(options: Partial<Service<string>>): Omit<Service<string>, "codec"> {
  let broadcasts = 0;
  return {
    ...options,
    onConnect: (session) => {
      session.join(ROOM);
      return `hello ${session.connection.id} ${broadcasts}`;
    },
    handler: (request, { session }) => {
      const [tag, n, burst, bytes] = request.split(" ", 4);
      if (n === "leave") {
        session.leave(ROOM);
        return `left ${broadcasts}`;
      }
      const padding = "#".repeat(Number(bytes));
      for (let sent = 0; sent < Number(burst); sent++) session.group(ROOM).broadcast(`# ${++broadcasts} ${padding}`);
      return `${tag} ${n}`;
    },
  };
}
