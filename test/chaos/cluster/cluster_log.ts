/** A line of the log of a cluster, with the instant at which it was read. */
export interface LogRecord {
  readonly at: number;
  readonly line: string;
  /** The fields of a record. A line that is no record is a complaint. */
  readonly fields?: Readonly<Record<string, unknown>>;
}

/** Follows the JSON log of a cluster: what it says, and which workers serve. */
export class ClusterLog {
  readonly records: LogRecord[] = [];
  /** The processes of the workers that serve. */
  readonly serving = new Set<number>();

  add(line: string, at: number): void {
    const fields = fieldsIn(line);
    this.records.push({ at, line, ...(fields !== undefined && { fields }) });
    const pid = Number(fields?.["pid"]);
    switch (fields?.["event"]) {
      case "worker-ready":
        this.serving.add(pid);
        return;
      case "worker-draining":
      case "worker-ended":
      case "worker-killed":
        this.serving.delete(pid);
        return;
      default:
    }
  }

  /** Returns the records of this event. */
  of(event: string): LogRecord[] {
    return this.records.filter(({ fields }) => fields?.["event"] === event);
  }

  /** Whether a worker was said to have ended, or to be killed. */
  hasEnded(pid: number): boolean {
    return [...this.of("worker-ended"), ...this.of("worker-killed")].some(({ fields }) => fields?.["pid"] === pid);
  }
}

function fieldsIn(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
