import { RedisLink, type RedisLinkOwner, type RedisServer } from "./redis_link.ts";

/** Two connections to Redis, because a command that waits inside Redis holds up all others of its connection. */
export class RedisPair {
  /** For commands that Redis answers at once. */
  readonly commands: RedisLink;
  /** For commands that wait. */
  readonly waiting: RedisLink;

  /** The owner is told that they are up when both are. */
  constructor(server: RedisServer, owner: RedisLinkOwner) {
    const onUp = (address: string) => {
      if (this.up) owner.onUp(address);
    };
    this.commands = new RedisLink(server, {
      onUp,
      onDown: (address, error, delayMs) => owner.onDown(address, error, delayMs),
    });
    // The connection for commands reports the same.
    this.waiting = new RedisLink(server, { onUp, onDown: () => undefined });
  }

  get up(): boolean {
    return this.commands.up && this.waiting.up;
  }

  start(): void {
    this.commands.start();
    this.waiting.start();
  }

  close(): void {
    this.commands.close();
    this.waiting.close();
  }
}
