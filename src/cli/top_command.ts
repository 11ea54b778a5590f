import { setTimeout } from "node:timers";
import type { Environment } from "./environment.ts";
import { runFailure, usageFailure } from "./failure.ts";
import { AdminClient, AdminFailure } from "./top/admin_client.ts";
import { type AdminPlace, adminPlaceOf } from "./top/admin_place.ts";
import { liveView } from "./top/live_view.ts";
import { type Look, type LookQuery, Looks } from "./top/look.ts";
import { jsonText, plainText } from "./top/plain_look.ts";
import { beginsWithLargest, serverSort } from "./top/row_order.ts";
import { Terminal } from "./top/terminal.ts";
import { readTokenFile } from "./top/token_file.ts";
import { initialView } from "./top/view_state.ts";
import type { TopFlags } from "./top_flags.ts";

/** Runs `spillway top`; fulfils with the exit code. @throws {Failure} an invalid call; with `--once`: no answer */
export async function runTop(text: string, flags: TopFlags, environment: Environment): Promise<number> {
  const place = adminPlaceOf(text);
  const { cwd, stdio, variables } = environment;
  const { sort, filterAddress: address = "", filterGroup: group = "", limit, interval: intervalMs } = flags;
  const descending = beginsWithLargest(sort) !== (flags.reverse === true);
  if (flags.once === true) return await lookOnce(place, flags, { sort, descending }, environment);
  if (flags.json === true) throw usageFailure("option '--json' is for --once: add it");
  if (stdio.stdin.isTTY !== true || stdio.stdout.isTTY !== true) {
    throw usageFailure("top shows a screen, and stdin or stdout is no terminal: use --once");
  }
  if (variables["TERM"] === "dumb") {
    throw usageFailure("top shows a screen, and this terminal has none (TERM=dumb): use --once");
  }
  const token = flags.tokenFile === undefined ? undefined : await readTokenFile(flags.tokenFile, cwd);
  const client = new AdminClient(place, token);
  return await liveView({
    place: place.text,
    client,
    looks: new Looks(client),
    terminal: new Terminal(stdio, (variables["NO_COLOR"] ?? "") === ""),
    state: initialView({ sort, descending, address, group }),
    intervalMs,
    limit,
    hasToken: token !== undefined,
    environment,
  });
}

async function lookOnce(
  place: AdminPlace,
  flags: TopFlags,
  order: Parameters<typeof plainText>[1],
  { stdio }: Environment,
): Promise<number> {
  if (flags.tokenFile !== undefined) throw usageFailure("option '--token-file' has no effect with --once");
  const client = new AdminClient(place, undefined);
  const { filterAddress: address = "", filterGroup: group = "", limit, interval } = flags;
  const query: LookQuery = {
    serverSort: serverSort(order.sort),
    descending: order.descending,
    address,
    group,
    limit,
    detailsOf: undefined,
  };
  let look: Look;
  try {
    const looks = new Looks(client);
    await looks.next(query);
    await new Promise((resolve) => setTimeout(resolve, interval));
    look = await looks.next(query);
  } catch (cause) {
    if (!(cause instanceof AdminFailure)) throw cause;
    throw runFailure(`no answer from the admin endpoint ${place.text}: ${cause.message}`, { cause });
  } finally {
    client.close();
  }
  const { isTTY, columns = Infinity } = stdio.stdout;
  const width = isTTY === true ? columns || Infinity : Infinity;
  await stdio.out(flags.json === true ? jsonText(look, order, place.text) : plainText(look, order, width));
  return 0;
}
