import { RealProgram } from "../../support/real_program.ts";

/** Where it is not installed, tests are skipped, or fail in CI. */
export const python: RealProgram = new RealProgram("python3", "python3");

const SCRIPT = `
import os, socket, sys
count = int(sys.argv[1])
sockets = [socket.socket() for _ in range(count)]
for listener in sockets:
    listener.bind(("127.0.0.1", 0))
    listener.listen()
print("ports", *(listener.getsockname()[1] for listener in sockets), file=sys.stderr, flush=True)
for index, listener in enumerate(sockets):
    os.dup2(listener.fileno(), 100 + index)
for index in range(count):
    os.dup2(100 + index, 3 + index)
    os.set_inheritable(3 + index, True)
os.environ.update(LISTEN_FDS=str(count), LISTEN_PID=str(os.getpid()), LISTEN_FDNAMES=":".join("abcdef"[:count]))
os.execvp(sys.argv[2], sys.argv[2:])
`;

/**
 * The arguments of Python that bind so many sockets to free ports, as descriptors 3 and up, say these ports on stderr, and
 * become the program whose command follows.
 */
export function bindAndBecome(count: number): readonly string[] {
  return ["-c", SCRIPT, `${count}`];
}
