// @ts-check
// Opens connections to one address of a server and keeps them; then asks for a reply on each. A child process of capacity.mjs.
import { once } from "node:events";
import net from "node:net";
import process from "node:process";

/** Connections that are being opened at once: below the backlog. */
const OPENING = 200;
/** Connections that are asked at once. */
const ASKED = 2_000;
const CONNECT_MS = 30_000;
const REPLY_MS = 30_000;

const [port, host, count] = process.argv.slice(2);
/** @type {net.Socket[]} */
const held = [];
/** The connections that ended although nobody asked for it. */
let lost = 0;

for (let opened = 0; opened < Number(count); opened += OPENING) {
  const batch = Math.min(OPENING, Number(count) - opened);
  await Promise.all(Array.from({ length: batch }, open));
  process.send?.({ opened: held.length });
}

process.on("message", () => void askAll());
process.on("disconnect", () => process.exit());

async function askAll() {
  let answered = 0;
  for (let at = 0; at < held.length; at += ASKED) {
    const replies = await Promise.all(
      held.slice(at, at + ASKED).map((socket, index) => ask(socket, `line ${at + index}`)),
    );
    answered += replies.filter(Boolean).length;
  }
  process.send?.({ answered, lost });
}

async function open() {
  const socket = net.connect({ host, port: Number(port) });
  socket.setTimeout(CONNECT_MS, () => socket.destroy(new Error(`no connection within ${CONNECT_MS} ms`)));
  await once(socket, "connect");
  socket.setTimeout(0);
  const end = () => {
    lost += 1;
    socket.destroy();
  };
  socket.on("error", () => {}).on("close", end);
  held.push(socket);
}

/** Whether a line is answered with itself. @param {net.Socket} socket @param {string} line @returns {Promise<boolean>} */
function ask(socket, line) {
  return new Promise((resolve) => {
    let text = "";
    const end = (/** @type {boolean} */ answered) => {
      clearTimeout(timer);
      socket.off("data", take).off("close", fail);
      resolve(answered);
    };
    const fail = () => end(false);
    const take = (/** @type {Buffer} */ chunk) => {
      text += chunk.toString();
      if (text.length > line.length) end(text === `${line}\n`);
    };
    const timer = setTimeout(fail, REPLY_MS);
    socket.on("data", take).on("close", fail);
    socket.write(`${line}\n`);
  });
}
