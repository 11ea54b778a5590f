import { survives } from "./plan.ts";
import type { Ended } from "./reports.ts";
import type { Visit } from "./visit.ts";

/** The circumstances of a visit that its client does not see. */
export interface Circumstances {
  /** The server's account of how this connection ended. A connection that was not greeted has none. */
  readonly ended: Ended | undefined;
  /** The server drained meanwhile. */
  readonly draining: boolean;
}

/** The promise that was broken, if one was. */
export function judge(visit: Visit, circumstances: Circumstances): string | undefined {
  const { ledger, plan } = visit;
  const broken = visit.error?.message ?? judgeEnd(visit, circumstances) ?? judgeBroadcasts(visit, circumstances);
  if (broken === undefined || visit.error !== undefined) return broken;
  const { ended } = circumstances;
  return `${ledger.service} ${ledger.tag} (connection ${ledger.id}): ${broken}; ended ${visit.end}, the server says ${JSON.stringify(ended)}, asked ${ledger.asked.length} of ${plan.requests}, ${ledger.replies} replies, leave ${JSON.stringify(plan.leave)}, toxics ${JSON.stringify(plan.toxics)}`;
}

function judgeEnd(visit: Visit, circumstances: Circumstances): string | undefined {
  const { down, end, ledger, plan } = visit;
  const { draining, ended } = circumstances;
  // The server never ends a connection before its clients do, but in a drain.
  if (end === "stuck") return "nothing happens any more";
  if (ledger.goodbye && !draining) return "a goodbye comes without a drain";
  if (down || end === "quit" || ended?.reason === "slow-consumer") return undefined;
  if (draining) return judgeDrain(visit, circumstances);
  if (survives(plan.toxics)) {
    if (ledger.open > 0 || !visit.askedAll) return `${ledger.open} replies are missing`;
    if (end !== "fin") return "no FIN comes behind the last reply";
    if (ledger.fault !== undefined) return `a fault frame comes: ${ledger.fault}`;
    if (ended?.reason !== "remote-closed") return "it ended for another reason than its client's FIN";
    return undefined;
  }
  return onlyHalfClosed(visit) ? judgeHalfClose(visit) : undefined;
}

/** A drain ends a connection with a goodbye, and FIN behind it, unless the time was up. */
function judgeDrain({ ledger, plan, end }: Visit, { ended }: Circumstances): string | undefined {
  if (!survives(plan.toxics) || ledger.id === undefined || ended?.reason === "drain-timeout") return undefined;
  if (end !== "fin") return "it was reset in a drain that did not abort it";
  if (ended?.reason === "drained" && !ledger.goodbye) return "no goodbye comes in a drain";
  return undefined;
}

/** Whether the only harm was FIN to the server, so that all is answered that came before. */
function onlyHalfClosed({ plan: { toxics } }: Visit): boolean {
  const { toServer = [], toClient = [] } = toxics;
  const harm = toServer.filter(({ kind }) => kind === "half-close").length;
  return (
    harm === 1 && survives({ toClient }) && survives({ toServer: toServer.filter(({ kind }) => kind !== "half-close") })
  );
}

function judgeHalfClose({ ledger, end, passedBytes }: Visit): string | undefined {
  const due = ledger.dueFor(passedBytes);
  if (ledger.replies !== due.replies) return `FIN behind ${passedBytes} bytes: ${due.replies} replies are due`;
  if (end !== "fin") return "no FIN answers FIN";
  if (due.whole && ledger.fault !== undefined) return `a fault frame comes behind a whole request: ${ledger.fault}`;
  return undefined;
}

/** Every broadcast from the first one after the greeting to the last one before leaving came, or was counted as dropped. */
function judgeBroadcasts({ ledger }: Visit, { ended }: Circumstances): string | undefined {
  if (ledger.leftAt === undefined || ended === undefined) return undefined;
  const missing = ledger.leftAt - ledger.joinedAt - ledger.broadcasts;
  if (missing === ended.framesDropped) return undefined;
  return `${missing} broadcasts are missing, ${ended.framesDropped} were dropped`;
}
