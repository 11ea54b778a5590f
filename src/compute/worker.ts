/** The entry point of every worker thread: loads the module of a task, and calls its function with the frame. */
import { move, transferableSymbol, valueSymbol } from "piscina";
import { takeApart } from "../core/mod.ts";
import { type Answer, movedWith, packReply, type Task, unpack } from "./message.ts";
import { Progress } from "./progress.ts";
import { type WorkerContext, workerContext } from "./worker_context.ts";

/** Serialises a reply as sending does, without deserialising it. Deno does not examine messages to a closed port. */
const tryToClone: (reply: unknown) => void = "Deno" in globalThis ? structuredClone : postToNobody();

type Compute = (frame: unknown, context: WorkerContext) => unknown;

/** Called by piscina. Does not reject: an error that the function throws is sent as an answer. */
export default async function work({ module, frame, progress: shared }: Task): Promise<unknown> {
  try {
    const compute = await load(module);
    if (frame === undefined) return packReply(undefined);
    const progress = shared && new Progress(shared);
    const begin = () => compute(unpack(frame), workerContext(progress));
    const reply = await (progress === undefined ? begin() : progress.computing(begin));
    return moved(packReply(checkReply(reply)));
  } catch (error) {
    return { thrown: takeApart(error) };
  }
}

/** Returns the function that the module exports, or the handler of the service that it exports. */
async function load(module: string): Promise<Compute> {
  const { default: exported } = (await import(module)) as { readonly default?: unknown };
  if (typeof exported === "function") return exported as Compute;
  const handler = (exported as { readonly handler?: unknown } | null | undefined)?.handler;
  if (typeof handler === "function") return handler.bind(exported) as Compute;
  throw new TypeError(`the default export of ${module} is neither a function nor a service with a handler`);
}

/**
 * Checks that a reply can be sent. An error here fails this frame only; an error while sending would end the worker.
 *
 * @throws {TypeError} the reply cannot be sent
 */
function checkReply(reply: unknown): unknown {
  if (reply === null || (typeof reply !== "object" && typeof reply !== "function")) return reply;
  if (reply instanceof Uint8Array) return reply;
  if (Symbol.asyncIterator in reply) throw new TypeError("a pool gives one reply for a frame, not a stream of them");
  try {
    tryToClone(reply);
    return reply;
  } catch (cause) {
    throw new TypeError("a reply must be something that can be cloned", { cause });
  }
}

function postToNobody(): (reply: unknown) => void {
  const { port1: port } = new MessageChannel();
  port.close();
  return (reply) => port.postMessage(reply);
}

function moved(answer: Parameters<typeof movedWith>[0] & Answer): unknown {
  const buffers = movedWith(answer);
  return buffers.length === 0 ? answer : move({ [transferableSymbol]: buffers, [valueSymbol]: answer });
}
