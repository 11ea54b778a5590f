import { NAME_TOPICS } from "./bus.ts";
import { type RecipientKind, TO } from "./wire.ts";

/**
 * Returns the topic of a name: FNV-1a over its UTF-16 units. A session shares the topic of its server, which is its
 * origin's.
 */
export function topicOf(to: RecipientKind, name: string): number {
  let hash = 0x811c9dc5 ^ to;
  for (let index = 0; index < name.length; index++) hash = Math.imul(hash ^ name.charCodeAt(index), 0x01000193);
  // The low bits of FNV are its weakest.
  return ((hash >>> 16) ^ hash) & (NAME_TOPICS - 1);
}

/** Returns the topic that a server always subscribes to, for its sessions and for answers. */
export function topicOfOrigin(origin: string): number {
  return topicOf(TO.session, origin);
}
