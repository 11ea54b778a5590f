import { checkingEnvironment } from "./checking_environment.ts";
import type { Environment, Listening } from "./environment.ts";
import { readyLine } from "./ready_line.ts";
import { runServe } from "./serve_command.ts";
import type { ServeFlags } from "./serve_flags.ts";

/**
 * Runs `spillway check`: everything that `spillway serve` does, on a transport that listens nowhere. So it loads the
 * service, its workers, and the files that settings name, and finds what `serve` would refuse. Fulfils with the exit code.
 *
 * @throws {Failure} `spillway serve` would not start, unless the place where it listens is the reason
 */
export async function runCheck(name: string, flags: ServeFlags, environment: Environment): Promise<number> {
  let checked: Listening | undefined;
  const code = await runServe(
    name,
    flags,
    checkingEnvironment(environment, (listening) => {
      checked = listening;
    }),
  );
  if (code === 0 && checked !== undefined) {
    const ready = readyLine(checked.addresses, checked.speaksTls, environment.transport.name);
    await environment.stdio.out(ready.replace(/^spillway listening on (.*) \(.*\)\n$/s, `${name} is valid: $1\n`));
  }
  return code;
}
