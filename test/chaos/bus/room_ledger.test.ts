import { describe, expect, it } from "vitest";
import { RoomLedger } from "./room_ledger.ts";

function greeted(saidAt: (origin: string, number: number) => number | undefined = () => undefined): RoomLedger {
  const ledger = new RoomLedger("m1", saidAt);
  ledger.take("hello 7 aa 10", 0);
  return ledger;
}

describe("what a member of a room has got", () => {
  it("is in order for each server, with its own lines apart", () => {
    const ledger = greeted();
    for (const line of ["# aa 11 m2 x", "# bb 5 m3 ", "said 12", "# aa 13 m2 ", "# bb 9 m3 "]) ledger.take(line, 1);
    expect(ledger).toMatchObject({ pid: 7, origin: "aa", joinedAt: 10, own: [12] });
    expect([...ledger.received]).toEqual([
      ["aa", [11, 13]],
      ["bb", [5, 9]],
    ]);
  });

  it("has the longest time from what the sender was told to the line, of its own server", () => {
    const ledger = greeted((origin, number) => (number === 12 ? 100 : origin === "bb" ? 0 : undefined));
    for (const line of ["# aa 11 m2 ", "# aa 12 m2 ", "# bb 5 m3 "]) ledger.take(line, 130);
    expect(ledger.slowestLocalMs).toBe(30);
  });

  it.each([
    ["twice", "comes twice", ["# bb 5 m3 ", "# bb 5 m3 "]],
    ["out of order", "comes behind line 5", ["# bb 5 m3 ", "# bb 4 m3 "]],
    ["back to its sender", "its own line 5 of bb comes back", ["# bb 5 m1 "]],
    ["from before it joined", "said before it joined", ["# aa 10 m2 "]],
    ["as something else", "what cannot come", ["error: no"]],
    ["as a second greeting", "what cannot come", ["hello 7 aa 10"]],
  ])("must not come %s", (_name, message, lines) => {
    const ledger = greeted();
    expect(() => {
      for (const line of lines) ledger.take(line, 1);
    }).toThrow(message);
  });
});
