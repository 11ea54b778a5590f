import { Command, CommanderError, Option } from "commander";
import { escapeText, isError, nearest } from "../core/mod.ts";
import { SpillwayError } from "../mod.ts";
import { addBenchFlags, type BenchFlags } from "./bench_flags.ts";
import { addConnectFlags, type ConnectFlags } from "./connect_flags.ts";
import type { Environment } from "./environment.ts";
import { Failure, firstLine, runFailure, usageFailure } from "./failure.ts";
import { addReloadFlags, type ReloadFlags } from "./reload_flags.ts";
import { runServe } from "./serve_command.ts";
import { addServeFlags, type ServeFlags } from "./serve_flags.ts";
import { addSimulateFlags, type SimulateFlags } from "./simulate_flags.ts";
import { addTopFlags, type TopFlags } from "./top_flags.ts";
import { VERSION } from "./version.ts";
import { addWorkFlags, type WorkFlags } from "./work_flags.ts";

export type { Environment } from "./environment.ts";

/** The most characters shown of a message that a user's code threw. */
const LONGEST_MESSAGE = 10_000;

const SERVICE_HELP = "compute, echo, or the path of a module with `export default { codec, handler }`";

const CODECS = `  lines               end at LF or CRLF; lines:crlf replies with CRLF
  delimited:0x1e      end at these bytes; or at text: delimited:'\\r\\n' (also \\t \\0 \\\\ \\x1e)
  fixed:16            16 bytes each
  u8 u16be u32le ...  length prefix of 8, 16, 24, 32, 48 or 64 bits, big or little endian
  varint              varint length prefix, as in protobuf streams
  netstring           5:hello,
  octet               5 hello (syslog), or end at LF or NUL; or at other bytes: octet:'\\0'
  content-length      header fields and a body (LSP)
  bytes               chunks as they arrive
`;

const SERVE_EXAMPLES = `
Codecs of echo:
${CODECS}
Examples:
  spillway serve                          reply to each integer with the next one after 2 s
  spillway serve echo --prefix '> '       echo lines
  spillway serve echo --codec u16be       echo frames with a length of two bytes
  spillway serve ./chat.js --port 9000    serve a module
  spillway serve ./primes.js --pool 4     serve a module with four worker threads
`;

const WORK_EXAMPLES = `
Without a broker it listens as serve does, for servers with --compute tcp://host:port.
Only the handler of the service is used: its codec and its hooks stay with the servers.

Examples:
  spillway work ./primes.js --listen tcp://0.0.0.0:9000 --concurrency 4
  spillway work ./primes.js --nats nats://10.0.0.9 --subject primes --pool 2
  spillway work ./orders.js --redis redis://10.0.0.9 --stream orders
`;

const TARGET_HELP = "host:port, tls://host:port, unix:/path, or unix:@name for an abstract socket";

const CONNECT_EXAMPLES = `
At a terminal each line that is entered is a frame. In a pipe each line of stdin is one, and each
frame of the peer a line of stdout. At the end of the input it sends FIN, and waits for the peer's.

Codecs:
${CODECS}
Examples:
  spillway connect 127.0.0.1:8080
  printf '1\\n2\\n' | spillway connect unix:/run/compute.sock
  spillway connect tls://example.org:8443 --tls-ca ca.pem -v
  echo '00 ff' | spillway connect 127.0.0.1:9000 --codec u16be --hex
`;

const BENCH_EXAMPLES = `
Every connection sends the same frame, and takes each frame of the peer for the reply to its oldest
unanswered one. Ctrl-C ends early, with the result so far. The exit code is 1 if there were errors.

Codecs:
${CODECS}
Examples:
  spillway bench 127.0.0.1:8080 --connections 100 --duration 30s
  spillway bench 127.0.0.1:8080 --rate 5000 --frame 41 --expect "result: 42 (processed '41')"
  spillway bench tls://127.0.0.1:8443 --tls-ca ca.pem --in-flight 64 --processes 2 --json
`;

const ADMIN_HELP = "host:port, http://host:port, a port, or unix:/path: what serve --admin says";

const TOP_EXAMPLES = `
Without --once it shows a screen, once a second: ? lists its keys, q quits. The server runs with
serve --admin.

Examples:
  spillway top
  spillway top unix:/run/echo.admin --token-file token --sort waiting
  spillway top 127.0.0.1:9090 --once --json | jq .server.connections
`;

const RELOAD_EXAMPLES = `
It replaces the workers of serve --workers one after the other, and waits for the end. The exit code
is 1 if a new worker did not get ready: then the old ones go on serving.

Examples:
  spillway reload --token-file token
  spillway reload unix:/run/echo.admin --token-file token --worker 2
  spillway reload --pid-file /run/echo.pid
`;

const COMPLETE_EXAMPLES = `
Examples:
  source <(spillway complete bash)                                   in ~/.bashrc
  source <(spillway complete zsh)                                    in ~/.zshrc, after compinit
  spillway complete fish > ~/.config/fish/completions/spillway.fish
`;

const SIMULATE_EXAMPLES = `
Clients come and go on a simulated network that delays, cuts and loses, with a clock and random numbers
of the seed. The exit code is 1 if the service has a fault; the result then has the command to repeat it.

Examples:
  spillway simulate ./chat.js --seeds 500
  spillway simulate ./shop.js --frame apple --frame fig --handler-timeout 2s
  spillway simulate ./shop.js --frames orders.txt --time-limit 1m --json
`;

/** Runs the command line, and fulfils with the exit code. Does not reject: a failure is reported in one line on stderr. */
export async function run(args: readonly string[], environment: Environment): Promise<number> {
  try {
    return await ran(args, environment);
  } catch (error) {
    const failure = error instanceof Failure ? error : unexpectedFailure(error);
    environment.stdio.err(
      `spillway: ${escapeText(failure.message, LONGEST_MESSAGE)}\n${failure.details}`,
      () => undefined,
    );
    return failure.exitCode;
  }
}

/** Runs the command, and fulfils with its exit code. @throws {Failure} */
async function ran(args: readonly string[], environment: Environment): Promise<number> {
  let exitCode = 0;
  // A help or a version is printed by functions that cannot wait.
  let printed = "";
  const program = programFor(args, environment, {
    print: (text) => {
      printed += text;
    },
    onExitCode: (code) => {
      exitCode = code;
    },
  });
  try {
    await program.parseAsync(args, { from: "user" });
    return exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError && error.exitCode === 0)) throw error;
    await environment.stdio.out(printed);
    return 0;
  }
}

function unexpectedFailure(error: unknown): Failure {
  // Deno's message names the permission.
  if (isError(error) && error.name === "NotCapable")
    return usageFailure(`Deno denied a permission: ${firstLine(error)}`);
  return runFailure(error instanceof SpillwayError ? firstLine(error) : `internal error: ${firstLine(error)}`);
}

/** The receivers of the output and of the exit code of a program. */
interface Told {
  readonly print: (text: string) => void;
  readonly onExitCode: (code: number) => void;
}

function programFor(args: readonly string[], environment: Environment, { print, onExitCode }: Told): Command {
  const { stdio } = environment;
  const program = new Command("spillway")
    .description("One TCP server that runs unchanged on Node, Deno and Bun.")
    .helpCommand(false)
    // An option behind a command is the command's: `-v` is not the same for all.
    .enablePositionalOptions()
    .configureOutput({
      writeOut: print,
      // `run` reports errors, in one line.
      writeErr: () => undefined,
      getOutHelpWidth: () => stdio.columns,
      getOutHasColors: () => false,
    });
  const serve = program.command("serve").description("Run a service until a signal drains it.");
  serve
    .argument("[service]", SERVICE_HELP, "compute")
    .action(async (service: string, flags: ServeFlags) => onExitCode(await runServe(service, flags, environment)))
    .addHelpText("after", SERVE_EXAMPLES);
  addServeFlags(serve);
  const work = program.command("work").description("Compute for servers elsewhere: be a worker of a fleet.");
  work
    .argument("<service>", SERVICE_HELP)
    .action(async (service: string, flags: WorkFlags) => {
      const { runWork } = await import("./work_command.ts");
      onExitCode(await runWork(service, flags, environment));
    })
    .addHelpText("after", WORK_EXAMPLES);
  addWorkFlags(work);
  const check = program
    .command("check")
    .description("Do everything that serve does before it listens, and report faults.");
  check.argument("<service>", SERVICE_HELP).action(async (service: string, flags: ServeFlags) => {
    const { runCheck } = await import("./check_command.ts");
    onExitCode(await runCheck(service, flags, environment));
  });
  addServeFlags(check);
  const connect = program.command("connect").description("Send lines to a server as frames, and show its frames.");
  connect
    .argument("<target>", TARGET_HELP)
    .action(async (target: string, flags: ConnectFlags) => {
      const { runConnect } = await import("./connect_command.ts");
      onExitCode(await runConnect(target, flags, environment));
    })
    .addHelpText("after", CONNECT_EXAMPLES);
  addConnectFlags(connect);
  const bench = program.command("bench").description("Measure the throughput and the reply times of a server.");
  bench
    .argument("<target>", TARGET_HELP)
    .action(async (target: string, flags: BenchFlags) => {
      const { runBench } = await import("./bench_command.ts");
      onExitCode(await runBench(target, flags, environment));
    })
    .addHelpText("after", BENCH_EXAMPLES);
  addBenchFlags(bench);
  const top = program.command("top").description("Show the connections of a server, as its admin endpoint sees them.");
  top
    .argument("[admin]", ADMIN_HELP, "127.0.0.1:9090")
    .action(async (place: string, flags: TopFlags) => {
      const { runTop } = await import("./top_command.ts");
      onExitCode(await runTop(place, flags, environment));
    })
    .addHelpText("after", TOP_EXAMPLES);
  addTopFlags(top);
  const reload = program.command("reload").description("Replace the workers of a server, without a lost connection.");
  reload
    .argument("[admin]", `${ADMIN_HELP} (default: "127.0.0.1:9090")`)
    .action(async (place: string | undefined, flags: ReloadFlags) => {
      const { runReload } = await import("./reload_command.ts");
      onExitCode(await runReload(place, flags, environment));
    })
    .addHelpText("after", RELOAD_EXAMPLES);
  addReloadFlags(reload);
  const complete = program.command("complete").description("Print the completion of a shell: bash, zsh or fish.");
  complete
    .argument("[shell]", "bash, zsh or fish")
    .allowExcessArguments()
    .action(async (shell: string | undefined) => {
      const { runComplete } = await import("./complete_command.ts");
      // A script asks with `--`, which commander leaves out.
      const words = args[0] === "complete" && args[1] === "--" ? args.slice(2) : undefined;
      onExitCode(await runComplete(shell, words, program, environment));
    })
    .addHelpText("after", COMPLETE_EXAMPLES);
  const simulate = program
    .command("simulate")
    .description("Run a service on a simulated network with faults, and report what it does wrong.");
  simulate
    .argument("<service>", SERVICE_HELP)
    .action(async (service: string, flags: SimulateFlags) => {
      const { runSimulate } = await import("./simulate_command.ts");
      onExitCode(await runSimulate(service, flags, environment, args.slice(args.indexOf("simulate") + 1)));
    })
    .addHelpText("after", SIMULATE_EXAMPLES);
  addSimulateFlags(simulate);
  addServeFlags(simulate);
  program
    .command("help")
    .description("Print the help of a command.")
    .argument("[command]")
    .helpOption(false)
    .action((name?: string) => helpOf(name, program));
  for (const command of [program, serve, work, check, connect, bench, top, reload, simulate, complete]) {
    command
      // There, `-v` is `--verbose`.
      .version(VERSION, command === connect ? "--version" : "-v, --version", "print the version")
      .helpOption("-h, --help", "print this help")
      .showSuggestionAfterError(false)
      // `-V` is the letter that Deno and many other tools use.
      .addOption(new Option("-V").hideHelp())
      .on("option:V", () => {
        print(`${VERSION}\n`);
        throw new CommanderError(0, "commander.version", VERSION);
      })
      .exitOverride((error) => {
        throw error.exitCode === 0 ? error : commandFailure(inOneLine(error), command, program);
      });
  }
  return program;
}

function helpOf(name: string | undefined, program: Command): never {
  const command = name === undefined ? program : program.commands.find((known) => known.name() === name);
  if (command === undefined) throw commandFailure(`unknown command '${name}'`, program, program);
  return command.help();
}

/** Reports an error of commander in one line. */
function commandFailure(wrong: string, command: Command, program: Command): Failure {
  const name = command === program ? program.name() : `${program.name()} ${command.name()}`;
  return usageFailure(`${wrong}${suggestion(wrong, command)}; see '${name} --help'`);
}

function inOneLine({ code, message }: CommanderError): string {
  if (code === "commander.help") return "missing command";
  return message
    .replace(/^error: /, "")
    .replace(/^option '(?:-\w, )?(--\S+) .*?' argument '(.*)' is invalid\. (.*)$/s, "option '$1' cannot be '$2': $3")
    .replace(/^option '(?:-\w, )?(--\S+) .*?' argument missing$/, "option '$1' requires a value")
    .replace(/\.$/, "");
}

function suggestion(wrong: string, command: Command): string {
  const [, kind, given = ""] = /^unknown (option|command) '(--[^'=]*|[^'-]*)/.exec(wrong) ?? [];
  if (kind === undefined) return "";
  const names =
    kind === "command"
      ? command.commands.map((known) => known.name())
      : command.options.flatMap(({ long }) => long ?? []);
  const meant = nearest(given, names);
  return meant === undefined ? "" : ` (did you mean ${meant}?)`;
}
