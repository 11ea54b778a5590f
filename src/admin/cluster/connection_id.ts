/**
 * The number of a connection among those of all workers: the number of the process, and that within it. Unlike the number
 * of a worker, that of a process belongs to no other one while the connection is open, also after an upgrade.
 */
export function connectionId(pid: number | undefined, id: number | string): string {
  return `${pid}-${id}`;
}
