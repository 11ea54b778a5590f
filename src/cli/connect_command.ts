import type { Conversation } from "./connect/conversation.ts";
import { pipedConversation } from "./connect/piped_conversation.ts";
import { terminalConversation } from "./connect/terminal_conversation.ts";
import { type ConnectFlags, DEFAULT_FRAME_BYTES } from "./connect_flags.ts";
import { dial, dialFailure } from "./dial.ts";
import type { Environment } from "./environment.ts";
import { usageFailure } from "./failure.ts";
import { parseTarget, type Target } from "./target.ts";
import { tlsSteps } from "./tls_client_flags.ts";

/** Runs `spillway connect`; fulfils with the exit code. @throws {Failure} no connection, or one that did not end in order */
export async function runConnect(text: string, flags: ConnectFlags, environment: Environment): Promise<number> {
  const target = parseTarget(text);
  const { codec: spec, maxFrameBytes } = flags;
  if (spec.fixed && maxFrameBytes !== undefined) {
    throw usageFailure(`option '--max-frame-bytes' does not apply to --codec ${spec.text}`);
  }
  const codec = spec.codec(maxFrameBytes === undefined ? {} : { maxFrameBytes });
  const connection = await connected(target, flags, environment);
  const { stdio } = environment;
  const conversation: Conversation = {
    connection,
    codec,
    unframed: spec.text === "bytes",
    hex: flags.hex === true,
    verbose: flags.verbose === true,
    maxFrameBytes: maxFrameBytes ?? DEFAULT_FRAME_BYTES,
    waitMs: flags.wait,
    stdio,
  };
  if (stdio.stdin.isTTY === true && stdio.stdout.isTTY === true) return await terminalConversation(conversation);
  await pipedConversation(conversation);
  return 0;
}

async function connected(target: Target, flags: ConnectFlags, { cwd, transport }: Environment) {
  const steps = await tlsSteps(flags, target, cwd);
  try {
    return await dial(transport, { target, steps, timeoutMs: flags.connectTimeout });
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) {
      throw usageFailure(`target '${target.text}': ${error.message}`, { cause: error });
    }
    throw dialFailure(target, error);
  }
}
