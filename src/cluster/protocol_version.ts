/**
 * A protocol between two processes of a cluster, which may be of different releases: the package is replaced on the disk, and a rolling
 * restart starts new workers below an old supervisor. A message of an unknown type, or a field that nobody reads, needs no new version.
 * A new version is for what the other side must understand.
 */
export interface ClusterProtocol {
  readonly name: string;
  /** A whole number, from 1. */
  readonly version: number;
}

/** The protocol between a supervisor and its workers. */
export const WORKER_PROTOCOL: ClusterProtocol = { name: "worker protocol", version: 1 };

/** The protocol between a supervisor and its successor. Its version changes rarely: an upgrade is the way out of all other changes. */
export const HANDOVER_PROTOCOL: ClusterProtocol = { name: "handover protocol", version: 1 };

/** Returns the predicate of a sentence about a process with which this one cannot speak; `undefined` if it can. */
export function versionConflict({ name, version }: ClusterProtocol, theirs: unknown): string | undefined {
  if (theirs === version) return undefined;
  if (theirs === undefined)
    return `does not say its version of the ${name}, and this process speaks version ${version}`;
  return `speaks version ${JSON.stringify(theirs)} of the ${name}, and this process version ${version}`;
}
