import { type Command, Option } from "commander";
import { type CodecSpec, parseCodecSpec } from "./codec_spec.ts";
import { parseCount, parseTimeout } from "./option_values.ts";
import { addTlsClientFlags, type TlsClientFlags } from "./tls_client_flags.ts";

/** The options as commander parses them. */
export interface ConnectFlags extends TlsClientFlags {
  readonly codec: CodecSpec;
  readonly hex?: true;
  readonly verbose?: true;
  readonly maxFrameBytes?: number;
  readonly connectTimeout: number;
  readonly wait: number;
}

/** The longest payload, unless `--max-frame-bytes` says otherwise. */
export const DEFAULT_FRAME_BYTES: number = 65_536;
const DEFAULT_MS = { connectTimeout: 10_000, wait: 30_000 };

/** Declares the options on a command. */
export function addConnectFlags(command: Command): void {
  command
    .addOption(
      new Option("--codec <spec>", "the framing, see below")
        .argParser(parseCodecSpec)
        .default(parseCodecSpec("lines"), "lines"),
    )
    .addOption(new Option("--hex", "read and write frames as hexadecimal digits"))
    .addOption(new Option("-v, --verbose", "tell the time of each reply, the order of requests assumed"))
    .addOption(
      new Option("--max-frame-bytes <count>", `largest payload (default: ${DEFAULT_FRAME_BYTES})`).argParser(
        parseCount,
      ),
    )
    .addOption(
      new Option("--connect-timeout <duration>", "time to connect, TLS included")
        .argParser(parseTimeout)
        .default(DEFAULT_MS.connectTimeout, "10s"),
    )
    .addOption(
      new Option(
        "--wait <duration>",
        "time that the peer may take or send no byte, while output waits and after the end of the input",
      )
        .argParser(parseTimeout)
        .default(DEFAULT_MS.wait, "30s"),
    );
  addTlsClientFlags(command);
}
