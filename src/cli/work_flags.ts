import { type Command, Option } from "commander";
import { DEFAULT_STREAM, DEFAULT_SUBJECT, parseBroker } from "./fleet_spec.ts";
import { parseTimeout } from "./option_values.ts";
import { addServeFlags, type ServeFlags } from "./serve_flags.ts";

/** The options of `spillway work`: those of `serve`, and where the work comes from. */
export interface WorkFlags extends ServeFlags {
  readonly nats?: string;
  readonly subject?: string;
  readonly queue?: string;
  readonly redis?: string;
  readonly stream?: string;
  readonly group?: string;
  readonly claimAfter?: number;
}

const BROKER = "Broker, instead of listening:";

function broker(flags: string, text: string): Option {
  return new Option(flags, text).helpGroup(BROKER);
}

/** Declares the options on a command. */
export function addWorkFlags(command: Command): void {
  command
    .addOption(
      broker("--nats <url>", "take frames from a NATS server: nats://host:4222").argParser(
        parseBroker(["nats", "tls"]),
      ),
    )
    .addOption(broker("--subject <subject>", `NATS: the subject of the fleet (default: ${DEFAULT_SUBJECT})`))
    .addOption(broker("--queue <name>", "NATS: the queue group (default: spillway)"))
    .addOption(
      broker("--redis <url>", "take frames from a stream of a Redis server: redis://host:6379").argParser(
        parseBroker(["redis", "rediss"]),
      ),
    )
    .addOption(broker("--stream <key>", `Redis: the stream of the fleet (default: ${DEFAULT_STREAM})`))
    .addOption(broker("--group <name>", "Redis: the consumer group (default: spillway)"))
    .addOption(
      broker(
        "--claim-after <duration>",
        "Redis: time after which the frames of a worker that says nothing go to another (default: 10s)",
      ).argParser(parseTimeout),
    );
  addServeFlags(command);
}
