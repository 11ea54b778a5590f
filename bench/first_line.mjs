// @ts-check
import { spawn } from "node:child_process";
import { once } from "node:events";
import { started } from "./children.mjs";

const START_MS = 20_000;

/**
 * Starts a program, waits until it says something, and ends it; returns how long that took.
 *
 * @param {string} name for messages
 * @param {import("../scripts/commands.mjs").Command} command
 * @returns {Promise<number>}
 */
export async function firstLineMs(name, { command, args }) {
  const began = performance.now();
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "ignore"] });
  const kill = () => void child.kill("SIGKILL");
  const one = { kill };
  started.add(one);
  const timer = setTimeout(kill, START_MS);
  let saidAt = Number.NaN;
  child.stdout.once("data", () => {
    saidAt = performance.now();
    kill();
  });
  try {
    await once(child, "close");
  } finally {
    clearTimeout(timer);
    started.delete(one);
  }
  if (Number.isNaN(saidAt)) throw new Error(`${name}: it ended, or took ${START_MS} ms, and has not said a line`);
  return saidAt - began;
}
