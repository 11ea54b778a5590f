/** A worker's part of the endpoint that settings ask of its supervisor. Its room is imported only then. */
import type { WorkerLink } from "../cluster/mod.ts";
import { type AdminEndpoint, type AdminParts, numbersOf } from "./admin_endpoint.ts";
import type { Given } from "./given.ts";

/** Lets a worker answer the endpoint of its supervisor. Returns `undefined` when no setting asks for one. */
export async function joinAdmin(
  { settings }: Given,
  link: WorkerLink,
  parts: Omit<AdminParts, "cwd" | "logger">,
): Promise<AdminEndpoint | undefined> {
  if (settings.admin === undefined) return undefined;
  const { workerAdmin } = await import("../admin/mod.ts");
  const { config, onLogLevel } = parts;
  const { numbers, sources } = await numbersOf(parts);
  const part = workerAdmin({ metrics: numbers, sources, config, onLogLevel });
  link.answering = part.answering;
  return { observers: [numbers, part.observer], middleware: numbers.middleware, close: async () => undefined };
}
