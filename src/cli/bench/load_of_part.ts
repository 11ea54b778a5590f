import { parseCodecSpec } from "../codec_spec.ts";
import { dial, dialFailure } from "../dial.ts";
import type { Environment } from "../environment.ts";
import { firstLine, usageFailure } from "../failure.ts";
import { FrameBatch } from "../frame_batch.ts";
import { parseTarget } from "../target.ts";
import { tlsSteps } from "../tls_client_flags.ts";
import { Load } from "./load.ts";
import type { PartPlan } from "./part.ts";

/** Returns a load with all of its connections. @throws {Failure} an invalid plan, or no connection */
export async function loadOfPart(part: PartPlan, { cwd, transport }: Environment): Promise<Load> {
  const target = parseTarget(part.target);
  const codec = parseCodecSpec(part.codec).codec(
    part.maxFrameBytes === undefined ? {} : { maxFrameBytes: part.maxFrameBytes ?? Infinity },
  );
  const steps = await tlsSteps(part.tls, target, cwd);
  const timeoutMs = part.connectTimeoutMs ?? Infinity;
  const batch = new FrameBatch();
  try {
    batch.add(codec.encoder(), bytesOf(part.frame));
  } catch (cause) {
    throw usageFailure(`the frame is none of --codec ${part.codec}: ${firstLine(cause)}`, { cause });
  }
  const load = new Load({
    connections: part.connections,
    inFlight: part.inFlight,
    framesPerConnection: part.framesPerConnection ?? Infinity,
    rate: part.rate,
    durationMs: part.durationMs,
    warmUpMs: part.warmUpMs,
    timeoutMs: part.timeoutMs ?? Infinity,
    encodedFrame: batch.take() as Uint8Array<ArrayBuffer>,
    expected: part.expected === undefined ? undefined : bytesOf(part.expected),
    codec,
    dial: () => dial(transport, { target, steps, timeoutMs }),
  });
  try {
    await load.connect();
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) {
      throw usageFailure(`target '${target.text}': ${error.message}`, { cause: error });
    }
    throw dialFailure(target, error);
  }
  return load;
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
