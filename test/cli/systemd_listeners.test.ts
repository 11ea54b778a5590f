import { describe, expect, it } from "vitest";
import { systemdListeners } from "../../src/cli/systemd_listeners.ts";

function listeners(variables: Readonly<Record<string, string>>, name?: string): readonly number[] {
  return systemdListeners(variables, 42, { name, origin: "option '--listen'" });
}

describe("the sockets that systemd passes", () => {
  const three = { LISTEN_FDS: "3", LISTEN_PID: "42", LISTEN_FDNAMES: "lines:admin:lines" };

  it("are all taken, or those with a name", () => {
    expect(listeners(three)).toEqual([3, 4, 5]);
    expect(listeners(three, "lines")).toEqual([3, 5]);
    expect(listeners(three, "admin")).toEqual([4]);
  });

  it.each([
    [{}, "option '--listen' says systemd, but LISTEN_FDS is not set; start this process from a systemd service with"],
    [{ LISTEN_FDS: "1" }, "but LISTEN_PID is not set; start this process"],
    [{ LISTEN_FDS: "0", LISTEN_PID: "42" }, "but it has passed no socket; start this process"],
    [{ LISTEN_FDS: "one", LISTEN_PID: "42" }, "LISTEN_FDS must be a whole number"],
    [
      { LISTEN_FDS: "1", LISTEN_PID: "7" },
      "but its sockets are for process 7, and this is process 42; let systemd start the runtime itself, or end the script",
    ],
  ])("are not %j", (variables, message) => {
    expect(() => listeners(variables)).toThrow(message);
  });

  it("are not others than were asked for", () => {
    expect(() => listeners(three, "web")).toThrow(
      "it has passed no socket with the name 'web', but lines, admin; set FileDescriptorName= in the .socket unit",
    );
  });
});
