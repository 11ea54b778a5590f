/** The turns of a listener on a socket that other processes listen on, too. */
export interface AcceptTurns {
  /**
   * Returns the number of connections that the listener accepts before it asks again. With 0 it stops listening, and
   * its iteration ends behind the connections that wait: the other processes accept. A runtime that accepts ahead (Deno) first
   * brings the connections that it has accepted. `waiting` is the number of accepted connections that the accept loop has not
   * taken; it may be one too many. The first turn has at least one connection.
   */
  next(waiting: number): number;
}
