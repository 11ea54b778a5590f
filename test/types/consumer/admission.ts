import { type Connection, type EstablishStep, lines, serve } from "spillway";
import {
  type AdmissionErrorCode,
  type AdmissionRules,
  type AdmissionStats,
  addressKey,
  admission,
  byteRate,
} from "spillway/admission";
import { same } from "./equal.ts";

export async function admitted(connection: Connection): Promise<AdmissionStats> {
  const rules: AdmissionRules = { allow: ["10.0.0.0/8", "unix"], deny: ["10.1.0.0/16"] as const };
  const gate = admission({ ...rules, maxPerAddress: 5, by: ({ remoteAddress }) => addressKey(remoteAddress) });
  const step: EstablishStep = gate;
  await serve({
    port: 0,
    codec: lines(),
    handler: (line) => line,
    establish: [step, gate, byteRate({ bytesPerSecond: 1 })],
  });
  // A step that is called without a server is synchronous.
  const result = gate(connection);
  same<typeof result, Connection>(true);
  gate.replace({ deny: [] });
  const { refused } = gate.stats();
  same<keyof typeof refused, AdmissionErrorCode>(true);
  // @ts-expect-error a list is wanted
  admission({ deny: "10.0.0.0/8" });
  // @ts-expect-error a key is a string
  admission({ maxPerAddress: 1, by: () => 7 });
  // @ts-expect-error a way to refuse that there is not
  admission({ refuse: "drop" });
  // @ts-expect-error the rate is required
  byteRate({});
  return gate.stats();
}
