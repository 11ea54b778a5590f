import type { ConnectionId } from "./connection_id.ts";
import type { ConnectionDetails } from "./connection_row.ts";
import { displayWidth } from "./display_width.ts";
import { type Line, line } from "./line.ts";
import { ageText, bytesText, rateText, wholeText } from "./quantities.ts";

const NAME_COLUMNS = 16;

/** Returns the lines about one connection, folded to so many columns. */
export function detailsLines(
  id: ConnectionId,
  details: ConnectionDetails | undefined,
  columns: number,
): readonly Line[] {
  if (details === undefined) return [line(`connection ${id}`, "strong"), line("has ended", "warn")];
  const { framesIn, framesOut, framesDropped, framesInRate, framesOutRate, groups, groupCount } = details;
  const more = groupCount - groups.length;
  const rows: (readonly [string, string])[] = [
    ["remote", details.address],
    ["local", details.local],
    ["age", ageText(details.ageMs)],
    ["idle", ageText(details.idleMs)],
    ["frames in", `${wholeText(framesIn)} (${rateText(framesInRate)}/s)`],
    ["frames out", `${wholeText(framesOut)} (${rateText(framesOutRate)}/s)`],
    ["frames dropped", wholeText(framesDropped)],
    ["bytes in", bytesText(details.bytesIn)],
    ["bytes out", bytesText(details.bytesOut)],
    ["waiting", bytesText(details.waitingBytes)],
    ["in flight", wholeText(details.inFlight)],
    ["groups", groupCount === 0 ? "none" : groups.join(", ") + (more > 0 ? ` and ${more} more` : "")],
    ...details.more,
  ];
  return [
    line(`connection ${id}`, "strong"),
    ...rows.flatMap(([name, text]) =>
      folded(text, Math.max(8, columns - NAME_COLUMNS)).map(
        (part, index): Line => [{ text: (index === 0 ? name : "").padEnd(NAME_COLUMNS), tone: "dim" }, { text: part }],
      ),
    ),
  ];
}

/** Divides text into parts of so many columns. */
function folded(text: string, columns: number): readonly string[] {
  const parts: string[] = [];
  let part = "";
  let width = 0;
  for (const character of text) {
    const more = displayWidth(character);
    if (width + more > columns) {
      parts.push(part);
      part = "";
      width = 0;
    }
    part += character;
    width += more;
  }
  return [...parts, part];
}
