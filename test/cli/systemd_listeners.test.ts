import { describe, expect, it } from "vitest";
import { systemdListeners } from "../../src/cli/systemd_listeners.ts";

const PID = 42;

function listeners(variables: Readonly<Record<string, string>>, name?: string): readonly number[] {
  return systemdListeners(variables, PID, { name, origin: "option '--listen'" });
}

describe("the sockets that systemd passes", () => {
  const three = { LISTEN_FDS: "3", LISTEN_PID: "42", LISTEN_FDNAMES: "lines:admin:lines" };

  it("begin at descriptor 3", () => {
    expect(listeners({ LISTEN_FDS: "1", LISTEN_PID: "42" })).toEqual([3]);
    expect(listeners(three)).toEqual([3, 4, 5]);
  });

  it("are for any process when none is named", () => {
    expect(listeners({ LISTEN_FDS: "2" })).toEqual([3, 4]);
  });

  it("are chosen by their name", () => {
    expect(listeners(three, "lines")).toEqual([3, 5]);
    expect(listeners(three, "admin")).toEqual([4]);
  });

  it.each([
    [{}, "option '--listen' says systemd, but LISTEN_FDS is not set; start this process from a systemd service with"],
    [{ LISTEN_FDS: "" }, "but LISTEN_FDS is not set; start"],
    [{ LISTEN_FDS: "0" }, "but LISTEN_FDS is '0'; start this process"],
    [{ LISTEN_FDS: "one" }, "but LISTEN_FDS is 'one'"],
    [{ LISTEN_FDS: "99999999" }, "but LISTEN_FDS is '99999999'"],
    [
      { LISTEN_FDS: "1", LISTEN_PID: "7" },
      "but its sockets are for process 7, and this is process 42; let systemd start the runtime itself, or end the script",
    ],
  ])("are not %j", (variables, message) => {
    expect(() => listeners(variables)).toThrow(message);
  });

  it("are not others than were asked for", () => {
    expect(() => listeners(three, "web")).toThrow(
      "it has passed no socket with the name 'web' (their names are lines, admin); set FileDescriptorName= in the .socket unit",
    );
    expect(() => listeners({ LISTEN_FDS: "1" }, "web")).toThrow("(LISTEN_FDNAMES is not set)");
  });
});
