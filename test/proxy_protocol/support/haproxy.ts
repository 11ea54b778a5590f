import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { TestContext } from "vitest";
import { type ProgramEnding, RealProgram } from "../../support/real_program.ts";

const haproxy = new RealProgram("haproxy", "haproxy");

/** A folder that is removed after the test. Its path is short enough for that of a socket. */
export function temporaryFolder(context: TestContext): string {
  const folder = mkdtempSync(path.join(tmpdir(), "haproxy-"));
  context.onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Starts HAProxy with sections of a configuration, until the test is over. Its sockets lie in `folder`. */
export function startHaproxy(context: TestContext, folder: string, sections: string): void {
  const { child, ending } = haproxy.start(context, ["-db", "-f", writeConfiguration(folder, sections)]);
  context.onTestFinished(async () => {
    child.kill("SIGTERM");
    const { code, stderr } = await ending;
    // It ends with 128 + SIGTERM; 1 is a fault of the configuration.
    if (code === 1) throw new Error(stderr);
  });
}

/** Lets HAProxy check sections of a configuration. */
export function checkConfiguration(context: TestContext, folder: string, sections: string): Promise<ProgramEnding> {
  return haproxy.run(context, ["-c", "-f", writeConfiguration(folder, sections)]);
}

/** Writes a configuration with these sections. Returns its path. */
function writeConfiguration(folder: string, sections: string): string {
  const file = path.join(folder, "haproxy.cfg");
  writeFileSync(
    file,
    `global
  maxconn 100
defaults
  mode tcp
  timeout connect 10s
  timeout client 10s
  timeout server 10s
${sections}
`,
  );
  return file;
}
