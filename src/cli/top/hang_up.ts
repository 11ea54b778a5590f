import process from "node:process";

/**
 * Ends the process as SIGHUP does by default. When its terminal is gone, an exit is no choice: Node 20 wants to restore
 * the mode of the terminal first, and crashes.
 */
export function hangUp(): void {
  process.removeAllListeners("SIGHUP");
  process.kill(process.pid, "SIGHUP");
}
