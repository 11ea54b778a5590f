import type { Member } from "./member.ts";

/**
 * Returns the member with room that has the fewest frames in flight, of equal ones the first from position `first` on. Members in
 * `asked` are left out. Linear in the number of members.
 */
export function leastBusy(members: ReadonlySet<Member>, first: number, asked: ReadonlySet<Member>): Member | undefined {
  let best: Member | undefined;
  let bestDistance = Infinity;
  let position = 0;
  for (const member of members) {
    const distance = position < first ? position + members.size : position;
    position += 1;
    if (member.inFlight >= member.capacity || asked.has(member)) continue;
    const fewer = best === undefined || member.inFlight < best.inFlight;
    if (!fewer && (member.inFlight > (best as Member).inFlight || distance > bestDistance)) continue;
    best = member;
    bestDistance = distance;
  }
  return best;
}
