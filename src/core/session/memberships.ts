import type { Groups, Member } from "./groups.ts";

/** The groups and keys of a session that has any. */
export class Memberships {
  readonly groups: Set<string> = new Set<string>();
  /** Its keys, and its identity if somebody has asked for it. */
  keys: Set<string> | undefined;

  addKey(key: string): void {
    this.keys ??= new Set();
    this.keys.add(key);
  }

  /** Takes the member out of everything. */
  end(groups: Groups, member: Member): void {
    for (const group of this.groups) groups.leave(group, member);
    if (this.keys !== undefined) for (const key of this.keys) groups.removeKey(key, member);
  }
}
