import type { TestContext } from "vitest";
import { python } from "./bind_and_become.ts";
import { RUNTIME } from "./runtime.ts";

/** Runs a command at a terminal of a size, and does what each line of stdin says. */
const SCRIPT = String.raw`
import fcntl, json, os, pty, select, struct, sys, termios
size, environment, command = json.loads(sys.argv[1]), json.loads(sys.argv[2]), sys.argv[3:]
def resize(terminal, size):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", size["rows"], size["columns"], 0, 0))
pid, terminal = pty.fork()
if pid == 0:
    resize(0, size)
    os.environ.update(environment)
    os.execvp(command[0], command)
told = b""
while True:
    readable, _, _ = select.select([terminal, 0], [], [])
    if terminal in readable:
        try:
            data = os.read(terminal, 65536)
        except OSError:
            data = b""
        if not data:
            break
        os.write(1, data)
    if 0 in readable:
        more = os.read(0, 65536)
        if not more:
            break
        *lines, told = (told + more).split(b"\n")
        for line in lines:
            order = json.loads(line)
            if "keys" in order: os.write(terminal, order["keys"].encode())
            if "size" in order: resize(terminal, order["size"])
            if "signal" in order: os.kill(pid, order["signal"])
            if "hold" in order:
                # Nobody reads any more, until no more fits into the terminal.
                waiting, same = 0, 0
                while same < 10:
                    os.write(terminal, b"\x0c?")
                    select.select([], [], [], 0.02)
                    now = struct.unpack("i", fcntl.ioctl(terminal, termios.FIONREAD, b"    "))[0]
                    waiting, same = now, same + 1 if now == waiting and now > 0 else 0
                os.kill(pid, order["hold"])
                os._exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
            if "hangUp" in order: os.close(terminal); os._exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
flags = termios.tcgetattr(terminal)[3]
sys.stderr.write("lines" if flags & termios.ICANON and flags & termios.ECHO else "raw")
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

const SIGNALS = { SIGTERM: 15, SIGHUP: 1, SIGINT: 2, SIGQUIT: 3 };
const ESCAPE = "\x1b";
/** A command to the terminal, behind ESC. */
const COMMAND = /^\[(\??)([\d;]*)([A-Za-z])/;

/** The real command line at a pseudo-terminal, and the screen that it paints there. */
export class ScreenCli {
  /** The exit code, and how the terminal was left: `lines` as it was found, or `raw`. */
  readonly ended: Promise<{ readonly code: number | null; readonly left: string }>;
  /** Everything that was written to the terminal. */
  written = "";
  /** The lines of the alternate screen; kept when it is left. */
  lines: string[] = [];
  /** Whether the alternate screen is shown, and the cursor. */
  alternate = false;
  cursor = true;
  #rest = "";
  #row = 0;
  #over = false;
  readonly #child: ReturnType<typeof python.start>["child"];
  readonly #waiting = new Set<() => void>();

  /** Where Python is not installed the test is skipped, or fails in CI. */
  constructor(
    context: TestContext,
    size: { readonly columns: number; readonly rows: number },
    args: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ) {
    const variables = JSON.stringify({ TERM: "xterm", ...environment });
    const { child, ending } = python.start(context, [
      "-c",
      SCRIPT,
      JSON.stringify(size),
      variables,
      ...RUNTIME.command,
      ...args,
    ]);
    this.#child = child;
    child.stdin.on("error", () => undefined);
    child.stdout.on("data", (text: string) => {
      this.written += text;
      this.#paint(text);
      this.#look();
    });
    this.ended = ending.then(({ code, stderr }) => {
      this.#over = true;
      this.#look();
      return { code, left: stderr };
    });
  }

  /** The whole screen. */
  get text(): string {
    return this.lines.map((line) => line ?? "").join("\n");
  }

  type(keys: string): void {
    this.#tell({ keys });
  }

  resize(columns: number, rows: number): void {
    this.#tell({ size: { columns, rows } });
  }

  signal(name: keyof typeof SIGNALS): void {
    this.#tell({ signal: SIGNALS[name] });
  }

  /** Reads nothing more of what is written to the terminal; and when nothing more fits, sends a signal. */
  hold(name: keyof typeof SIGNALS): void {
    this.#tell({ hold: SIGNALS[name] });
  }

  /** Takes the terminal away. */
  hangUp(): void {
    this.#tell({ hangUp: true });
  }

  /** Fulfils when the screen shows what fits. */
  async shows(pattern: RegExp | string): Promise<void> {
    await this.until(
      () => (typeof pattern === "string" ? this.text.includes(pattern) : pattern.test(this.text)),
      String(pattern),
    );
  }

  /** Fulfils when a condition holds, which is looked at after every output. */
  async until(condition: () => boolean, what: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const look = () => {
        const holds = condition();
        if (!holds && !this.#over) return;
        this.#waiting.delete(look);
        if (holds) resolve();
        else reject(new Error(`never shown: ${what}; the screen:\n${this.text}\n${JSON.stringify(this.written)}`));
      };
      this.#waiting.add(look);
      look();
    });
  }

  #tell(order: object): void {
    this.#child.stdin.write(`${JSON.stringify(order)}\n`);
  }

  #look(): void {
    for (const look of this.#waiting) look();
  }

  #paint(text: string): void {
    let input = this.#rest + text;
    this.#rest = "";
    while (input !== "") {
      if (!input.startsWith(ESCAPE)) {
        const end = input.indexOf(ESCAPE);
        const part = end === -1 ? input : input.slice(0, end);
        if (this.alternate) this.lines[this.#row] = (this.lines[this.#row] ?? "") + part;
        input = input.slice(part.length);
        continue;
      }
      const [whole, mode, numbers = "", name] = COMMAND.exec(input.slice(1)) ?? [];
      if (whole === undefined) {
        this.#rest = input;
        return;
      }
      if (mode === "?") this.#set(numbers, name === "h");
      else if (name === "J") this.lines = [];
      else if (name === "H") {
        this.#row = Number(numbers.split(";")[0]) - 1;
        this.lines[this.#row] = "";
      }
      input = input.slice(1 + whole.length);
    }
  }

  #set(number: string, on: boolean): void {
    if (number === "1049") this.alternate = on;
    if (number === "25") this.cursor = on;
  }
}
