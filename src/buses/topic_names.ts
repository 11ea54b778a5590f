import { NAME_TOPICS } from "../core/mod.ts";

const PREFIX = /^[\w-]{1,64}$/;

/** Returns the names of the topics at the broker, by number. @throws {TypeError} the prefix is not one word */
export function topicNames(prefix: string, separator: string): readonly string[] {
  if (typeof prefix !== "string" || !PREFIX.test(prefix)) {
    throw new TypeError(`prefix must be 1 to 64 letters, digits, - or _, not ${JSON.stringify(prefix)}`);
  }
  return Array.from({ length: NAME_TOPICS + 1 }, (_, topic) =>
    topic === NAME_TOPICS ? `${prefix}${separator}all` : `${prefix}${separator}${topic}`,
  );
}
