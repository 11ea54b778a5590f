import {
  addressText,
  describe as describeThrown,
  escapeText,
  isPromiseLike,
  type Session,
  type TlsInfo,
} from "../core/mod.ts";
import { type ShownConnection, shownConnection, shownName } from "./shown.ts";

/** How much of a connection is shown, in a list and alone. */
export interface Detail {
  readonly groups: number;
  readonly stateCharacters: number;
}

export const IN_A_LIST: Detail = { groups: 8, stateCharacters: 512 };
export const ALONE: Detail = { groups: 1_000, stateCharacters: 16_384 };

/** An open connection, as `/connections` shows it. */
export interface ConnectionRecord extends ShownConnection {
  readonly tls?: object | undefined;
  readonly proxy?: object | undefined;
  readonly ageMs: number;
  /** The time since the last byte in either direction. */
  readonly idleMs: number;
  readonly framesIn: number;
  readonly framesOut: number;
  readonly framesDropped: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** The number of bytes that wait to be sent. */
  readonly waitingBytes: number;
  /** The number of frames with the handler, or answered and waiting for an earlier reply. */
  readonly inFlight: number;
  readonly authenticating: boolean;
  /** The names of its first groups, and the number of all. */
  readonly groups: readonly string[];
  readonly groupCount: number;
  /** The result of `describe`, as JSON; cut text, if it is long. */
  readonly state?: unknown;
}

/** A function that summarizes the state of a session, for people who look at it. */
export type DescribeSession = (session: Session<never>) => unknown;

export function connectionRecord(
  session: Session<never>,
  detail: Detail,
  describe: DescribeSession | undefined,
): ConnectionRecord {
  const { connection } = session;
  const stats = session.stats();
  const { tls, proxy } = connection;
  const { id, remote, local } = shownConnection(connection);
  // Written out: spreads cost more than all else here, and a list has a thousand of them. JSON omits what is undefined.
  const record: ConnectionRecord = {
    id,
    remote,
    local,
    tls: tls === undefined ? undefined : shownTls(tls),
    proxy: proxy === undefined ? undefined : { version: proxy.version, from: addressText(proxy.from) },
    ageMs: Math.round(stats.ageMs),
    idleMs: Math.round(stats.quietMs),
    framesIn: stats.framesIn,
    framesOut: stats.framesOut,
    framesDropped: stats.framesDropped,
    bytesIn: stats.bytesIn,
    bytesOut: stats.bytesOut,
    waitingBytes: stats.waitingOutboundBytes,
    inFlight: stats.framesInFlight,
    authenticating: session.authenticating,
    groups: stats.groups.slice(0, detail.groups).map(shownName),
    groupCount: stats.groups.length,
  };
  return describe === undefined ? record : { ...record, state: stateOf(session, detail, describe) };
}

function shownTls(tls: TlsInfo): object {
  const { protocol, cipher, alpn, serverName, authorized, authorizationError, resumed, peerCertificate } = tls;
  return {
    protocol,
    cipher,
    ...(alpn !== undefined && { alpn: shownName(alpn) }),
    ...(serverName !== undefined && { serverName: shownName(serverName) }),
    ...(peerCertificate !== undefined && { subject: shownName(peerCertificate.subject) }),
    authorized,
    ...(authorizationError !== undefined && { authorizationError: shownName(authorizationError) }),
    resumed,
  };
}

/** The description of a service is cut to a bounded length, and an error that it throws harms nothing but this field. */
function stateOf(session: Session<never>, { stateCharacters }: Detail, describe: DescribeSession): unknown {
  try {
    const state = describe(session);
    if (isPromiseLike(state)) {
      state.then(undefined, () => undefined);
      return { error: "describe returned a promise, and must return the summary itself" };
    }
    const text = JSON.stringify(state);
    if (text === undefined) return null;
    return text.length <= stateCharacters ? (JSON.parse(text) as unknown) : escapeText(text, stateCharacters);
  } catch (cause) {
    return { error: escapeText(`describe threw: ${describeThrown(cause)}`, stateCharacters) };
  }
}
